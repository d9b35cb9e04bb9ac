"""The distance of mixtures to the validation set: batched entropic optimal transport.

Importing this room loads no numerics; its names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from projektor_ray.transport.distances import (
        DistanceOracle,
        Distances,
        PoolOracle,
        Warm,
        measure,
    )
    from projektor_ray.transport.entropic import SinkhornOutput, sinkhorn
    from projektor_ray.transport.groundcost import PilotFeatures, ValidationFeatures
    from projektor_ray.transport.memory import MemoryPlan, available_memory, plan_memory
    from projektor_ray.transport.pools import Pool, local_pool, sharded_pool
    from projektor_ray.transport.settings import TransportSettings
    from projektor_ray.transport.shards import ProviderShard

_HOMES = {
    "DistanceOracle": "distances",
    "Distances": "distances",
    "MemoryPlan": "memory",
    "PilotFeatures": "groundcost",
    "Pool": "pools",
    "PoolOracle": "distances",
    "ProviderShard": "shards",
    "SinkhornOutput": "entropic",
    "TransportSettings": "settings",
    "ValidationFeatures": "groundcost",
    "Warm": "distances",
    "available_memory": "memory",
    "local_pool": "pools",
    "measure": "distances",
    "plan_memory": "memory",
    "sharded_pool": "pools",
    "sinkhorn": "entropic",
}

__all__ = [
    "DistanceOracle",
    "Distances",
    "MemoryPlan",
    "PilotFeatures",
    "Pool",
    "PoolOracle",
    "ProviderShard",
    "SinkhornOutput",
    "TransportSettings",
    "ValidationFeatures",
    "Warm",
    "available_memory",
    "local_pool",
    "measure",
    "plan_memory",
    "sharded_pool",
    "sinkhorn",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
