"""Prices in tiers: within one tier of every provider, a plan's cost is linear."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from projektor_ray.errors import InfeasibleError
from projektor_ray.providers import Provider, Schedule, cost_of
from projektor_ray.selection.feasible import FeasibleSet, Integers, Terms

MOST_REGIMES = 64
"""So many combinations of tiers are all searched; of more, those near the best found."""


def feasible_sets(
    providers: Sequence[Provider],
    size: int,
    budget: float | None = None,
    terms: Mapping[str, Terms] | None = None,
) -> list[FeasibleSet]:
    """What may be bought: a set for each combination of tiers, one set where prices are linear.

    Within tiers `t_i` the cost is `Σ_i price_i x_i + offset`, and `x_i` lies between the ends of
    its tier: that is exact, whether prices rise or fall with the quantity. Of more than
    `MOST_REGIMES` combinations only those of cheap plans are given, to climb from: where prices
    fall, the climb may end below the best plan.

    Raises
    ------
    InfeasibleError, InputError
        As `FeasibleSet.of`.
    """
    if budget is None or not any(provider.tiers for provider in providers):
        return [FeasibleSet.of(providers, size, budget, terms)]
    unlimited = np.inf if budget >= 0 else budget
    whole = replace(FeasibleSet.of(providers, size, unlimited, terms), budget=float(budget))
    choices = [_tiers(whole, i) for i in range(len(providers))]
    if math.prod(len(choice) for choice in choices) <= MOST_REGIMES:
        wanted = list(itertools.product(*choices))
    else:
        wanted = list(dict.fromkeys(_regime_of(whole, plan) for plan in _cheap_plans(whole)))
    sets, least = [], np.inf
    for regime in wanted:
        within = within_tiers(whole, regime)
        if (within.lower > within.upper).any() or not (
            within.lower.sum() <= size <= within.upper.sum()
        ):
            continue
        least = min(least, within.cost(within.cheapest))
        if within.affords(within.cheapest):
            sets.append(within)
    if not sets:
        raise InfeasibleError(
            f"the budget of {budget:,.10g} cannot be kept: the cheapest {size:,} samples cost "
            f"{least:,.10g}. Raise the budget, or buy fewer"
        )
    return sets


def within_tiers(whole: FeasibleSet, regime: Sequence[int]) -> FeasibleSet:
    """The plans of a set of all tiers that stay within one tier of each provider."""
    starts, ends, prices, offset = [], [], [], 0.0
    for schedule, tier in zip(whole.schedules, regime, strict=True):
        beyond, price = schedule[tier]
        starts.append(beyond)
        ends.append(schedule[tier + 1][0] if tier + 1 < len(schedule) else whole.size)
        prices.append(price)
        offset += cost_of(schedule, beyond) - price * beyond
    return replace(
        whole,
        lower=np.maximum(whole.lower, starts),
        upper=np.minimum(whole.upper, ends),
        prices=np.array(prices, dtype=np.float64),
        regime=tuple(regime),
        offset=offset,
        whole=whole,
    )


def next_regimes(feasible: FeasibleSet, samples: Integers) -> list[tuple[int, ...]]:
    """The combinations with one provider's tier changed by one; those that meet at a plan first."""
    meeting: list[tuple[int, ...]] = []
    others: list[tuple[int, ...]] = []
    for i, (schedule, tier) in enumerate(zip(feasible.schedules, feasible.regime, strict=True)):
        for other, end in ((tier + 1, tier + 1), (tier - 1, tier)):
            if 0 <= other < len(schedule):
                moved = (*feasible.regime[:i], other, *feasible.regime[i + 1 :])
                (meeting if samples[i] == schedule[end][0] else others).append(moved)
    return meeting + others


def _tiers(whole: FeasibleSet, provider: int) -> list[int]:
    """Tiers of a provider that its bounds leave open."""
    schedule: Schedule = whole.schedules[provider]
    ends = [beyond for beyond, _ in schedule[1:]] + [whole.size]
    open_tiers = [
        tier
        for tier, ((beyond, _), end) in enumerate(zip(schedule, ends, strict=True))
        if beyond < whole.upper[provider] and end >= whole.lower[provider]
    ]
    return open_tiers or [0]


def _regime_of(whole: FeasibleSet, samples: Integers) -> tuple[int, ...]:
    """The tiers that hold a plan; at the end of a tier, the lower one."""
    return tuple(
        max(tier for tier, (beyond, _) in enumerate(schedule) if beyond < max(count, 1))
        for schedule, count in zip(whole.schedules, samples.tolist(), strict=True)
    )


def _cheap_plans(whole: FeasibleSet) -> list[Integers]:
    """Plans of little cost: tiers by price, which is best where prices rise; and whole offers."""
    tiers, offers = [], []
    for i, schedule in enumerate(whole.schedules):
        ends = [beyond for beyond, _ in schedule[1:]] + [whole.size]
        for (beyond, price), end in zip(schedule, ends, strict=True):
            tiers.append((price, i, max(min(end, int(whole.upper[i])) - beyond, 0)))
        most = int(whole.upper[i])
        offers.append((cost_of(schedule, most) / max(most, 1), i, most))
    plans = []
    for parts in (tiers, offers):
        samples = whole.lower.copy()
        for _, i, count in sorted(parts):
            room = min(whole.upper[i] - samples[i], count, whole.size - samples.sum())
            samples[i] += max(room, 0)
        plans.append(samples)
    return plans
