"""Branch and bound over what makes the set of plans non-convex: price tiers and minimum orders."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.feasible_set import FeasibleSet, Integers
from projektor_ray.selection.gradient_ascent import SAME_VALUE, Ascent, ascend
from projektor_ray.selection.objective import Objective
from projektor_ray.selection.rounding import whole_samples
from projektor_ray.storage.array_types import Floats

MOST_NODES = 400
"""So many parts of the set are searched once there is a plan; each is a few steps of ascent …"""
MOST_SHARES, FEWEST_NODES = 40_000, 40
"""… of as many shares as there are providers: of many, so many shares in all, but some parts."""


@dataclass(frozen=True, eq=False)
class Node:
    """A node of the search tree: a part of the feasible set, and its relaxed solution.

    Attributes
    ----------
    feasible : the part.
    ascent : of all starts, under the convex envelopes of the costs.
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
        return self.feasible.contains(self.samples)


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The best plan found, and a bound on how much better an unsearched plan could be."""

    best: Node
    optimality_gap: float


def branch_and_bound(objective: Objective, feasible: FeasibleSet, starts: Floats) -> SearchResult:
    """Maximise over the plans that keep every constraint, from starts (B, m).

    A node is a part of the set. It is solved under the convex envelopes of the costs and without
    minimum orders, which bounds the value of its plans. If the solution is no plan, the node is
    split in two: below and above the end of a price tier, or nothing and at least the minimum order
    of a provider. The search begins with a plan near the root's solution (`_incumbent`). It goes
    depth first until a node holds a better plan, then takes the node of the highest bound, and ends
    when no bound exceeds the best plan by more than a ten-thousandth of the range of values. The
    result is optimal if the objective is concave. Otherwise a bound is only as good as the starts.

    Raises
    ------
    InfeasibleError
        If the minimum orders leave no plan.
    """
    root = _solve(objective, feasible, starts)
    slack = SAME_VALUE * (root.value - float(root.ascent.initial_values.min()))
    best = _incumbent(objective, root)
    most = min(MOST_NODES, max(MOST_SHARES // len(feasible.names), FEWEST_NODES))
    waiting, searched, limited = [root], 1, False
    while waiting and (best is None or searched < most):
        part = max(waiting, key=lambda one: one.value) if limited else waiting[-1]
        waiting.remove(part)
        if best is not None and part.value <= best.value + slack:
            continue
        if part.is_plan:
            best, limited = part, True
            continue
        parts = part.feasible.split(part.samples)
        halves = [_solve(objective, half, part.ascent.mixtures) for half in parts]
        waiting += sorted(halves, key=lambda half: half.value)
        searched += len(halves)
    if best is None:
        raise _minimum_order_error(root)
    open_bound = max((part.value for part in waiting), default=best.value) - best.value
    return SearchResult(best, open_bound if open_bound > slack else 0.0)


def _incumbent(objective: Objective, root: Node) -> Node | None:
    """A plan near the best mixture: whoever lacks to a minimum order gets it, or sells nothing.

    Half of them at a time, the clearer ones, so that a hundred are settled in a few searches. None
    where that leaves no plan.
    """
    part = root
    while part.feasible.below_order(part.samples):
        settled = part.feasible.settled(part.samples)
        if not settled.is_possible:
            return None
        part = _solve(objective, settled, part.ascent.mixtures)
    return part if part.is_plan else None


def nearest_plan(feasible: FeasibleSet, mixture: Floats) -> Node:
    """The plan nearest to a mixture (m,).

    Raises
    ------
    InfeasibleError
        If the minimum orders leave no plan.
    """

    def nearness(mixtures: Floats) -> tuple[Floats, Floats]:
        away = mixtures - mixture
        return -np.sum(away**2, axis=1), -2 * away

    return branch_and_bound(nearness, feasible, mixture[None]).best


def _solve(objective: Objective, feasible: FeasibleSet, starts: Floats) -> Node:
    ascent = ascend(objective, feasible, starts)
    best = np.flatnonzero(ascent.tied)
    costs = feasible.tiers.costs(feasible.size * ascent.mixtures[best]).sum(axis=1)
    chosen = best[np.lexsort((-ascent.values[best], np.round(costs / feasible.size, 12)))[0]]
    return Node(feasible, ascent, whole_samples(ascent.mixtures[chosen], feasible))


def _minimum_order_error(root: Node) -> InfeasibleError:
    feasible = root.feasible
    i = (feasible.below_order(root.samples) or np.flatnonzero(feasible.minimum_orders).tolist())[0]
    return InfeasibleError(
        f"the minimum order of {feasible.names[i]!r} cannot be kept: neither with nothing nor with "
        f"{feasible.minimum_orders[i]:,} samples of it is there a plan that keeps the other "
        "constraints. Lower a minimum order, raise the budget or a capacity, or buy another size"
    )
