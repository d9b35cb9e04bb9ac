"""The distance of mixtures to the validation set: batched entropic optimal transport.

Importing this room loads no numerics; its names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from projektor_ray.transport.distances import CachedDistances, DistanceFunction, Distances
    from projektor_ray.transport.ground_cost import PilotFeatures, ValidationFeatures
    from projektor_ray.transport.interpolation import InterpolatedDistances
    from projektor_ray.transport.memory import MemoryPlan, available_memory, plan_memory
    from projektor_ray.transport.problem import Pool, local_pool, sharded_pool
    from projektor_ray.transport.sharding import ProviderShard
    from projektor_ray.transport.sinkhorn_solver import SinkhornOutput, sinkhorn
    from projektor_ray.transport.transport_distances import TransportDistances, WarmStart, measure
    from projektor_ray.transport.transport_settings import TransportSettings

_HOMES = {
    "CachedDistances": "distances",
    "DistanceFunction": "distances",
    "Distances": "distances",
    "InterpolatedDistances": "interpolation",
    "MemoryPlan": "memory",
    "PilotFeatures": "ground_cost",
    "Pool": "problem",
    "ProviderShard": "sharding",
    "SinkhornOutput": "sinkhorn_solver",
    "TransportDistances": "transport_distances",
    "TransportSettings": "transport_settings",
    "ValidationFeatures": "ground_cost",
    "WarmStart": "transport_distances",
    "available_memory": "memory",
    "local_pool": "problem",
    "measure": "transport_distances",
    "plan_memory": "memory",
    "sharded_pool": "problem",
    "sinkhorn": "sinkhorn_solver",
}

__all__ = [
    "CachedDistances",
    "DistanceFunction",
    "Distances",
    "InterpolatedDistances",
    "MemoryPlan",
    "PilotFeatures",
    "Pool",
    "ProviderShard",
    "SinkhornOutput",
    "TransportDistances",
    "TransportSettings",
    "ValidationFeatures",
    "WarmStart",
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


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
