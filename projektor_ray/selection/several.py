"""Several validation sets, or several metrics: their weighted mean, or the worst of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from projektor_ray.errors import InputError
from projektor_ray.selection.market import Market
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Direction

Floats = NDArray[np.float64]

SHARPNESS = 1000.0
"""Per unit of the metric: within ln(sets) / 1,000 of the worst one is what the search follows."""

Combination = Callable[[Sequence[MetricObjective]], MetricObjective]


@dataclass(frozen=True, eq=False)
class Weighted:
    """`Σ_k w_k L_k(N, p)`, with weights that sum to 1.

    Errors of the parts are taken to go together, because the same trainings are behind them: an
    interval is the weighted mean of theirs.
    """

    parts: Sequence[MetricObjective]
    weights: Floats

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = zip(*(part(mixtures) for part in self.parts), strict=True)
        return self._mean(values), self._mean(gradients)

    def predict(self, mixtures: Floats) -> Floats:
        return self._mean([part.predict(mixtures) for part in self.parts])

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self._mean([part.interval(mixtures, level) for part in self.parts])

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        return self._mean([part.gain_interval(mixtures, others, level) for part in self.parts])

    def surfaces(self, mixtures: Floats, count: int, stream: np.random.Generator) -> Floats | None:
        drawn = _drawn(self.parts, mixtures, count, stream)
        return None if drawn is None else self._mean(drawn)

    def size_slope(self, mixtures: Floats) -> Floats:
        return self._mean([part.size_slope(mixtures) for part in self.parts])

    def _mean(self, parts: Sequence[Floats] | Floats) -> Floats:
        return np.asarray(np.tensordot(self.weights, np.asarray(parts), 1))


@dataclass(frozen=True, eq=False)
class Worst:
    """`min_k L_k(N, p)`; of metrics that are better lower, the largest.

    The search follows a smooth bound of it, `−ln Σ_k exp(−s L_k) / s`. A gain's interval reaches
    from the least of the parts' to the greatest, since the worst part may change between the plans.
    """

    parts: Sequence[MetricObjective]
    direction: Direction

    @property
    def _sign(self) -> float:
        """Values times this are better higher."""
        return 1.0 if self.direction == "maximize" else -1.0

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = (
            np.array(each) for each in zip(*(part(mixtures) for part in self.parts), strict=True)
        )
        upward = self._sign * values
        shares = softmax(-SHARPNESS * upward, axis=0)
        least = upward.min(axis=0)
        above = np.log(np.sum(np.exp(-SHARPNESS * (upward - least)), axis=0)) / SHARPNESS
        return self._sign * (least - above), np.einsum("kb,kbm->bm", shares, gradients)

    def predict(self, mixtures: Floats) -> Floats:
        return self._worst([part.predict(mixtures) for part in self.parts])

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self._worst([part.interval(mixtures, level) for part in self.parts])

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        each = np.array([part.gain_interval(mixtures, others, level) for part in self.parts])
        return np.stack([each[..., 0].min(axis=0), each[..., 1].max(axis=0)], axis=1)

    def surfaces(self, mixtures: Floats, count: int, stream: np.random.Generator) -> Floats | None:
        drawn = _drawn(self.parts, mixtures, count, stream)
        return None if drawn is None else self._worst(drawn)

    def size_slope(self, mixtures: Floats) -> Floats:
        values = self._sign * np.array([part.predict(mixtures) for part in self.parts])
        slopes = np.array([part.size_slope(mixtures) for part in self.parts])
        return np.asarray(slopes[values.argmin(axis=0), np.arange(len(mixtures))])

    def _worst(self, parts: Sequence[Floats]) -> Floats:
        return np.asarray(self._sign * np.min(self._sign * np.asarray(parts), axis=0))


def weighted(weights: Sequence[float]) -> Combination:
    """The mean of as many objectives as there are weights, which are made to sum to 1.

    Raises
    ------
    InputError
        If a weight is negative or no number, all are 0, or there is another number of objectives.
    """
    given = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0):
        raise InputError(f"weights must be 0 or more, and not all 0; got {list(weights)}")

    def combine(parts: Sequence[MetricObjective]) -> MetricObjective:
        if len(parts) != len(given):
            raise InputError(
                f"expected a weight for each of the {len(parts)} metrics; got {len(given)}"
            )
        return Weighted(parts, given / given.sum())

    return combine


def worst(direction: Direction) -> Combination:
    """The worst of any objectives."""
    return lambda parts: Worst(parts, direction)


def together(markets: Sequence[Market], combine: Combination) -> Market:
    """The market of the first, its best trained mixtures too, for what all objectives are together.

    Raises
    ------
    InputError
        If some of the metrics are better higher and others lower.
    """
    if len({market.direction for market in markets}) > 1:
        raise InputError(
            "metrics that are bought for together must all be better higher, or all lower; "
            "give one kind, or negate a column"
        )

    def objective_at(size: int) -> MetricObjective:
        parts = [market.objective_at(size) for market in markets]
        told = [part for part in parts if isinstance(part, MetricObjective)]
        if len(told) < len(parts):
            raise InputError("objectives can be bought for together if each tells its intervals")
        return combine(told)

    return replace(markets[0], objective_at=objective_at)


def _drawn(
    parts: Sequence[MetricObjective], mixtures: Floats, count: int, stream: np.random.Generator
) -> list[Floats] | None:
    drawn = [part.surfaces(mixtures, count, stream) for part in parts]
    told = [one for one in drawn if one is not None]
    return told if len(told) == len(drawn) else None
