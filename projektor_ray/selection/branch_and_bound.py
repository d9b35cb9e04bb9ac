"""Branch and bound over what makes the set of plans non-convex: price tiers and minimum orders."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.feasible_set import FeasibleSet, Integers
from projektor_ray.selection.gradient_ascent import SAME_VALUE, Ascent, ascend
from projektor_ray.selection.objective import Objective
from projektor_ray.selection.rounding import whole_samples
from projektor_ray.storage.arrays import Floats

MOST_NODES = 400
"""So many parts of the set are searched once there is a plan; each is a few steps of ascent …"""
MOST_SHARES, FEWEST_NODES = 40_000, 40
"""… of as many shares as there are providers: of many, so many shares in all, but some parts."""


@dataclass(frozen=True, eq=False)
class Found:
    """The best mixture of a part of the feasible set, by the envelopes of the costs.

    Attributes
    ----------
    feasible : the part.
    ascent : where every start arrived.
    samples : whole samples near the best mixture; of equal ones the cheapest.
    """

    feasible: FeasibleSet
    ascent: Ascent
    samples: Integers

    @property
    def value(self) -> float:
        """The best value; of a part, a bound on that of the plans in it."""
        return float(self.ascent.values.max())

    @property
    def is_plan(self) -> bool:
        """Whether the samples keep every constraint."""
        return self.feasible.keeps(self.samples)


@dataclass(frozen=True, eq=False)
class Searched:
    """The best plan found, and by how much a plan in the parts left unsearched could be better."""

    best: Found
    optimality_gap: float


def search(upward: Objective, feasible: FeasibleSet, starts: Floats) -> Searched:
    """Maximise over the plans that keep every constraint, from starts (B, m).

    Each part of the set is searched under the convex envelopes of the costs and without minimum
    orders, which bounds what its plans can reach. Where what is found there is no plan, the part
    is split in two: below and above the end of a price tier, or nothing and at least the minimum
    order of a provider. It begins with a plan at hand, see `_at_hand`. Until a part holds a better
    one the better half comes first, then the part of the highest bound, until no bound is higher
    than the best plan by more than a ten-thousandth of the range of values. That is the best plan
    if the objective is concave; otherwise it is as good as the starts, since then a bound is what
    they find.

    Raises
    ------
    InfeasibleError
        If the minimum orders leave no plan.
    """
    root = _search_part(upward, feasible, starts)
    slack = SAME_VALUE * (root.value - float(root.ascent.initial_values.min()))
    best = _at_hand(upward, root)
    most = min(MOST_NODES, max(MOST_SHARES // len(feasible.names), FEWEST_NODES))
    waiting, searched, reached = [root], 1, False
    while waiting and (best is None or searched < most):
        part = max(waiting, key=lambda one: one.value) if reached else waiting[-1]
        waiting.remove(part)
        if best is not None and part.value <= best.value + slack:
            continue
        if part.is_plan:
            best, reached = part, True
            continue
        parts = part.feasible.split(part.samples)
        halves = [_search_part(upward, half, part.ascent.mixtures) for half in parts]
        waiting += sorted(halves, key=lambda half: half.value)
        searched += len(halves)
    if best is None:
        raise _no_order_kept(root)
    open_bound = max((part.value for part in waiting), default=best.value) - best.value
    return Searched(best, open_bound if open_bound > slack else 0.0)


def _at_hand(upward: Objective, root: Found) -> Found | None:
    """A plan near the best mixture: whoever lacks to a minimum order gets it, or sells nothing.

    Half of them at a time, the clearer ones, so that a hundred are settled in a few searches. None
    where that leaves no plan.
    """
    part = root
    while part.feasible.lacking(part.samples):
        settled = part.feasible.settled(part.samples)
        if not settled.is_possible:
            return None
        part = _search_part(upward, settled, part.ascent.mixtures)
    return part if part.is_plan else None


def nearest_plan(feasible: FeasibleSet, mixture: Floats) -> Found:
    """The plan nearest to a mixture (m,).

    Raises
    ------
    InfeasibleError
        If the minimum orders leave no plan.
    """

    def nearness(mixtures: Floats) -> tuple[Floats, Floats]:
        away = mixtures - mixture
        return -np.sum(away**2, axis=1), -2 * away

    return search(nearness, feasible, mixture[None]).best


def _search_part(upward: Objective, feasible: FeasibleSet, starts: Floats) -> Found:
    ascent = ascend(upward, feasible, starts)
    best = np.flatnonzero(ascent.tied)
    costs = feasible.tiers.costs(feasible.size * ascent.mixtures[best]).sum(axis=1)
    chosen = best[np.lexsort((-ascent.values[best], np.round(costs / feasible.size, 12)))[0]]
    return Found(feasible, ascent, whole_samples(ascent.mixtures[chosen], feasible))


def _no_order_kept(root: Found) -> InfeasibleError:
    feasible = root.feasible
    i = (feasible.lacking(root.samples) or np.flatnonzero(feasible.minimum_orders).tolist())[0]
    return InfeasibleError(
        f"the minimum order of {feasible.names[i]!r} cannot be kept: neither with nothing nor with "
        f"{feasible.minimum_orders[i]:,} samples of it is there a plan that keeps the other "
        "constraints. Lower a minimum order, raise the budget or a capacity, or buy another size"
    )
