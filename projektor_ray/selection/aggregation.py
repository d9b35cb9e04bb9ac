"""Several validation sets, or several metrics: their weighted mean, or the worst of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.special import softmax

from projektor_ray.errors import InputError, nearest
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Direction
from projektor_ray.selection.problem import MetricAt, PurchaseProblem
from projektor_ray.storage.arrays import Floats

SHARPNESS = 1000.0
"""Within ln(sets) / 1,000 of the worst one, in units of the spread, is what the search follows."""


class Combination(Protocol):
    """What several metrics are together: of their values, and of objectives."""

    def of(self, values: Sequence[Floats]) -> Floats:
        """The values (…,) of each metric together."""

    def __call__(self, parts: Sequence[MetricObjective], spread: float = 1.0, /) -> MetricObjective:
        """The objective that as many objectives are together, which range over about `spread`."""


@dataclass(frozen=True)
class Mean:
    """`Σ_k w_k L_k`, with weights that sum to 1."""

    weights: tuple[float, ...]

    def of(self, values: Sequence[Floats]) -> Floats:
        if len(values) != len(self.weights):
            raise InputError(
                f"expected a weight for each of the {len(values)} metrics; got {len(self.weights)}"
            )
        return np.asarray(np.tensordot(np.array(self.weights), np.asarray(values), 1))

    def __call__(self, parts: Sequence[MetricObjective], spread: float = 1.0) -> MetricObjective:
        return Weighted(parts, self)


@dataclass(frozen=True)
class Least:
    """`min_k L_k`; of metrics that are better lower, the largest."""

    direction: Direction

    @property
    def sign(self) -> float:
        """Values times this are better higher."""
        return 1.0 if self.direction == "maximize" else -1.0

    def of(self, values: Sequence[Floats]) -> Floats:
        return np.asarray(self.sign * np.min(self.sign * np.asarray(values), axis=0))

    def __call__(self, parts: Sequence[MetricObjective], spread: float = 1.0) -> MetricObjective:
        return Worst(parts, self, SHARPNESS / spread)


@dataclass(frozen=True, eq=False)
class Weighted:
    """`Σ_k w_k L_k(N, p)`.

    Errors of the parts are taken to go together, because the same trainings are behind them: an
    interval is the weighted mean of theirs.
    """

    parts: Sequence[MetricObjective]
    mean: Mean

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = zip(*(part(mixtures) for part in self.parts), strict=True)
        return self.mean.of(values), self.mean.of(gradients)

    def predict(self, mixtures: Floats) -> Floats:
        return self.mean.of([part.predict(mixtures) for part in self.parts])

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self.mean.of([part.interval(mixtures, level) for part in self.parts])

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        return self.mean.of([part.gain_interval(mixtures, others, level) for part in self.parts])

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        drawn = _drawn(self.parts, mixtures, count, stream)
        return None if drawn is None else self.mean.of(drawn)

    def size_slope(self, mixtures: Floats) -> Floats:
        return self.mean.of([part.size_slope(mixtures) for part in self.parts])


@dataclass(frozen=True, eq=False)
class Worst:
    """`min_k L_k(N, p)`; of metrics that are better lower, the largest.

    The search follows a smooth bound of it, `−ln Σ_k exp(−s L_k) / s`. Errors of the parts are
    taken to go together: a gain is as far off as that of the part that is known least, and never
    beyond the least and the greatest of the parts' intervals, whichever part is the worst.

    Attributes
    ----------
    sharpness : s, per unit of the metric.
    """

    parts: Sequence[MetricObjective]
    least: Least
    sharpness: float

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = (
            np.array(each) for each in zip(*(part(mixtures) for part in self.parts), strict=True)
        )
        sign = self.least.sign
        upward = sign * values
        shares = softmax(-self.sharpness * upward, axis=0)
        lowest = upward.min(axis=0)
        above = np.log(np.sum(np.exp(-self.sharpness * (upward - lowest)), axis=0)) / self.sharpness
        return sign * (lowest - above), np.einsum("kb,kbm->bm", shares, gradients)

    def predict(self, mixtures: Floats) -> Floats:
        return self.least.of([part.predict(mixtures) for part in self.parts])

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self.least.of([part.interval(mixtures, level) for part in self.parts])

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        ours, theirs = (
            np.array([part.predict(at) for part in self.parts]) for at in (mixtures, others)
        )
        low, high = np.array(
            [part.gain_interval(mixtures, others, level).T for part in self.parts]
        ).swapaxes(0, 1)
        gain, gains = self.least.of(list(ours)) - self.least.of(list(theirs)), ours - theirs
        below = np.maximum(gain - (gains - low).max(axis=0), low.min(axis=0))
        above = np.minimum(gain + (high - gains).max(axis=0), high.max(axis=0))
        return np.stack([below, above], axis=1)

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        drawn = _drawn(self.parts, mixtures, count, stream)
        return None if drawn is None else self.least.of(drawn)

    def size_slope(self, mixtures: Floats) -> Floats:
        values = self.least.sign * np.array([part.predict(mixtures) for part in self.parts])
        slopes = np.array([part.size_slope(mixtures) for part in self.parts])
        return np.asarray(slopes[values.argmin(axis=0), np.arange(len(mixtures))])


def weighted(weights: Sequence[float]) -> Combination:
    """The mean of as many metrics as there are weights, which are made to sum to 1.

    Raises
    ------
    InputError
        If a weight is negative or no number, or all are 0.
    """
    given = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0):
        raise InputError(f"weights must be 0 or more, and not all 0; got {list(weights)}")
    return Mean(tuple((given / given.sum()).tolist()))


def worst(direction: Direction) -> Combination:
    """The worst of any metrics."""
    return Least(direction)


def combination(
    names: Sequence[str],
    weights: Mapping[str, float] | None,
    direction: Direction,
    *,
    worst_of: bool,
) -> Combination:
    """What the metrics of these names are together: the worst, else their weighted mean.

    Parameters
    ----------
    weights : by name; absent: all the same.

    Raises
    ------
    InputError
        If both are asked for, or a weight cannot be used, is missing, or is of another name.
    """
    if worst_of and weights is not None:
        raise InputError("weights are for the mean, the worst takes none; drop one of the two")
    if worst_of:
        return worst(direction)
    given = dict.fromkeys(names, 1.0) if weights is None else weights
    for name in given:
        if name not in names:
            raise InputError(f"weights: nothing is called {name!r}; {nearest(name, names)}")
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(
            f"weights: none for {', '.join(missing)}; give one of 0 or more to each of "
            f"{', '.join(names)}"
        )
    return weighted([given[name] for name in names])


def together(markets: Mapping[str, PurchaseProblem], combine: Combination) -> PurchaseProblem:
    """The market of the first, for what all objectives are together; trials are of the same probes.

    Parameters
    ----------
    markets : by the name of the metric, or of the validation set.

    Raises
    ------
    InputError
        If some of the metrics are better higher and others lower.
    """
    first, *_ = every = list(markets.values())
    if len({market.direction for market in every}) > 1:
        raise InputError(
            "metrics that are bought for together must all be better higher, or all lower; "
            "give one kind, or negate a column"
        )

    parts = {name: _telling(market) for name, market in markets.items()}
    tried = [market.trials for market in every if market.trials is not None]
    trials = None
    if len(tried) == len(every):
        trials = (tried[0][0], combine.of([values for _, values in tried]))
    spread = max((float(np.ptp(values)) for _, values in tried), default=0.0) or 1.0
    return replace(
        first,
        objective_at=lambda size: combine([at(size) for at in parts.values()], spread),
        trials=trials,
        parts=parts,
    )


def _telling(market: PurchaseProblem) -> MetricAt:
    """A market's objectives, which must tell their intervals."""

    def objective_at(size: int) -> MetricObjective:
        objective = market.objective_at(size)
        if not isinstance(objective, MetricObjective):
            raise InputError("objectives can be bought for together if each tells its intervals")
        return objective

    return objective_at


def _drawn(
    parts: Sequence[MetricObjective], mixtures: Floats, count: int, stream: np.random.Generator
) -> list[Floats] | None:
    drawn = [part.sample_posterior(mixtures, count, stream) for part in parts]
    told = [one for one in drawn if one is not None]
    return told if len(told) == len(drawn) else None
