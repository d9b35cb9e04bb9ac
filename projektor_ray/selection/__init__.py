"""Selection (Algorithm 2): the purchase plan predicted best under capacities and a budget."""

from projektor_ray.selection.agreement import Agreement, agree
from projektor_ray.selection.buying import Request, buy
from projektor_ray.selection.compared import Gain, Part, PurchasePlans
from projektor_ray.selection.feasible import FeasibleSet
from projektor_ray.selection.interpolated import Interpolated
from projektor_ray.selection.market import Market, ObjectiveAt, bounds_of_size
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
from projektor_ray.selection.several import Combination, combination, together, weighted, worst
from projektor_ray.selection.sizes import (
    Answer,
    cheapest_reaching,
    check_target,
    frontier,
    select_under_budget,
    smallest_reaching,
)
from projektor_ray.selection.terms import Terms
from projektor_ray.selection.without import plans_without

__all__ = [
    "Agreement",
    "Answer",
    "Combination",
    "Direction",
    "DistanceOracle",
    "Distances",
    "FeasibleSet",
    "Gain",
    "Interpolated",
    "Market",
    "MetricObjective",
    "Objective",
    "ObjectiveAt",
    "Part",
    "Plan",
    "ProjectedObjective",
    "PurchasePlans",
    "Request",
    "Terms",
    "agree",
    "baseline_mixtures",
    "baseline_plans",
    "bounds_of_size",
    "buy",
    "cheapest_reaching",
    "check_target",
    "combination",
    "frontier",
    "plans_without",
    "select",
    "select_under_budget",
    "single_mixtures",
    "smallest_reaching",
    "together",
    "weighted",
    "worst",
]
