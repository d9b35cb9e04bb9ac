"""The one function that buys: of a given size, of any size, to reach a target, for each budget."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from projektor_ray.errors import InputError, nearest
from projektor_ray.selection.binding_constraints import binding_constraints
from projektor_ray.selection.cheaper_plan import cheaper_plan
from projektor_ray.selection.comparison import PurchasePlans, baselines_of, compare
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.provider import Terms
from projektor_ray.selection.purchase_problem import PurchaseProblem
from projektor_ray.selection.robustness import plans_without
from projektor_ray.selection.size_search import (
    TargetResult,
    cheapest_reaching,
    frontier,
    priced_at_open_size,
    select_under_budget,
    smallest_reaching,
)
from projektor_ray.selection.smaller_plan import smaller_plan
from projektor_ray.selection.unspent_budget import unspent_budget

Minimize = Literal["samples", "money"]
"""What a plan that reaches a target uses as little of as it can."""


@dataclass(frozen=True)
class PurchaseRequest:
    """A question to a purchase problem: the best plan of one size, else of any size.

    Attributes
    ----------
    size : samples to buy.
    budget : most money to spend.
    target : metric to reach, with as few samples or as little money as possible.
    minimize : whether a plan that reaches the target minimizes samples or money; absent: money
        if any provider has a price, else samples.
    frontier : budgets; the best plan is found for each of them.
    max_size : most samples, where the size is open.

    Raises
    ------
    InputError
        If fields ask for different things at once, or `minimize` is neither of the two.

    Examples
    --------
    >>> import projektor_ray as pr
    >>> pr.PurchaseRequest(size=1000, budget=200.0)
    PurchaseRequest(size=1000, budget=200.0, target=None, minimize=None, frontier=(), max_size=None)
    """

    size: int | None = None
    budget: float | None = None
    target: float | None = None
    minimize: Minimize | None = None
    frontier: tuple[float, ...] = ()
    max_size: int | None = None

    def __post_init__(self) -> None:
        known = get_args(Minimize)
        if self.minimize is not None and self.minimize not in known:
            raise InputError(
                f"minimize must be {' or '.join(known)}; got {self.minimize!r}. "
                f"{nearest(str(self.minimize), known)}"
            )
        kinds = {"a size": self.size, "a target": self.target, "a frontier": self.frontier or None}
        given = [kind for kind, value in kinds.items() if value is not None]
        if len(given) > 1:
            raise InputError(f"{' and '.join(given)} ask for different things; give one of them")
        if self.frontier and self.budget is not None:
            raise InputError("a frontier has budgets of its own; drop the budget, or the frontier")
        if self.minimize is not None and self.target is None:
            raise InputError(
                f"minimize: {self.minimize} applies only where a target is to be reached; got no "
                "target. Set a target, or drop minimize"
            )
        if self.max_size is not None and self.size is not None:
            raise InputError(
                f"max_size: {self.max_size} applies only where the size is open; got size: "
                f"{self.size}. Drop one of the two"
            )

    @property
    def money(self) -> float | None:
        """Most that is spent: the budget, or the largest of a frontier."""
        return max(self.frontier) if self.frontier else self.budget


def buy(
    problem: PurchaseProblem, request: PurchaseRequest, *, leave_out: bool = True
) -> PurchasePlans:
    """The plan that a request asks for, as `selected`, and others of the same size.

    The selected plan is never worse than another of these plans that keeps every constraint: if a
    baseline, the best plan without a provider or a plan for a smaller budget is better, it is
    selected. Of a frontier, the plan for the largest budget is selected. Where the objective is
    flat in the size, an open size begins at the largest size trained, and the cheapest of equal
    plans is selected.

    Parameters
    ----------
    leave_out : whether to search also the best plan without each provider that the selected plan
        buys from, see `plans_without`.

    Raises
    ------
    InfeasibleError
        If no plan keeps every constraint; names the one that cannot be kept.
    InputError
        If a number cannot be used, or nothing bounds the size.
    """
    if request.size is not None:
        plan = problem.plan(request.size, request.budget)
        return _compared(problem, request, plan, leave_out)
    problem = _with_open_size(problem, request)
    if request.frontier:
        plans = dict(zip(request.frontier, frontier(problem, request.frontier), strict=True))
        best = _best_of(problem, plans[max(plans)], plans.values())
        bought = _compared(problem, request, best, leave_out)
        improved = _improved_frontier(problem, plans, bought)
        baselines = {
            money: _best_baseline(problem, one.size, money) for money, one in improved.items()
        }
        return replace(bought, frontier=improved, frontier_baselines=baselines)
    if request.target is None:
        plan = select_under_budget(problem, request.budget)
        return _compared(problem, request, plan, leave_out)
    result = _plan_for_target(problem, request, request.target)
    bought = _compared(problem, request, result.plan, leave_out, result)
    is_reached = problem.reaches(bought.selected, request.target)
    return replace(bought, target_result=replace(result, plan=bought.selected, reached=is_reached))


def _with_open_size(problem: PurchaseProblem, request: PurchaseRequest) -> PurchaseProblem:
    """The problem with the request's bounds of the size."""
    most = min(filter(None, (request.max_size, problem.max_size)), default=None)
    min_size = problem.min_size
    if problem.is_flat and problem.trained_at is not None:
        min_size = max(min_size, min(problem.trained_at, most or problem.trained_at))
    return replace(problem, min_size=min_size, max_size=most)


