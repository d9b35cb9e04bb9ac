"""The feasible mixtures nearest to points: Euclidean projection onto the set that may be bought."""

import numpy as np

from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.storage.array_types import Floats

MOST_STEPS = 100
BUDGET_TOLERANCE = 1e-11
SUM_TOLERANCE = 1e-15
SLOPE_TOLERANCE = 1e-12


def nearest_mixtures(feasible: FeasibleSet, points: Floats) -> Floats:
    """The mixtures of a set nearest to points, (B, m) → (B, m); minimum orders are left out.

    `p_i = lower_i + Σ_k clip(y_i − start_k − τ − μ·price_k, 0, width_k)` over the segments of
    provider i's envelope, which fill one after the other because their prices rise; the
    multipliers are those of `Σ p = 1` and of the budget.
    """
    lower = feasible.lower / feasible.size
    total = 1 - float(feasible.lower.sum()) / feasible.size
    if np.isinf(feasible.budget):
        width = (feasible.upper - feasible.lower) / feasible.size
        return lower + onto_box(points - lower, width, total)
    envelope = feasible.envelope
    within = points[:, envelope.owner] - envelope.start / feasible.size
    parts = _onto_segments(feasible, within, envelope.width / feasible.size, total)
    return np.asarray(lower + envelope.together(parts))


def _onto_segments(feasible: FeasibleSet, points: Floats, width: Floats, total: float) -> Floats:
    """Nearest parts of the segments whose sum is `total` and that keep the budget."""
    price, base = feasible.envelope.price, float(feasible.envelope.base.sum())
    low, spread = price.min(), np.ptp(price)
    if spread == 0:
        return onto_box(points, width, total)
    prices = (price - low) / spread
    left = (max(feasible.budget, feasible.least_cost) - base) / feasible.size - low * total
    budget = left / spread
    lowest = (feasible.least_cost - base) / feasible.size - low * total
    if budget - lowest / spread <= BUDGET_TOLERANCE:
        return _onto_cheapest(feasible, points, width, total)
    parts = onto_box(points, width, total)
    over = parts @ prices - budget > BUDGET_TOLERANCE
    if over.any():
        parts[over] = onto_budget(points[over], width, total, prices, budget)
    return parts


def _onto_cheapest(feasible: FeasibleSet, points: Floats, width: Floats, total: float) -> Floats:
    """Onto the plans of least cost, which equal prices may leave a choice of."""
    envelope = feasible.envelope
    bought = envelope.parts(feasible.cheapest) > 0
    marginal = envelope.price[bought].max(initial=envelope.price.min())
    filled = np.where(envelope.price < marginal, width, 0.0)
    spare = np.where(envelope.price == marginal, width, 0.0)
    return filled + onto_box(points - filled, spare, total - float(filled.sum()))


def onto_budget(
    points: Floats, upper: Floats, total: float, prices: Floats, budget: float
) -> Floats:
    """Nearest points with `Σ p = total`, `0 ≤ p ≤ upper` and `prices·p = budget`, (B, k) → (B, k).

    `p = clip(y − τ − μ·price, 0, upper)`: Newton's method on μ ≥ 0 within a bracket. The excess
    over the budget falls with μ and is piecewise linear; its slope is minus the spread of prices
    over the coordinates that are strictly between their bounds.

    Parameters
    ----------
    points : that spend too much when they are put onto the box alone.
    prices : of order 1.
    budget : more than the least that such points spend.
    """
    nearest = np.empty(points.shape)
    low, high = np.zeros(len(points)), np.full(len(points), np.inf)
    multiplier, still = np.zeros(len(points)), np.arange(len(points))
    for _ in range(MOST_STEPS):
        at = multiplier[still]
        nearest[still] = projected = onto_box(points[still] - at[:, None] * prices, upper, total)
        excess = projected @ prices - budget
        off = np.abs(excess) > BUDGET_TOLERANCE
        still, at, projected, excess = still[off], at[off], projected[off], excess[off]
        if not len(still):
            break
        low[still] = np.where(excess > 0, at, low[still])
        high[still] = np.where(excess > 0, high[still], at)
        free = (projected > 0) & (projected < upper)
        count = np.maximum(free.sum(axis=1), 1)
        slope = free @ prices**2 - (free @ prices) ** 2 / count
        bends = slope > SLOPE_TOLERANCE
        newton = at + excess / np.where(bends, slope, 1.0)
        lowest, highest = low[still], high[still]
        inside = bends & (lowest < newton) & (newton < highest)
        middle = (lowest + np.minimum(highest, 1e300)) / 2
        halved = np.where(np.isinf(highest), 4 * lowest + 1, middle)
        multiplier[still] = np.where(inside, newton, halved)
    return nearest


def onto_box(points: Floats, upper: Floats, total: float) -> Floats:
    """Nearest points with `Σ p = total` and `0 ≤ p ≤ upper`, (B, k) → (B, k).

    `p = clip(y − τ, 0, upper)`, whose sum is piecewise linear in τ.
    """
    breaks = np.concatenate([points - upper, points], axis=1)
    order = np.argsort(breaks, axis=1)
    breaks = np.take_along_axis(breaks, order, axis=1)
    slopes = np.cumsum(np.where(order < points.shape[1], -1.0, 1.0), axis=1)
    falls = np.cumsum(slopes[:, :-1] * np.diff(breaks, axis=1), axis=1)
    sums = upper.sum() + np.concatenate([np.zeros((len(points), 1)), falls], axis=1)
    # The last break at which the sum still reaches the total; from there it falls with its slope.
    last = np.maximum((sums >= total - SUM_TOLERANCE).sum(axis=1) - 1, 0)[:, None]
    at, sum_there, slope = (np.take_along_axis(a, last, axis=1) for a in (breaks, sums, slopes))
    falling = slope < 0
    threshold = at + np.where(falling, (sum_there - total) / np.where(falling, -slope, 1.0), 0.0)
    return np.asarray(np.clip(points - threshold, 0.0, upper))
