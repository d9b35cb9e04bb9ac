"""Aggregate of several metrics, or validation sets: their weighted mean, or the worst of them."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from scipy.special import softmax

from projektor_ray.errors import InputError, nearest
from projektor_ray.selection.objective import Direction, MetricObjective
from projektor_ray.selection.purchase_problem import MetricAt, PurchaseProblem
from projektor_ray.storage.array_types import Floats

AggregateRule = Literal["mean", "worst"] | Mapping[str, float]
"""How several metrics make one: their mean, the worst of them, or a mean with weights by name."""
SHARPNESS = 1000.0
"""Within ln(sets) / 1,000 of the worst one, in units of the spread, is what the search follows."""


class Aggregation(Protocol):
    """One number from several metrics: of their values, and of objectives."""

    def of(self, values: Sequence[Floats]) -> Floats:
        """The aggregate of the metrics' values, each of shape (…,)."""

    def __call__(self, parts: Sequence[MetricObjective], spread: float = 1.0, /) -> MetricObjective:
        """The aggregate of objectives, whose values range over about `spread`."""


@dataclass(frozen=True)
class WeightedMean:
    """`Σ_k w_k L_k`, with weights that sum to 1."""

    weights: tuple[float, ...]

    def of(self, values: Sequence[Floats]) -> Floats:
        if len(values) != len(self.weights):
            raise InputError(
                f"expected a weight for each of the {len(values)} metrics; got {len(self.weights)}"
            )
        return np.asarray(np.tensordot(np.array(self.weights), np.asarray(values), 1))

    def __call__(self, parts: Sequence[MetricObjective], spread: float = 1.0) -> MetricObjective:
        return WeightedObjective(parts, self)


@dataclass(frozen=True)
class WorstCase:
    """`min_k L_k`; of metrics that are better lower, the largest."""

    direction: Direction

    @property
    def sign(self) -> float:
        """Values times this are better higher."""
        return 1.0 if self.direction == "maximize" else -1.0

    def of(self, values: Sequence[Floats]) -> Floats:
        return np.asarray(self.sign * np.min(self.sign * np.asarray(values), axis=0))

    def __call__(self, parts: Sequence[MetricObjective], spread: float = 1.0) -> MetricObjective:
        return WorstCaseObjective(parts, self, SHARPNESS / spread)


@dataclass(frozen=True, eq=False)
class WeightedObjective:
    """`Σ_k w_k L_k(N, p)`.

    Errors of the parts are taken to go together, because the same trainings are behind them: an
    interval is the weighted mean of theirs.
    """

    parts: Sequence[MetricObjective]
    mean: WeightedMean

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = zip(*(part(mixtures) for part in self.parts), strict=True)
        return self.mean.of(values), self.mean.of(gradients)

    def predict(self, mixtures: Floats) -> Floats:
        return self.mean.of([part.predict(mixtures) for part in self.parts])

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self.mean.of([part.interval(mixtures, level) for part in self.parts])

    def gain_interval(
        self,
        mixtures: Floats,
        others: Floats,
        level: float,
        of_others: MetricObjective | None = None,
    ) -> Floats:
        return self.mean.of(_gains(self, mixtures, others, level, of_others))

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        drawn = _drawn(self.parts, mixtures, count, stream)
        return None if drawn is None else self.mean.of(drawn)

    def size_slope(self, mixtures: Floats) -> Floats:
        return self.mean.of([part.size_slope(mixtures) for part in self.parts])


@dataclass(frozen=True, eq=False)
class WorstCaseObjective:
    """`min_k L_k(N, p)`; of metrics that are better lower, the largest.

    The search follows a smooth bound of it, `−ln Σ_k exp(−s L_k) / s`. Errors of the parts are
    taken to go together: a gain is as far off as that of the part that is known least, and never
    beyond the least and the greatest of the parts' intervals, whichever part is the worst.

    Attributes
    ----------
    sharpness : s, per unit of the metric.
    """

    parts: Sequence[MetricObjective]
    rule: WorstCase
    sharpness: float

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = (
            np.array(each) for each in zip(*(part(mixtures) for part in self.parts), strict=True)
        )
        sign = self.rule.sign
        upward = sign * values
        shares = softmax(-self.sharpness * upward, axis=0)
        lowest = upward.min(axis=0)
        above = np.log(np.sum(np.exp(-self.sharpness * (upward - lowest)), axis=0)) / self.sharpness
        return sign * (lowest - above), np.einsum("kb,kbm->bm", shares, gradients)

    def predict(self, mixtures: Floats) -> Floats:
        return self.rule.of([part.predict(mixtures) for part in self.parts])

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return self.rule.of([part.interval(mixtures, level) for part in self.parts])

    def gain_interval(
        self,
        mixtures: Floats,
        others: Floats,
        level: float,
        of_others: MetricObjective | None = None,
    ) -> Floats:
        ours = np.array([part.predict(mixtures) for part in self.parts])
        theirs = np.array([part.predict(others) for part in _parts(of_others or self)])
        low, high = np.moveaxis(np.array(_gains(self, mixtures, others, level, of_others)), 2, 0)
        gain, gains = self.rule.of(list(ours)) - self.rule.of(list(theirs)), ours - theirs
        below = np.maximum(gain - (gains - low).max(axis=0), low.min(axis=0))
        above = np.minimum(gain + (high - gains).max(axis=0), high.max(axis=0))
        return np.stack([below, above], axis=1)

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        drawn = _drawn(self.parts, mixtures, count, stream)
        return None if drawn is None else self.rule.of(drawn)

    def size_slope(self, mixtures: Floats) -> Floats:
        values = self.rule.sign * np.array([part.predict(mixtures) for part in self.parts])
        slopes = np.array([part.size_slope(mixtures) for part in self.parts])
        return np.asarray(slopes[values.argmin(axis=0), np.arange(len(mixtures))])


