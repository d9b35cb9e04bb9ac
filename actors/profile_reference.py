"""The validation set as provider profiles compare pilots with it.

Apart from `profiles.py`, which asks shards for it: so a shard can import it.
"""

from functools import partial

from actors.transport_inputs import Ground
from projektor_ray.data import EmbedderConfig, Samples, build_embedder
from projektor_ray.profiles import Reference, held_out


def reference_of(ground: Ground, embedder: EmbedderConfig, validation: Samples) -> Reference:
    """The validation set as the profiles' reference; computed once for all shards."""
    reference = Reference.of(ground.validation, standardize=embedder.name == "identity")
    if not embedder.may_learn_labels:
        return reference
    return held_out(reference, validation, partial(build_embedder, embedder))
