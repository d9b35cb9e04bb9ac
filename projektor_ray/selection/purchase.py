"""The one function that buys: of a given size, of any size, to reach a target, for each budget."""

from dataclasses import dataclass, replace
from typing import Literal

from projektor_ray.errors import InputError
from projektor_ray.selection.comparison import PurchasePlans, compare_with_baselines
from projektor_ray.selection.problem import PurchaseProblem
from projektor_ray.selection.size_search import (
    TargetResult,
    cheapest_reaching,
    frontier,
    select_under_budget,
    smallest_reaching,
)
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
        If fields ask for different things at once.

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
        kinds = {"a size": self.size, "a target": self.target, "a frontier": self.frontier or None}
        asked = [kind for kind, value in kinds.items() if value is not None]
        if len(asked) > 1:
            raise InputError(f"{' and '.join(asked)} ask for different things; give one of them")
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


def buy(problem: PurchaseProblem, asked: PurchaseRequest) -> PurchasePlans:
    """The plan that is asked for, as `selected`, and the plans to compare it with.

    Of a frontier, `selected` is the plan for the largest budget.

    Raises
    ------
    InfeasibleError
        If no plan keeps every constraint; names the one that cannot be kept.
    InputError
        If a number cannot be used, or nothing bounds the size.
    """
    if asked.size is not None:
        fixed = problem.plan(asked.size, asked.budget)
        return _told(compare_with_baselines(problem, fixed, asked.budget), problem, asked)
    if asked.max_size is not None:
        problem = replace(problem, max_size=min(asked.max_size, problem.max_size or asked.max_size))
    if asked.frontier:
        plans = frontier(problem, asked.frontier)
        richest = plans[asked.frontier.index(max(asked.frontier))]
        found = _told(compare_with_baselines(problem, richest, asked.money), problem, asked)
        return replace(found, frontier=dict(zip(asked.frontier, plans, strict=True)))
    if asked.target is not None:
        answer = _reach(problem, asked.target, asked)
        found = replace(
            compare_with_baselines(problem, answer.plan, asked.budget), target_result=answer
        )
        return replace(found, open_size=True) if answer.reached else _told(found, problem, asked)
    best = select_under_budget(problem, asked.budget)
    return _told(compare_with_baselines(problem, best, asked.budget), problem, asked)


def _told(found: PurchasePlans, problem: PurchaseProblem, asked: PurchaseRequest) -> PurchasePlans:
    """With what is left of the money, and whether the size was open."""
    open_size = asked.size is None
    unspent = unspent_budget(problem, found.selected, asked.money, open_size=open_size)
    return replace(found, open_size=open_size, unspent=unspent)


def _reach(problem: PurchaseProblem, target: float, asked: PurchaseRequest) -> TargetResult:
    costs = any(price > 0 for one in problem.providers for _, price in one.schedule)
    money = costs if asked.minimize is None else asked.minimize == "money"
    search = cheapest_reaching if money else smallest_reaching
    return search(problem, target, asked.budget)
