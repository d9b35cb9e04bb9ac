"""What may be bought: the simplex of mixtures cut by capacities, terms and a budget."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InfeasibleError, InputError, listed, nearest
from projektor_ray.selection.pricing import PiecewiseLinearCosts
from projektor_ray.selection.provider import Provider, Schedule, Terms

Integers = NDArray[np.int64]

COST_TOLERANCE = 1e-12
"""Of the budget: what rounding errors in prices may add to a cost."""
MOST_NAMED = 5
MOST_PARTS = 2000
"""So many parts of the set are opened to find a plan that the budget allows."""


@dataclass(frozen=True, eq=False)
class FeasibleSet:
    """Plans of `size` samples with `lower ≤ samples ≤ upper` whose cost keeps the budget.

    Two constraints make the set non-convex: prices that fall with the quantity, and minimum
    orders of providers that need not be bought. `nearest_mixtures` and `cheapest` leave minimum
    orders out and take each provider's cost for its convex envelope between the bounds, so that
    they belong to a convex set that contains all plans; `contains` tells whether a plan keeps every
    constraint, and `split` divides the set where one does not.

    Attributes
    ----------
    names : of the providers, m of them.
    size : samples to buy in all, N.
    lower, upper : fewest and most samples of each provider, shape (m,).
    schedules : prices by quantity of each provider.
    tiers : the costs that follow from them.
    budget : most money to spend, infinite if unlimited.
    minimum_orders : fewest samples of each provider if any are bought, shape (m,).
    """

    names: tuple[str, ...]
    size: int
    lower: Integers
    upper: Integers
    schedules: tuple[Schedule, ...]
    tiers: PiecewiseLinearCosts
    budget: float
    minimum_orders: Integers

    @staticmethod
    def of(
        providers: Sequence[Provider],
        size: int,
        budget: float | None = None,
        terms: Mapping[str, Terms] | None = None,
    ) -> "FeasibleSet":
        """The plans that capacities, terms (by provider name) and budget allow.

        Raises
        ------
        InputError
            If there is no provider, the size or the budget is not a positive number, or terms
            name an unknown provider.
        InfeasibleError
            If no plan keeps every constraint; names the one that cannot be kept. Minimum orders of
            providers that need not be bought are left out of account.
        """
        if not providers:
            raise InputError("a plan needs at least one provider; got none")
        if size != int(size) or size < 1:
            raise InputError(f"the size to buy must be a whole number of samples; got {size}")
        if budget is not None and not budget >= 0:
            raise InputError(f"the budget must be 0 or more, or absent if unlimited; got {budget}")
        names = tuple(provider.name for provider in providers)
        known = _check_terms(terms or {}, names)
        terms_by_provider = [known.get(name, Terms()) for name in names]
        capacities = [size if p.capacity is None else min(p.capacity, size) for p in providers]
        upper = [
            capacity if own.required or own.allows(capacity) else 0
            for own, capacity in zip(terms_by_provider, capacities, strict=True)
        ]
        lower = [max(own.minimum_order, 1) if own.required else 0 for own in terms_by_provider]
        schedules = tuple(provider.schedule for provider in providers)
        nothing, everything = np.zeros(len(names), np.int64), np.full(len(names), int(size))
        feasible = FeasibleSet(
            names=names,
            size=int(size),
            lower=np.array(lower, dtype=np.int64),
            upper=np.array(upper, dtype=np.int64),
            schedules=schedules,
            tiers=PiecewiseLinearCosts.of(schedules, nothing, everything),
            budget=np.inf if budget is None else float(budget),
            minimum_orders=np.array(
                [own.minimum_order for own in terms_by_provider], dtype=np.int64
            ),
        )
        feasible._check_bounds()
        feasible._check_budget()
        return feasible

    def _check_bounds(self) -> None:
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
            without = [f"{self.names[i]!r}" for i in np.flatnonzero(self.upper == 0)]
            advice = "Buy fewer, or raise a capacity"
            if without:
                advice = (
                    f"Nothing can be bought of {listed(without, MOST_NAMED)}. Buy fewer, raise a "
                    "capacity, or exclude fewer providers"
                )
            raise InfeasibleError(
                f"the capacities cannot be kept: together the providers sell {self.upper.sum():,} "
                f"samples, fewer than the {self.size:,} to buy. {advice}"
            )

    def _check_budget(self) -> None:
        """Depth first over the parts of the set, until a plan keeps the budget."""
        lowest, parts, opened = np.inf, [self], 0
        while parts and opened < MOST_PARTS:
            part, opened = parts.pop(), opened + 1
            samples = part.cheapest
            lowest = min(lowest, self.cost(samples))
            if self.affords(samples):
                return
            if part.envelope.cost(samples) < lowest:
                parts += sorted(part.split_tiers(samples), key=lambda one: -one.least_cost)
        raise InfeasibleError(
            f"the budget of {self.budget:,.10g} cannot be kept: the cheapest "
            f"{self.size:,} samples cost {lowest:,.10g}. Raise the budget, or buy fewer"
        )

    @cached_property
    def envelope(self) -> PiecewiseLinearCosts:
        """Convex envelopes of the costs between the bounds."""
        return PiecewiseLinearCosts.envelopes(self.schedules, self.lower, self.upper)

    def cost(self, samples: Integers) -> float:
        """Money for so many samples of each provider."""
        return self.tiers.cost(samples)

    def affords(self, samples: Integers) -> bool:
        """Whether the budget is kept."""
        return self.cost(samples) <= self.budget * (1 + COST_TOLERANCE)

    def contains(self, samples: Integers) -> bool:
        """Whether a plan (m,) keeps every constraint."""
        return bool(self.contains_each(samples[None])[0])

    def contains_each(self, plans: Integers) -> NDArray[np.bool_]:
        """Whether each of several plans (k, m) keeps every constraint, shape (k,)."""
        bounds = (self.lower <= plans) & (plans <= self.upper)
        orders = (plans == 0) | (plans >= self.minimum_orders)
        costs = self.tiers.costs(plans).sum(axis=1)
        affordable = costs <= self.budget * (1 + COST_TOLERANCE)
        return np.asarray(
            (bounds & orders).all(axis=1) & (plans.sum(axis=1) == self.size) & affordable
        )

    def part_of(self, samples: Integers) -> "FeasibleSet":
        """The convex part that holds a plan: its price tiers, and orders of nothing or enough."""
        low, high = self.lower.copy(), self.upper.copy()
        ordered = (self.minimum_orders > 0) & (samples > 0)
        low[ordered] = np.maximum(low, self.minimum_orders)[ordered]
        high[(self.minimum_orders > 0) & (samples == 0)] = 0
        for i, schedule in enumerate(self.schedules):
            ends = [end for end, _ in schedule[1:]]
            low[i] = max([low[i], *(end for end in ends if end <= samples[i])])
            high[i] = min([high[i], *(end for end in ends if end > samples[i])])
        return replace(self, lower=low, upper=high)

    def may_afford(self, samples: Integers) -> bool:
        """Whether the budget is kept by the convex envelopes of the costs."""
        return self.envelope.cost(samples) <= self.budget * (1 + COST_TOLERANCE)

    def below_order(self, samples: Integers) -> list[int]:
        """Providers of which some are bought, but fewer than their minimum order."""
        return [int(i) for i in np.flatnonzero((samples > 0) & (samples < self.minimum_orders))]

    def split(self, samples: Integers) -> list["FeasibleSet"]:
        """Parts that hold between them every plan, where `samples` break a minimum order or the
        budget; none of them empty.
        """
        if below_order := self.below_order(samples):
            i = max(below_order, key=lambda i: min(samples[i], self.minimum_orders[i] - samples[i]))
            ordered = max(self.lower[i], self.minimum_orders[i])
            return _possible([self._bounded(i, upper=0), self._bounded(i, lower=int(ordered))])
        return self.split_tiers(samples)

    def settled(self, samples: Integers) -> "FeasibleSet":
        """The part in which the clearer half of those that `samples` lack to their minimum order
        sell nothing or at least the order, whichever is nearer.
        """
        below_order = np.array(self.below_order(samples))
        filled = samples[below_order] / self.minimum_orders[below_order]
        clearer = np.argsort(-np.abs(filled - 0.5), kind="stable")[: (len(below_order) + 1) // 2]
        dropped = below_order[clearer][filled[clearer] < 0.5]
        ordered = below_order[clearer][filled[clearer] >= 0.5]
        low, high = self.lower.copy(), self.upper.copy()
        high[dropped], low[ordered] = 0, self.minimum_orders[ordered]
        return replace(self, lower=low, upper=high)

    def split_tiers(self, samples: Integers) -> list["FeasibleSet"]:
        """The parts below and above a tier's end, of the provider whose envelope is farthest off.

        Within one tier of every provider the envelope is the cost, so that this comes to an end.
        """
        i = int(np.argmax(self.tiers.costs(samples) - self.envelope.costs(samples)))
        ends = [end for end, _ in self.schedules[i] if self.lower[i] < end < self.upper[i]]
        if not ends:
            return []
        end = min(ends, key=lambda end: abs(end - samples[i]))
        return _possible([self._bounded(i, upper=end), self._bounded(i, lower=end)])

    def _bounded(
        self, provider: int, lower: int | None = None, upper: int | None = None
    ) -> "FeasibleSet":
        """The plans that also keep other bounds of one provider."""
        low, high = self.lower.copy(), self.upper.copy()
        low[provider] = low[provider] if lower is None else lower
        high[provider] = high[provider] if upper is None else upper
        return replace(self, lower=low, upper=high)

    @property
    def is_possible(self) -> bool:
        """Whether the bounds, and the envelopes of the costs, leave a plan."""
        bounds = (self.lower <= self.upper).all()
        if not (bounds and self.lower.sum() <= self.size <= self.upper.sum()):
            return False
        return self.may_afford(self.cheapest)

    @property
    def least_cost(self) -> float:
        """Money for `cheapest` by the envelopes of the costs: no plan costs less."""
        return self.envelope.cost(self.cheapest)

    @cached_property
    def cheapest(self) -> Integers:
        """Samples of each provider in a plan of least cost by the envelopes."""
        parts = np.zeros_like(self.envelope.width)
        missing = self.size - int(self.lower.sum())
        for k in self.cheapest_first:
            parts[k] = min(self.envelope.width[k], missing)
            missing -= int(parts[k])
        return np.asarray(self.lower + self.envelope.together(parts))

    @cached_property
    def cheapest_first(self) -> list[int]:
        """Segments of the envelopes by price, of equal prices by provider's name."""
        envelope = self.envelope
        return sorted(
            range(len(envelope.owner)),
            key=lambda k: (envelope.price[k], self.names[envelope.owner[k]], envelope.start[k]),
        )


def _possible(parts: Sequence[FeasibleSet]) -> list[FeasibleSet]:
    return [part for part in parts if part.is_possible]


def _check_terms(terms: Mapping[str, Terms], names: Sequence[str]) -> Mapping[str, Terms]:
    for name in terms:
        if name not in names:
            raise InputError(f"terms name the provider {name!r}: {nearest(name, names)}")
    return terms
