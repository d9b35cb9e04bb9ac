"""Provider cards by the actors that hold the pilots.

Each shard compares its own pilots with the validation set. For near-copies between providers the
embedded pilots of one shard are shown to another, once for each pair of shards; what comes back to
the driver are summaries and the numbers of the samples that are copies.
"""

import itertools

import numpy as np
import ray
from numpy.typing import NDArray

from actors.fetch import fetch
from actors.pilots import Pilots
from actors.rows import Ground
from actors.transport import PilotDistances
from projektor_ray.cards import Profile, Reference, merged


def reference_of(ground: Ground) -> Reference:
    """The validation set as the cards' reference; computed once for all shards."""
    return Reference.of(ground.validation)


def examine(pilots: Pilots, distances: PilotDistances) -> tuple[list[Profile], NDArray[np.int64]]:
    """The profile of every pilot; all near-copies, as `copies_within` and `_between` say."""
    reference = ray.remote(num_cpus=0)(reference_of).remote(distances.ground)
    actors = [actor for actor, _ in pilots.shards]
    features = [actor.features.remote(pilots.sources, [distances.ground]) for actor in actors]
    profiles = [
        actor.profiles.remote(own, reference) for actor, own in zip(actors, features, strict=True)
    ]
    within = [
        actor.copies.remote(own, None, reference)
        for actor, own in zip(actors, features, strict=True)
    ]
    between = [
        actors[(one, other)[(one + other) % 2]].copies.remote(
            features[one], features[other], reference
        )
        for one, other in itertools.combinations(range(len(actors)), 2)
    ]
    found: list[list[Profile]] = fetch(profiles)
    return [profile for part in found for profile in part], merged(fetch([*within, *between]))