def _parts(objective: MetricObjective) -> Sequence[MetricObjective]:
    assert isinstance(objective, WeightedObjective | WorstCaseObjective)
    return objective.parts


def _gains(
    objective: WeightedObjective | WorstCaseObjective,
    mixtures: Floats,
    others: Floats,
    level: float,
    of_others: MetricObjective | None,
) -> list[Floats]:
    """Intervals of the gains in each part, (B, 2)."""
    there = objective.parts if of_others is None else _parts(of_others)
    return [
        part.gain_interval(mixtures, others, level, other)
        for part, other in zip(objective.parts, there, strict=True)
    ]


def weighted_mean(weights: Sequence[float]) -> WeightedMean:
    """The weighted mean of as many metrics as there are weights, which are made to sum to 1.

    Raises
    ------
    InputError
        If a weight is negative or no number, or all are 0.
    """
    given = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0):
        raise InputError(f"weights must be 0 or more, and not all 0; got {list(weights)}")
    return WeightedMean(tuple((given / given.sum()).tolist()))


def aggregation(rule: AggregateRule, names: Sequence[str], direction: Direction) -> Aggregation:
    """The aggregation of the metrics of these names.

    Parameters
    ----------
    rule : `mean`, `worst`, or the weights of a mean by name.

    Raises
    ------
    InputError
        If a weight cannot be used, is missing, or has an unknown name.
    """
    if rule == "worst":
        return WorstCase(direction)
    given = dict.fromkeys(names, 1.0) if rule == "mean" else rule
    for name in given:
        if name not in names:
            raise InputError(f"aggregate: there is no {name!r}; {nearest(name, names)}")
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(
            f"aggregate: no weight for {', '.join(missing)}; give a weight of 0 or more to each of "
            f"{', '.join(names)}"
        )
    return weighted_mean([given[name] for name in names])


def aggregate(problems: Mapping[str, PurchaseProblem], how: Aggregation) -> PurchaseProblem:
    """The first problem with the aggregate of all objectives; trials must be of the same probes.

    Parameters
    ----------
    problems : by the name of the metric, or of the validation set.

    Raises
    ------
    InputError
        If some of the metrics are better higher and others lower.
    """
    first, *_ = every = list(problems.values())
    if len({problem.direction for problem in every}) > 1:
        raise InputError(
            "metrics can be aggregated only if all are maximized or all are minimized; drop a "
            "metric, or negate its column"
        )

    parts = {name: _with_intervals(problem) for name, problem in problems.items()}
    trained = [problem.trials for problem in every if problem.trials is not None]
    trials = None
    if len(trained) == len(every):
        trials = (trained[0][0], how.of([values for _, values in trained]))
    spread = max((float(np.ptp(values)) for _, values in trained), default=0.0) or 1.0
    return replace(
        first,
        objective_at=lambda size: how([at(size) for at in parts.values()], spread),
        trials=trials,
        parts=parts,
    )


def _with_intervals(problem: PurchaseProblem) -> MetricAt:
    """The objectives of a problem, which must have intervals."""

    def objective_at(size: int) -> MetricObjective:
        objective = problem.objective_at(size)
        if not isinstance(objective, MetricObjective):
            raise InputError("objectives can be aggregated only if each has intervals")
        return objective

    return objective_at


def _drawn(
    parts: Sequence[MetricObjective], mixtures: Floats, count: int, stream: np.random.Generator
) -> list[Floats] | None:
    """Posterior samples of each part from the same standard normal numbers, so that the errors of
    the parts go together; None where a part has no posterior.
    """
    drawn = [part.sample_posterior(mixtures, count, deepcopy(stream)) for part in parts]
    known = [one for one in drawn if one is not None]
    return known if len(known) == len(drawn) else None
