"""Why a plan leaves money unspent, in words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from projektor_ray.selection.plan import Plan
from projektor_ray.selection.problem import PurchaseProblem
from projektor_ray.selection.provider import cost_of
from projektor_ray.selection.provider_terms import Terms

Mask = NDArray[np.bool_]

NOTEWORTHY = 0.01
"""Of the budget: less that is left is what whole samples and a search over sizes leave."""
SHOWN = 3


def why_unspent(
    market: PurchaseProblem, plan: Plan, budget: float | None, *, open_size: bool
) -> str:
    """What is left of a budget, and why; empty where nothing noteworthy is.

    Whether more of a provider would help is told to first order (`Plan.marginal_value`).

    Parameters
    ----------
    market : that the plan is of.
    open_size : whether the size was searched, too.
    """
    left = np.inf if budget is None else budget - plan.cost
    if budget is None or left <= NOTEWORTHY * budget:
        return ""
    return f"{left:,.2f} of the budget is left: {_reason(market, plan, left, open_size)}"


def _reason(market: PurchaseProblem, plan: Plan, left: float, open_size: bool) -> str:
    terms = [(market.terms or {}).get(name, Terms()) for name in plan.names]
    sold_out = np.array(
        [
            deal.excluded or (seller.capacity is not None and bought >= seller.capacity)
            for seller, deal, bought in zip(market.providers, terms, plan.samples, strict=True)
        ]
    )
    if sold_out.all():
        return "all that is for sale is bought"
    if not open_size:
        return (
            f"for {plan.size:,} samples, as asked, no dearer ones within it that were found are "
            "predicted better"
        )
    if market.max_size is not None and plan.size >= market.max_size:
        return f"a plan has {market.max_size:,} samples at most"
    sign = 1.0 if market.direction == "maximize" else -1.0
    helps = sign * plan.marginal_value > 0
    if not (helps & ~sold_out).any():
        says = "more samples would not improve the prediction"
        best = _named(plan.names, helps & sold_out)
        return f"{says}, but of {best}, sold out" if best else says
    ordered = [
        max(int(bought) + 1, deal.minimum_order)
        for bought, deal in zip(plan.samples, terms, strict=True)
    ]
    least = np.array(
        [
            cost_of(seller.schedule, more) - cost
            for seller, more, cost in zip(market.providers, ordered, plan.costs, strict=True)
        ]
    )
    wanted = helps & ~sold_out
    if (least[wanted] > left).all():
        large = np.array(ordered) > plan.samples + 1
        kept = _named(plan.names, wanted & large)
        return f"the minimum order of {kept} costs more" if kept else "one more sample costs more"
    return "more samples would hardly improve the prediction"


def _named(names: Sequence[str], which: Mask) -> str:
    """The first names of those that are meant."""
    meant = [name for name, chosen in zip(names, which, strict=True) if chosen]
    return ", ".join(meant[:SHOWN]) + (", …" if meant[SHOWN:] else "")
