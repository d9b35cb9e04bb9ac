"""A cheaper plan of the same size that the data do not show to be worse."""

import math
from dataclasses import dataclass

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.algorithm_2 import select_from
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.gains import Gain, gains_over
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.purchase_problem import PurchaseProblem
from projektor_ray.selection.robustness import PlanStability

CLEARLY = 0.05
"""Of the cost: a smaller saving is not searched for."""
MORE_SEARCHES = 2
"""For smaller budgets, once a cheaper plan passes."""
AIM = 0.9
"""Of the largest gain that passes: what the next search is expected to have."""


@dataclass(frozen=True, eq=False)
class CheaperPlan:
    """A cheaper plan of the same size.

    Attributes
    ----------
    plan : the cheaper plan.
    gain : of the selected plan over it; its interval contains 0.
    """

    plan: Plan
    gain: Gain


def cheaper_plan(
    problem: PurchaseProblem, selected: Plan, stability: PlanStability | None
) -> CheaperPlan | None:
    """A cheaper plan of the same size that the data do not show to be worse than the selected one.

    Two conditions: the interval of the selected plan's gain contains 0, and the gain is at most
    the expected regret of the selected plan, so that the cheaper plan at most doubles the regret.
    The first search is for 95 % of the cost. Two more are for the budgets at which the gain should
    be just small enough, if it grows with the square of the saving; where such a budget has failed,
    half-way to it. A still cheaper plan may meet the conditions.

    Parameters
    ----------
    stability : of the selected plan; None where the model has no posterior.

    Returns
    -------
    CheaperPlan or None
        None where the model has no posterior or nothing costs money, and where the plan found for
        95 % of the cost does not meet both conditions.
    """
    objective = problem.objective_at(selected.size)
    cost = selected.cost
    if stability is None or not cost or not isinstance(objective, MetricObjective):
        return None
    passed: CheaperPlan | None = None
    low = FeasibleSet.of(problem.providers, selected.size, None, problem.terms).least_cost
    budget = (1 - CLEARLY) * cost
    for _ in range(1 + MORE_SEARCHES):
        candidate = _at_budget(problem, objective, selected, budget)
        if candidate is not None and _is_as_good(candidate.gain, stability.expected_regret):
            passed = candidate
        elif passed is None:
            return None
        else:
            low = budget
        part = AIM * stability.expected_regret / max(passed.gain.value, 1e-300)
        budget = cost - math.sqrt(part) * (cost - passed.plan.cost)
        if not low < budget < passed.plan.cost:
            budget = (low + passed.plan.cost) / 2
    return passed


def _is_as_good(gain: Gain, regret: float) -> bool:
    return gain.low <= 0 and gain.value <= regret


def _at_budget(
    problem: PurchaseProblem, objective: MetricObjective, selected: Plan, budget: float
) -> CheaperPlan | None:
    """The best plan for a budget that the search from the selected mixture finds; None if none."""
    try:
        feasible = FeasibleSet.of(problem.providers, selected.size, budget, problem.terms)
    except InfeasibleError:
        return None
    start = selected.mixture[None]
    plan = select_from(start, objective, feasible, problem.direction, problem.level)
    (gain,) = gains_over(objective, selected, [plan], problem.direction, problem.level)
    return CheaperPlan(plan, gain)
