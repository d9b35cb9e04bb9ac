"""Costs that are piecewise linear in the quantity, and their convex envelopes."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.selection.provider import Schedule, cost_of
from projektor_ray.storage.array_types import Floats

Integers = NDArray[np.int64]
Corner = tuple[int, float]
"""Samples, and the money for them."""
Line = tuple[float, tuple[tuple[int, int, float], ...]]
"""Money before the first segment; (start, width, price) of each."""


@dataclass(frozen=True, eq=False)
class PiecewiseLinearCosts:
    """Costs of m providers: `c_i(x) = base_i + Σ_{k of i} price_k · clip(x − start_k, 0, width_k)`.

    Attributes
    ----------
    owner : provider of each segment, ascending, shape (k,); every provider has one or more.
    start, width : samples before a segment and within it, shape (k,).
    price : money per sample within it, shape (k,).
    base : money before the first segment of each provider, shape (m,).
    """

    owner: NDArray[np.intp]
    start: Integers
    width: Integers
    price: Floats
    base: Floats

    @staticmethod
    def of(
        schedules: Sequence[Schedule], lower: Integers, upper: Integers
    ) -> "PiecewiseLinearCosts":
        """The costs between bounds (m,)."""
        bounds = zip(schedules, lower.tolist(), upper.tolist(), strict=True)
        return PiecewiseLinearCosts._of([_line(*one, convex=False) for one in bounds])

    @staticmethod
    def envelopes(
        schedules: Sequence[Schedule], lower: Integers, upper: Integers
    ) -> "PiecewiseLinearCosts":
        """The convex envelopes of the costs between bounds (m,).

        An envelope is the largest convex function that nowhere exceeds the cost. Where prices
        rise with the quantity it is the cost; where they fall, the chord between the bounds.
        """
        bounds = zip(schedules, lower.tolist(), upper.tolist(), strict=True)
        return PiecewiseLinearCosts._of([_line(*one, convex=True) for one in bounds])

    @staticmethod
    def _of(lines: Sequence[Line]) -> "PiecewiseLinearCosts":
        rows = itertools.chain.from_iterable(line for _, line in lines)
        start, width, price = (np.array(column) for column in zip(*rows, strict=True))
        owner = np.repeat(np.arange(len(lines)), [len(line) for _, line in lines])
        base = np.array([paid for paid, _ in lines])
        return PiecewiseLinearCosts(owner, start, width, price.astype(np.float64), base)

    def parts(self, samples: NDArray[Any]) -> NDArray[Any]:
        """How much of each segment samples (…, m) fill, shape (…, k)."""
        return np.clip(samples[..., self.owner] - self.start, 0, self.width)

    def together(self, parts: NDArray[Any]) -> NDArray[Any]:
        """The sum of parts (…, k) over each provider's segments, shape (…, m)."""
        if len(self.owner) == len(self.base):
            return parts
        first = np.searchsorted(self.owner, np.arange(len(self.base)))
        return np.asarray(np.add.reduceat(parts, first, axis=-1))

    def costs(self, samples: NDArray[Any]) -> Floats:
        """Money for so many samples of each provider, (…, m) → (…, m)."""
        return np.asarray(self.base + self.together(self.parts(samples) * self.price))

    def cost(self, samples: Integers) -> float:
        """Money in all."""
        return float(self.costs(samples).sum())


def price_of_next(schedules: Sequence[Schedule], samples: Integers) -> Floats:
    """Price of one more sample of each provider, shape (m,)."""
    each = zip(schedules, samples.tolist(), strict=True)
    return np.array([_price_above(schedule, count) for schedule, count in each])


def price_of_last(schedules: Sequence[Schedule], samples: Integers) -> Floats:
    """Price of the last sample of each provider, shape (m,); of the first where there is none."""
    return price_of_next(schedules, np.maximum(samples - 1, 0))


def _price_above(schedule: Schedule, samples: int) -> float:
    return [price for above, price in schedule if above <= samples][-1]


@lru_cache(maxsize=1 << 16)
def _line(schedule: Schedule, fewest: int, most: int, *, convex: bool) -> Line:
    """One provider's cost between bounds, or its envelope: parts of a set share most of them."""
    corners = _corners(schedule, fewest, most)
    if convex:
        corners = _lower_hull(corners)
    if len(corners) == 1:
        return corners[0][1], ((corners[0][0], 0, _price_above(schedule, corners[0][0])),)
    rows = []
    for (x, cost), (end, paid) in itertools.pairwise(corners):
        chord = any(x < above < end for above, _ in schedule)
        price = (paid - cost) / (end - x) if chord else _price_above(schedule, x)
        rows.append((x, end - x, price))
    return corners[0][1], tuple(rows)


def _corners(schedule: Schedule, fewest: int, most: int) -> list[Corner]:
    """(samples, money) at the bounds and at the tiers' ends between them."""
    inside = [above for above, _ in schedule if fewest < above < most]
    return [(x, cost_of(schedule, x)) for x in dict.fromkeys([fewest, *inside, most])]


def _lower_hull(corners: list[Corner]) -> list[Corner]:
    """The corners of the convex envelope (Andrew's monotone chain)."""
    hull: list[Corner] = []
    for x, cost in corners:
        while len(hull) > 1:
            (x0, cost0), (x1, cost1) = hull[-2:]
            if (cost1 - cost0) * (x - x0) < (cost - cost0) * (x1 - x0):
                break
            hull.pop()
        hull.append((x, cost))
    return hull
