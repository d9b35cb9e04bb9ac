"""Shadow prices in words: what a larger capacity or budget would improve."""

import numpy as np

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import MetricText, count, sample_step
from projektor_ray.selection import PurchasePlans
from projektor_ray.selection.plan import THOUSAND

MOST_CAPACITIES = 3
"""Providers whose capacity is named."""


def shadow_prices(plans: PurchasePlans, metric: MetricText) -> list[Fact]:
    """What a larger capacity of each sold-out provider, and a larger budget, would improve; those
    that rounding hides are left out.
    """
    return [*capacity_shadow_prices(plans, metric), *budget_shadow_price(plans, metric)]


def capacity_shadow_prices(plans: PurchasePlans, metric: MetricText) -> list[Fact]:
    """What more samples for sale from each sold-out provider would improve, largest first."""
    plan = plans.selected
    samples = sample_step(plan.size)
    improvements = samples / THOUSAND * plan.capacity_shadow_price
    return [
        fact(
            "capacity_shadow_price",
            f"If {plan.names[i]} sold {count(samples, 'more sample')}, "
            f"{metric.improvement(improvements[i])}.",
            provider=plan.names[i],
            samples=samples,
            improvement=float(improvements[i]),
        )
        for i in np.argsort(-improvements, kind="stable")[:MOST_CAPACITIES]
        if metric.shows(improvements[i])
    ]


def budget_shadow_price(plans: PurchasePlans, metric: MetricText) -> list[Fact]:
    """What 1% more money would improve; nothing where no budget bounds the plan."""
    is_reached = plans.target_result is not None and plans.target_result.reached
    money = 0.0 if plans.budget is None or is_reached else plans.budget / 100
    improvement = money * plans.selected.budget_shadow_price
    if not metric.shows(improvement):
        return []
    text = f"If the budget grew by 1% ({money:,.2f}), {metric.improvement(improvement)}."
    return [fact("budget_shadow_price", text, money=money, improvement=improvement)]
