"""Selection (Algorithm 2): the purchase plan predicted best under capacities and a budget."""

from projektor_ray.selection.aggregation import (
    AggregateRule,
    Aggregation,
    WorstCase,
    aggregate,
    aggregation,
    weighted_mean,
)
from projektor_ray.selection.comparison import Gain, Part, PurchasePlans
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.leave_one_out import plans_without
from projektor_ray.selection.multistart import (
    baseline_mixtures,
    baseline_plans,
    select,
    single_mixtures,
)
from projektor_ray.selection.objective import (
    MetricObjective,
    Objective,
    ProjectedObjective,
)
from projektor_ray.selection.plan import Direction, Plan
from projektor_ray.selection.problem import ObjectiveAt, PurchaseProblem, bounds_of_size
from projektor_ray.selection.provider_terms import Terms
from projektor_ray.selection.purchase import PurchaseRequest, buy
from projektor_ray.selection.robustness import PlanStability, agree
from projektor_ray.selection.size_search import (
    TargetResult,
    cheapest_reaching,
    check_target,
    frontier,
    select_under_budget,
    smallest_reaching,
)

__all__ = [
    "AggregateRule",
    "Aggregation",
    "Direction",
    "FeasibleSet",
    "Gain",
    "MetricObjective",
    "Objective",
    "ObjectiveAt",
    "Part",
    "Plan",
    "PlanStability",
    "ProjectedObjective",
    "PurchasePlans",
    "PurchaseProblem",
    "PurchaseRequest",
    "TargetResult",
    "Terms",
    "WorstCase",
    "aggregate",
    "aggregation",
    "agree",
    "baseline_mixtures",
    "baseline_plans",
    "bounds_of_size",
    "buy",
    "cheapest_reaching",
    "check_target",
    "frontier",
    "plans_without",
    "select",
    "select_under_budget",
    "single_mixtures",
    "smallest_reaching",
    "weighted_mean",
]
