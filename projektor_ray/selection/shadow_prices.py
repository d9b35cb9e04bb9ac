"""What it would improve to loosen a bound: the multipliers of a plan's optimality conditions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.selection.feasible_set import FeasibleSet, Integers
from projektor_ray.selection.pricing import price_of_last, price_of_next
from projektor_ray.storage.array_types import Floats

CLOSE = 2e-3
"""Relative: an open size is searched to 0.2 %, so that a bound counts as reached from there on."""
ROUNDED = 1
"""Samples that rounding may leave with a provider of whom none are wanted."""


@dataclass(frozen=True, eq=False)
class ShadowPrices:
    """Improvement of the metric, to first order.

    Attributes
    ----------
    capacity : for one more sample that a provider sells, shape (m,); 0 where its capacity does not
        bind, or nothing is bought of it.
    budget : for one more unit of money; 0 where the budget does not bind.
    """

    capacity: Floats
    budget: float


def at_fixed_size(gradient: Floats, feasible: FeasibleSet, samples: Integers) -> ShadowPrices:
    """Where another sample takes the place of one that is bought: `∇_i = τ + μ·price_i + ν_i`.

    Where the budget binds, μ is the slope of the gradient in the price over providers strictly
    between their bounds; τ is what the least useful sample bought is worth after its price, and
    `ν_i` what provider i is worth beyond it where its capacity binds. It is 0 where the budget
    binds at μ = 0 and the money left, with that of the dearest other sample, pays for no exchange.

    Parameters
    ----------
    gradient : ∇, the metric's along the shares, upward, shape (m,).
    """
    last, following = _prices(feasible, samples)
    exchangeable = samples > feasible.lower + ROUNDED
    free = exchangeable & (samples < feasible.upper) & (last == following)
    slack = feasible.budget - feasible.cost(samples)
    multiplier = 0.0
    if free.any() and np.ptp(last[free]) > 0 and slack < last.max():
        multiplier = max(float(np.polyfit(last[free], gradient[free], 1)[0]), 0.0)
    lowest = (gradient - multiplier * last)[exchangeable].min(initial=np.inf)
    sold_out = (samples == feasible.upper) & (feasible.upper < feasible.size) & (samples > 0)
    value = np.where(sold_out, gradient - multiplier * following - lowest, 0.0)
    if multiplier == 0:
        given_back = np.where(exchangeable, last, -np.inf)
        value[following - _largest_of_others(given_back) > slack] = 0.0
    return ShadowPrices(
        np.maximum(value, 0.0) / feasible.size,
        multiplier / feasible.size,
    )


def at_open_size(
    change: Floats, capacities: Floats, part: FeasibleSet, samples: Integers
) -> ShadowPrices:
    """Where another sample comes on top of the plan: `e_i = μ·price_i + ν_i`.

    Where the budget binds, μ is the least-squares fit of e to the price over providers strictly
    between their bounds. Where there are none, less money gives back the last sample that is worth
    least for its price, and more money buys the next one that is worth most for it. `ν_i ≥ 0` is
    what provider i is worth beyond its price where its capacity binds.

    Parameters
    ----------
    change : e, of the metric for one more sample of each provider, upward, shape (m,).
    capacities : samples that each sells, infinite where unlimited, shape (m,).
    part : of the feasible set, in which the plan was found.
    """
    last, following = _prices(part, samples)
    size, cost = int(samples.sum()), part.cost(samples)
    sold_out = (samples > 0) & (samples >= capacities - CLOSE * size)
    saved, paid = 0.0, 0.0
    if part.budget - cost <= CLOSE * cost + last.max():
        spare = samples > part.lower + ROUNDED
        free = spare & ~sold_out & (last == following) & (last > 0)
        if free.any():
            saved = paid = float(change[free] @ last[free] / (last[free] @ last[free]))
        else:
            saved = _change_per_money(change, last, spare).min(initial=np.inf)
            paid = _change_per_money(change, following, ~sold_out).max(initial=0.0)
    saved = max(saved, 0.0) if np.isfinite(saved) else 0.0
    beyond = np.maximum(change - saved * following, 0.0)
    return ShadowPrices(np.where(sold_out, beyond, 0.0), max(float(paid), 0.0))


def _prices(feasible: FeasibleSet, samples: Integers) -> tuple[Floats, Floats]:
    """Of the last and of the next sample of each provider."""
    return price_of_last(feasible.schedules, samples), price_of_next(feasible.schedules, samples)


def _change_per_money(change: Floats, price: Floats, of: NDArray[np.bool_]) -> Floats:
    """Change of the metric for a unit of money, of the providers that ask for any."""
    priced = of & (price > 0)
    return np.asarray(change[priced] / price[priced])


def _largest_of_others(values: Floats) -> Floats:
    """For each entry the largest of all other entries, shape (m,); −∞ where there is none."""
    first = int(np.argmax(values))
    others = np.delete(values, first)
    greatest = np.full(len(values), values[first])
    greatest[first] = others.max(initial=-np.inf)
    return greatest
