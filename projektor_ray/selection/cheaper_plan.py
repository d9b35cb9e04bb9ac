"""A cheaper plan of the same size that cannot be told apart from the selected one."""

from dataclasses import dataclass

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.gains import Gain, gains_over
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.purchase_problem import PurchaseProblem
from projektor_ray.selection.robustness import PlanStability

CLEARLY = 0.05
"""Of the cost: a smaller saving is not searched for."""
MOST_STEPS = 4
"""Halvings of the budget once a plan is candidate: the saving is then known to a sixteenth."""


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
    """The cheapest plan of the selected one's size that cannot be told apart from it.

    Two conditions: the interval of the selected plan's gain contains 0, and the gain is at most
    the expected regret of the selected plan, so that the cheaper plan at most doubles the regret.
    The best plan for a smaller budget is searched, from the selected mixture, with the budget
    halved between plans that pass and budgets that do not: the gain grows as the budget falls.

    Parameters
    ----------
    stability : of the selected plan; None where the model has no posterior.

    Returns
    -------
    CheaperPlan or None
        None where the model has no posterior or nothing costs money, and where no plan that costs
        5 % less or lower still meets both conditions.
    """
    objective = problem.objective_at(selected.size)
    cost = selected.cost
    if stability is None or not cost or not isinstance(objective, MetricObjective):
        return None
    cheapest: CheaperPlan | None = None
    low = FeasibleSet.of(problem.providers, selected.size, None, problem.terms).least_cost
    budget = (1 - CLEARLY) * cost
    for _ in range(1 + MOST_STEPS):
        candidate = _at_budget(problem, objective, selected, budget)
        if candidate is not None and _is_as_good(candidate.gain, stability.expected_regret):
            cheapest = candidate
        elif cheapest is None:
            return None
        else:
            low = budget
        budget = (low + cheapest.plan.cost) / 2
    return cheapest


def _is_as_good(gain: Gain, regret: float) -> bool:
    return gain.low <= 0 and gain.value <= regret


def _at_budget(
    problem: PurchaseProblem, objective: MetricObjective, selected: Plan, budget: float
) -> CheaperPlan | None:
    """The best plan for a budget that the search from the selected mixture finds; None if none."""
    try:
        plan = problem.near(selected.size, budget, [selected.mixture])
    except InfeasibleError:
        return None
    (gain,) = gains_over(objective, selected, [plan], problem.direction, problem.level)
    return CheaperPlan(plan, gain)