def _compared(
    problem: PurchaseProblem,
    request: PurchaseRequest,
    plan: Plan,
    leave_out: bool,
    result: TargetResult | None = None,
) -> PurchasePlans:
    """The plan, or another of its size that is better, with the plans that it is compared with and
    what the budget leaves.
    """
    open_size = request.size is None
    baselines = baselines_of(problem, plan.size, request.money)
    best, searched = _best_of(problem, plan, baselines.values(), result), None
    without: dict[str, Plan | None] = {}
    while leave_out and best is not searched:
        searched = best
        without = plans_without(problem, best, request.money)
        best = _best_of(problem, best, feasible_plans(problem, without), result)
    if best is not plan:
        best = replace(
            problem.plan_of(best.samples, request.money),
            restarts=plan.restarts,
            restarts_converged=plan.restarts_converged,
            optimality_gap=plan.optimality_gap,
        )
        best = priced_at_open_size(problem, best) if open_size else best
    compared = compare(problem, best, baselines, request.money)
    unspent = None
    if result is None or not result.reached:
        unspent = unspent_budget(problem, best, request.money, open_size=open_size)
    reached = request.target if result is not None and result.reached else None
    return replace(
        compared,
        without=without,
        open_size=open_size,
        unspent=unspent,
        flat_in_size=open_size and problem.is_flat,
        limits=binding_constraints(
            problem, best, size=request.size, budget=request.money, target=reached
        ),
        smaller=None if open_size else smaller_plan(problem, best, request.money),
        cheaper=None if result is not None else cheaper_plan(problem, best, compared.stability),
    )


def _improved_frontier(
    problem: PurchaseProblem, plans: Mapping[float, Plan], bought: PurchasePlans
) -> dict[float, Plan]:
    """For each budget the best of its plan and of all plans seen that cost no more."""
    plans_seen = [*plans.values(), *bought.plans.values(), *feasible_plans(problem, bought.without)]
    improved = {}
    for budget, plan in plans.items():
        best = _best_of(problem, plan, (one for one in plans_seen if one.cost <= budget))
        improved[budget] = best if best is plan else priced_at_open_size(problem, best)
    return {**improved, max(plans): bought.selected}


def _best_baseline(problem: PurchaseProblem, size: int, budget: float) -> tuple[str, Plan]:
    """The baseline that is predicted best at a size and a budget: its name and its plan."""
    baselines = baselines_of(problem, size, budget)
    return max(baselines.items(), key=lambda one: problem.score(one[1]))


def feasible_plans(problem: PurchaseProblem, without: Mapping[str, Plan | None]) -> list[Plan]:
    """The plans without a provider that keep every constraint: the provider is not required."""
    terms = problem.terms or {}
    return [
        plan
        for name, plan in without.items()
        if plan is not None and not terms.get(name, Terms()).required
    ]


def _best_of(
    problem: PurchaseProblem, plan: Plan, others: Iterable[Plan], result: TargetResult | None = None
) -> Plan:
    """A plan, or another that serves the request better; the first of equally good ones."""
    for other in others:
        if _is_better(problem, other, plan, result):
            plan = other
    return plan


def _is_better(
    problem: PurchaseProblem, plan: Plan, than: Plan, result: TargetResult | None
) -> bool:
    """Whether a plan serves a request better: it reaches the target for less money, or, where none
    is reached, it is predicted better.
    """
    if result is not None and result.reached:
        return problem.reaches(plan, result.target) and plan.cost < than.cost
    return problem.is_better(plan, than)


def _plan_for_target(
    problem: PurchaseProblem, request: PurchaseRequest, target: float
) -> TargetResult:
    priced = any(price > 0 for one in problem.providers for _, price in one.schedule)
    money = priced if request.minimize is None else request.minimize == "money"
    search = cheapest_reaching if money else smallest_reaching
    return search(problem, target, request.budget)
