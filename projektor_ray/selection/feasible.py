"""What may be bought: the simplex of mixtures cut by capacities and a budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from projektor_ray.config import nearest
from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.providers import Provider, Schedule

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_STEPS = 100
BUDGET_TOLERANCE = 1e-11
SUM_TOLERANCE = 1e-15
SLOPE_TOLERANCE = 1e-12
COST_TOLERANCE = 1e-9
"""Of the budget: what rounding errors in prices may add to a cost."""


@dataclass(frozen=True)
class Terms:
    """What a deal with a provider asks beyond capacity and price.

    Attributes
    ----------
    minimum_order : fewest samples if any are bought.
    required : whether some must be bought.
    excluded : whether none may be bought.
    """

    minimum_order: int = 0
    required: bool = False
    excluded: bool = False

    def allows(self, samples: int) -> bool:
        """Whether so many samples may be bought."""
        return samples == 0 or not (self.excluded or samples < self.minimum_order)

    def __post_init__(self) -> None:
        if self.minimum_order < 0:
            raise InputError(f"a minimum order must be 0 or more samples; got {self.minimum_order}")
        if self.required and self.excluded:
            raise InputError("a provider cannot be both required and excluded")


@dataclass(frozen=True, eq=False)
class FeasibleSet:
    """Plans of `size` samples: `lower ≤ samples ≤ upper`, `Σ price · samples + offset ≤ budget`.

    Where prices have tiers, it is the plans within one tier of each provider: see `regimes`.
    Minimum orders of providers that need not be bought are not part of it: see `lacking`.

    Attributes
    ----------
    names : of the providers, m of them.
    size : samples to buy in all, N.
    lower, upper : fewest and most samples of each provider, shape (m,).
    prices : money per sample, shape (m,).
    budget : most money to spend, infinite if unlimited.
    minimum_orders : fewest samples of each provider if any are bought, shape (m,).
    schedules : prices by quantity of each provider.
    regime : the tier of each provider.
    offset : what the tiers before these cost beyond this tier's price.
    whole : the set of all tiers that this one is part of.
    """

    names: tuple[str, ...]
    size: int
    lower: Integers
    upper: Integers
    prices: Floats
    budget: float
    minimum_orders: Integers
    schedules: tuple[Schedule, ...]
    regime: tuple[int, ...]
    offset: float = 0.0
    whole: "FeasibleSet | None" = None

    @staticmethod
    def of(
        providers: Sequence[Provider],
        size: int,
        budget: float | None = None,
        terms: Mapping[str, Terms] | None = None,
    ) -> "FeasibleSet":
        """The plans that capacities, terms (by provider name) and budget allow, at list prices.

        Raises
        ------
        InputError
            If there is no provider, the size or the budget is not a positive number, or terms
            name an unknown provider.
        InfeasibleError
            If no plan keeps every constraint; names the one that cannot be kept.
        """
        if not providers:
            raise InputError("a plan needs at least one provider; got none")
        if size != int(size) or size < 1:
            raise InputError(f"the size to buy must be a whole number of samples; got {size}")
        if budget is not None and not budget >= 0:
            raise InputError(f"the budget must be 0 or more, or absent if unlimited; got {budget}")
        names = tuple(provider.name for provider in providers)
        known = _check_terms(terms or {}, names)
        deals = [known.get(name, Terms()) for name in names]
        capacities = [size if p.capacity is None else min(p.capacity, size) for p in providers]
        upper = [
            capacity if deal.required or deal.allows(capacity) else 0
            for deal, capacity in zip(deals, capacities, strict=True)
        ]
        lower = [max(deal.minimum_order, 1) if deal.required else 0 for deal in deals]
        feasible = FeasibleSet(
            names=names,
            size=int(size),
            lower=np.array(lower, dtype=np.int64),
            upper=np.array(upper, dtype=np.int64),
            prices=np.array([provider.price for provider in providers]),
            budget=np.inf if budget is None else float(budget),
            minimum_orders=np.array([deal.minimum_order for deal in deals], dtype=np.int64),
            schedules=tuple(provider.schedule for provider in providers),
            regime=(0,) * len(providers),
        )
        feasible.check()
        return feasible

    def lacking(self, samples: Integers) -> list[int]:
        """Providers of which some are bought, but fewer than their minimum order."""
        return [int(i) for i in np.flatnonzero((samples > 0) & (samples < self.minimum_orders))]

    def without(self, provider: int) -> "FeasibleSet":
        """The plans that buy nothing of a provider."""
        upper = self.upper.copy()
        upper[provider] = 0
        return replace(self, upper=upper)

    def ordering(self, provider: int) -> "FeasibleSet":
        """The plans that buy at least the minimum order of a provider."""
        lower = self.lower.copy()
        lower[provider] = max(lower[provider], self.minimum_orders[provider])
        return replace(self, lower=lower)

    def check(self) -> None:
        """Refuse an empty set.

        Raises
        ------
        InfeasibleError
            If no plan keeps every constraint; names the one that cannot be kept.
        """
        short = np.flatnonzero(self.lower > self.upper)
        if len(short):
            i = int(short[0])
            raise InfeasibleError(
                f"the order required of {self.names[i]!r} cannot be kept: at least "
                f"{self.lower[i]:,} samples, but at most {self.upper[i]:,} can be bought of it. "
                "Change its terms, or buy more in all"
            )
        if self.lower.sum() > self.size:
            raise InfeasibleError(
                f"the required orders cannot be kept: together they are {self.lower.sum():,} "
                f"samples, more than the {self.size:,} to buy. Buy more, or require fewer"
            )
        if self.upper.sum() < self.size:
            raise InfeasibleError(
                f"the capacities cannot be kept: together the providers sell {self.upper.sum():,} "
                f"samples, fewer than the {self.size:,} to buy. Buy fewer, or raise a capacity"
            )
        least = self.cost(self.cheapest)
        if not self.affords(self.cheapest):
            raise InfeasibleError(
                f"the budget of {self.budget:,.10g} cannot be kept: the cheapest "
                f"{self.size:,} samples cost {least:,.10g}. Raise the budget, or buy fewer"
            )

    def cost(self, samples: Integers | Floats) -> float:
        """Money for so many samples of each provider."""
        return float(self.prices @ samples) + self.offset

    def affords(self, samples: Integers) -> bool:
        """Whether the budget is kept."""
        return self.cost(samples) <= self.budget * (1 + COST_TOLERANCE)

    def keeps(self, samples: Integers) -> bool:
        """Whether every constraint is kept, minimum orders included."""
        within = (self.lower <= samples) & (samples <= self.upper)
        complete = samples.sum() == self.size and not self.lacking(samples)
        return bool(complete and within.all() and self.affords(samples))

    @cached_property
    def cheapest(self) -> Integers:
        """Samples of each provider in a plan of least cost."""
        samples = self.lower.copy()
        for i in self.cheapest_first:
            samples[i] += min(self.upper[i] - samples[i], self.size - samples.sum())
        return np.asarray(samples)

    @cached_property
    def cheapest_first(self) -> list[int]:
        """Providers by price, of equal prices by name."""
        return sorted(range(len(self.names)), key=lambda i: (self.prices[i], self.names[i]))

    @cached_property
    def _relative_prices(self) -> Floats | None:
        """Prices as 0 … 1 from lowest to highest, or None where the budget cuts nothing off."""
        low, high = self.prices.min(), self.prices.max()
        if np.isinf(self.budget) or high == low:
            return None
        return np.asarray((self.prices - low) / (high - low))

    @cached_property
    def _relative_budget(self) -> float:
        low, high = self.prices.min(), self.prices.max()
        affordable = max(self.budget, self.cost(self.cheapest))
        return float(((affordable - self.offset) / self.size - low) / (high - low))

    def project(self, points: Floats) -> Floats:
        """The feasible mixtures nearest to points, (B, m) → (B, m).

        `p = clip(y − τ − μ·price, lower, upper)`, with the multiplier τ of `Σ p = 1` found
        exactly and μ ≥ 0 of the budget by Newton's method where the budget binds.
        """
        lower, upper = self.lower / self.size, self.upper / self.size
        prices = self._relative_prices
        if prices is None:
            return onto_box(points, lower, upper)
        if self._relative_budget - self.cheapest @ prices / self.size <= BUDGET_TOLERANCE:
            return onto_box(points, *self._cheapest_face)
        mixtures = onto_box(points, lower, upper)
        over = mixtures @ prices - self._relative_budget > BUDGET_TOLERANCE
        if over.any():
            mixtures[over] = self._onto_budget(points[over], prices)
        return mixtures

    @cached_property
    def _cheapest_face(self) -> tuple[Floats, Floats]:
        """Bounds of the shares in plans of least cost, where prices may be equal."""
        marginal = np.max(self.prices[self.cheapest > self.lower], initial=self.prices.min())
        lower = np.where(self.prices < marginal, self.upper, self.lower)
        upper = np.where(self.prices > marginal, self.lower, self.upper)
        return lower / self.size, upper / self.size

    def _onto_budget(self, points: Floats, prices: Floats) -> Floats:
        """Nearest points that spend the whole budget: Newton on μ within a bracket.

        The excess falls with μ and is piecewise linear; its slope is minus the spread of prices
        over the shares that are strictly between their bounds.
        """
        lower, upper = self.lower / self.size, self.upper / self.size
        low, high = np.zeros(len(points)), np.full(len(points), np.inf)
        multiplier = np.zeros(len(points))
        for _ in range(MOST_STEPS):
            mixtures = onto_box(points - multiplier[:, None] * prices, lower, upper)
            excess = mixtures @ prices - self._relative_budget
            if (np.abs(excess) <= BUDGET_TOLERANCE).all():
                break
            low, high = (
                np.where(excess > 0, multiplier, low),
                np.where(excess > 0, high, multiplier),
            )
            free = (mixtures > lower) & (mixtures < upper)
            count = np.maximum(free.sum(axis=1), 1)
            slope = free @ prices**2 - (free @ prices) ** 2 / count
            bends = slope > SLOPE_TOLERANCE
            newton = multiplier + excess / np.where(bends, slope, 1.0)
            inside = bends & (low < newton) & (newton < high)
            halved = np.where(np.isinf(high), 4 * low + 1, (low + np.minimum(high, 1e300)) / 2)
            multiplier = np.where(inside, newton, halved)
        return mixtures


def onto_box(points: Floats, lower: Floats, upper: Floats) -> Floats:
    """Nearest points with `Σ p = 1` and `lower ≤ p ≤ upper`, (B, m) → (B, m).

    `p = clip(y − τ, lower, upper)`, whose sum is piecewise linear in τ.
    """
    leaves_upper, meets_lower = points - upper, points - lower
    breaks = np.concatenate([leaves_upper, meets_lower], axis=1)
    order = np.argsort(breaks, axis=1)
    breaks = np.take_along_axis(breaks, order, axis=1)
    slopes = np.cumsum(np.where(order < points.shape[1], -1.0, 1.0), axis=1)
    falls = np.cumsum(slopes[:, :-1] * np.diff(breaks, axis=1), axis=1)
    sums = upper.sum() + np.concatenate([np.zeros((len(points), 1)), falls], axis=1)
    # The last break at which the sum still reaches 1; from there it falls with its slope.
    last = np.maximum((sums >= 1.0 - SUM_TOLERANCE).sum(axis=1) - 1, 0)[:, None]
    at, total, slope = (np.take_along_axis(a, last, axis=1) for a in (breaks, sums, slopes))
    falling = slope < 0
    threshold = at + np.where(falling, (total - 1.0) / np.where(falling, -slope, 1.0), 0.0)
    return np.asarray(np.clip(points - threshold, lower, upper))


def _check_terms(terms: Mapping[str, Terms], names: Sequence[str]) -> Mapping[str, Terms]:
    for name in terms:
        if name not in names:
            raise InputError(f"terms name the provider {name!r}: {nearest(name, names)}")
    return terms
