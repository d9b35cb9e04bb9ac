"""What a shard builds of embedded pilots: its own rows of the cost, or those of all pilots.

Apart from `shard.py`, so that a process that only reads pilots does not load the numerics.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from projektor_ray.data import Embedder
from projektor_ray.transport import (
    PilotFeatures,
    ProviderShard,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    sort_by_provider,
)
from projektor_ray.transport.problem import device_of, kernel_dtype, memory_limit, plan_solve


@dataclass(frozen=True, eq=False)
class Ground:
    """What every shard needs to know of the ground cost; sent once, by reference.

    Attributes
    ----------
    names : all providers, in the order that indices of providers mean.
    settings : with the memory that one shard may plan with.
    """

    names: tuple[str, ...]
    settings: TransportSettings
    embedder: Embedder
    validation: ValidationFeatures


def solve_memory(settings: TransportSettings) -> int:
    """Bytes that a solve may plan with on this process's device."""
    return memory_limit(settings)


def rows_of(features: PilotFeatures, ground: Ground) -> ProviderShard:
    """The rows of the cost that belong to these pilots; the kernel is kept where it fits."""
    plan = plan_solve(len(features.features), ground.validation, ground.settings)
    return ProviderShard(
        features,
        ground.validation,
        dtype=kernel_dtype(ground.settings),
        device=device_of(ground.settings),
        store=plan.layout == "dense",
    )


def distances_of(parts: Sequence[PilotFeatures], ground: Ground) -> TransportDistances:
    """Distances over the pilots of all shards, whatever order they come in."""
    return TransportDistances.of_pilots(sort_by_provider(parts), ground.validation, ground.settings)
