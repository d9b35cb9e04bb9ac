"""The rows of the ground cost that belong to the pilots of one shard.

Apart from `shard.py`, so that a process that only reads pilots does not load the numerics.
"""

from dataclasses import dataclass

from projektor_ray.embedding import Embedder
from projektor_ray.transport import (
    PilotFeatures,
    ProviderShard,
    TransportSettings,
    ValidationFeatures,
    plan_memory,
)
from projektor_ray.transport.pools import USUAL_BATCH, device_of, dtype_of, memory_limit


@dataclass(frozen=True, eq=False)
class Ground:
    """What every shard needs to know of the ground cost; sent once, by reference.

    Attributes
    ----------
    names : all providers, in the order that indices of providers mean.
    """

    names: tuple[str, ...]
    settings: TransportSettings
    embedder: Embedder
    validation: ValidationFeatures


def rows_of(features: PilotFeatures, ground: Ground) -> ProviderShard:
    """The rows of the cost that belong to these pilots; the kernel is kept where it fits."""
    dtype = dtype_of(ground.settings)
    plan = plan_memory(
        len(features.features),
        len(ground.validation.features),
        USUAL_BATCH,
        features.features.shape[1],
        available=memory_limit(ground.settings),
    )
    return ProviderShard(
        features,
        ground.validation,
        dtype=dtype,
        device=device_of(ground.settings),
        keep=plan.layout == "dense",
    )
