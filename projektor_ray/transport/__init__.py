"""How far is a mixture from the validation set? Batched entropic optimal transport.

`measure` gives the distances of mixtures of embedded pilots, `TransportDistances` the same for
repeated calls, and `sinkhorn` solves a given cost matrix. Every kind of distances keeps the
protocol `DistanceFunction`. Importing this room loads no numerics; a name is loaded when it is
first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from projektor_ray.transport.distances import CachedDistances, DistanceFunction, Distances
    from projektor_ray.transport.features import (
        PilotFeatures,
        ValidationFeatures,
        sort_by_provider,
    )
    from projektor_ray.transport.ground_cost import PilotMoments, cost_units, pilot_moments
    from projektor_ray.transport.interpolation import InterpolatedDistances, Refinement, refine
    from projektor_ray.transport.memory import MemoryPlan, available_memory, plan_memory
    from projektor_ray.transport.problem import (
        TransportProblem,
        local_problem,
        plan_solve,
        sharded_problem,
    )
    from projektor_ray.transport.sharding import ProviderShard
    from projektor_ray.transport.sinkhorn_solver import SinkhornOutput, sinkhorn
    from projektor_ray.transport.transport_distances import (
        TransportDistances,
        WarmStart,
        measure,
        source_potentials,
    )
    from projektor_ray.transport.transport_settings import TransportSettings

_FILES = {
    "CachedDistances": "distances",
    "DistanceFunction": "distances",
    "Distances": "distances",
    "InterpolatedDistances": "interpolation",
    "MemoryPlan": "memory",
    "PilotFeatures": "features",
    "PilotMoments": "ground_cost",
    "ProviderShard": "sharding",
    "Refinement": "interpolation",
    "SinkhornOutput": "sinkhorn_solver",
    "TransportDistances": "transport_distances",
    "TransportProblem": "problem",
    "TransportSettings": "transport_settings",
    "ValidationFeatures": "features",
    "WarmStart": "transport_distances",
    "available_memory": "memory",
    "cost_units": "ground_cost",
    "local_problem": "problem",
    "measure": "transport_distances",
    "pilot_moments": "ground_cost",
    "plan_memory": "memory",
    "plan_solve": "problem",
    "refine": "interpolation",
    "sharded_problem": "problem",
    "sinkhorn": "sinkhorn_solver",
    "sort_by_provider": "features",
    "source_potentials": "transport_distances",
}

__all__ = [
    "CachedDistances",
    "DistanceFunction",
    "Distances",
    "InterpolatedDistances",
    "MemoryPlan",
    "PilotFeatures",
    "PilotMoments",
    "ProviderShard",
    "Refinement",
    "SinkhornOutput",
    "TransportDistances",
    "TransportProblem",
    "TransportSettings",
    "ValidationFeatures",
    "WarmStart",
    "available_memory",
    "cost_units",
    "local_problem",
    "measure",
    "pilot_moments",
    "plan_memory",
    "plan_solve",
    "refine",
    "sharded_problem",
    "sinkhorn",
    "sort_by_provider",
    "source_potentials",
]


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_FILES])
