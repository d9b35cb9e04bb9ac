"""Money that a plan leaves unspent, and why."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from projektor_ray.selection.plan import Plan
from projektor_ray.selection.provider import Terms, cost_of
from projektor_ray.selection.purchase_problem import PurchaseProblem

NOTEWORTHY = 0.01
"""Of the budget: less that is left is what whole samples and a search over sizes leave."""

UnspentReason = Literal[
    "sold_out",
    "fixed_size",
    "max_size",
    "no_improvement",
    "no_improvement_unless_more_capacity",
    "minimum_order",
    "next_sample",
    "little_improvement",
]


@dataclass(frozen=True)
class UnspentBudget:
    """What is left of a budget, and why.

    Attributes
    ----------
    amount : money.
    reason : why no more is bought.
    providers : that the reason is about; may be empty.
    """

    amount: float
    reason: UnspentReason
    providers: tuple[str, ...] = ()


def unspent_budget(
    problem: PurchaseProblem, plan: Plan, budget: float | None, *, open_size: bool
) -> UnspentBudget | None:
    """What is left of a budget, and why; None where nothing noteworthy is.

    Whether more of a provider would help is known to first order (`Plan.marginal_value`).

    Parameters
    ----------
    problem : that the plan is of.
    open_size : whether the size was searched, too.
    """
    left = np.inf if budget is None else budget - plan.cost
    if budget is None or left <= NOTEWORTHY * budget:
        return None
    return UnspentBudget(float(left), *_reason(problem, plan, left, open_size))


def _reason(
    problem: PurchaseProblem, plan: Plan, left: float, open_size: bool
) -> tuple[UnspentReason, tuple[str, ...]]:
    terms = [(problem.terms or {}).get(name, Terms()) for name in plan.names]
    sold_out = np.array(
        [
            own.excluded or (provider.capacity is not None and bought >= provider.capacity)
            for provider, own, bought in zip(problem.providers, terms, plan.samples, strict=True)
        ]
    )
    if sold_out.all():
        return "sold_out", ()
    if not open_size:
        return "fixed_size", ()
    if problem.max_size is not None and plan.size >= problem.max_size:
        return "max_size", ()
    names = np.array(plan.names)
    sign = 1.0 if problem.direction == "maximize" else -1.0
    helps = sign * plan.marginal_value > 0
    if not (helps & ~sold_out).any():
        best = tuple(names[helps & sold_out].tolist())
        return "no_improvement_unless_more_capacity" if best else "no_improvement", best
    ordered = [
        max(int(bought) + 1, own.minimum_order)
        for bought, own in zip(plan.samples, terms, strict=True)
    ]
    extra_cost = np.array(
        [
            cost_of(provider.schedule, more) - cost
            for provider, more, cost in zip(problem.providers, ordered, plan.costs, strict=True)
        ]
    )
    helpful = helps & ~sold_out
    if (extra_cost[helpful] > left).all():
        large = np.array(ordered) > plan.samples + 1
        dear = tuple(names[helpful & large].tolist())
        return "minimum_order" if dear else "next_sample", dear
    return "little_improvement", ()
