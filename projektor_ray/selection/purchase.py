"""One purchase of whatever kind: of a size, of any size, to reach a target, value against money."""

from dataclasses import dataclass, replace
from typing import Literal

from projektor_ray.errors import InputError
from projektor_ray.explain.unspent import why_unspent
from projektor_ray.selection.comparison import PurchasePlans, beside
from projektor_ray.selection.problem import PurchaseProblem
from projektor_ray.selection.size_search import (
    TargetResult,
    cheapest_reaching,
    frontier,
    select_under_budget,
    smallest_reaching,
)

Least = Literal["samples", "money"]


@dataclass(frozen=True)
class Request:
    """What kind of purchase is wanted: of a size, else of whatever size serves best.

    Attributes
    ----------
    size : samples to buy.
    budget : most money to spend.
    target : metric to reach, with as little as possible.
    least : of what little is spent on a target; absent: money where anything costs any, else
        samples.
    frontier : budgets, to see the best plan for each of them.
    largest : most samples, where the size is open.

    Raises
    ------
    InputError
        If fields ask for different things at once.
    """

    size: int | None = None
    budget: float | None = None
    target: float | None = None
    least: Least | None = None
    frontier: tuple[float, ...] = ()
    largest: int | None = None

    def __post_init__(self) -> None:
        kinds = {"a size": self.size, "a target": self.target, "a frontier": self.frontier or None}
        asked = [kind for kind, value in kinds.items() if value is not None]
        if len(asked) > 1:
            raise InputError(f"{' and '.join(asked)} ask for different things; give one of them")
        if self.frontier and self.budget is not None:
            raise InputError("a frontier has budgets of its own; drop the budget, or the frontier")
        if self.least is not None and self.target is None:
            raise InputError("what to spend least of is asked where there is a target; give one")
        if self.largest is not None and self.size is not None:
            raise InputError("a largest size is for where the size is open; drop one of the two")

    @property
    def money(self) -> float | None:
        """Most that is spent: the budget, or the largest of a frontier."""
        return max(self.frontier) if self.frontier else self.budget


def buy(market: PurchaseProblem, asked: Request) -> PurchasePlans:
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
        fixed = market.plan(asked.size, asked.budget)
        return _told(beside(market, fixed, asked.budget), market, asked)
    if asked.largest is not None:
        market = replace(market, largest=min(asked.largest, market.largest or asked.largest))
    if asked.frontier:
        plans = frontier(market, asked.frontier)
        richest = plans[asked.frontier.index(max(asked.frontier))]
        found = _told(beside(market, richest, asked.money), market, asked)
        return replace(found, frontier=dict(zip(asked.frontier, plans, strict=True)))
    if asked.target is not None:
        answer = _reach(market, asked.target, asked)
        found = replace(beside(market, answer.plan, asked.budget), answer=answer)
        return replace(found, open_size=True) if answer.reached else _told(found, market, asked)
    best = select_under_budget(market, asked.budget)
    return _told(beside(market, best, asked.budget), market, asked)


def _told(found: PurchasePlans, market: PurchaseProblem, asked: Request) -> PurchasePlans:
    """With what is left of the money, and whether the size was open."""
    open_size = asked.size is None
    unspent = why_unspent(market, found.selected, asked.money, open_size=open_size)
    return replace(found, open_size=open_size, unspent=unspent)


def _reach(market: PurchaseProblem, target: float, asked: Request) -> TargetResult:
    costs = any(price > 0 for one in market.providers for _, price in one.schedule)
    money = costs if asked.least is None else asked.least == "money"
    search = cheapest_reaching if money else smallest_reaching
    return search(market, target, asked.budget)
