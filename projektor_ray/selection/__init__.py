"""Selection (Algorithm 2): the purchase plan predicted best under capacities and a budget."""

from projektor_ray.selection.feasible import FeasibleSet, Terms
from projektor_ray.selection.objective import (
    DistanceOracle,
    Distances,
    MetricObjective,
    Objective,
    ProjectedObjective,
)
from projektor_ray.selection.plan import Direction, Plan
from projektor_ray.selection.search import (
    baseline_mixtures,
    baseline_plans,
    select,
    single_mixtures,
)

__all__ = [
    "Direction",
    "DistanceOracle",
    "Distances",
    "FeasibleSet",
    "MetricObjective",
    "Objective",
    "Plan",
    "ProjectedObjective",
    "Terms",
    "baseline_mixtures",
    "baseline_plans",
    "select",
    "single_mixtures",
]
