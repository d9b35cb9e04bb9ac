"""What every model of all scales is: the metric at any size from a mixture and its distance."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike
from scipy.special import ndtri

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors.predictor import FitReport, student_quantile
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.projection.law_error import LOG_LINEAR, LawError
from projektor_ray.projection.line_weights import check_scales
from projektor_ray.projection.posterior import deviation_of_differences, samples
from projektor_ray.projection.queries import Bounds, at_each_size, bounds_in, query
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.one_row import one_row, the_row

ScaleModelT = TypeVar("ScaleModelT", bound="ScaleModel")

DISCREPANCY_OF_ERROR = 0.5
"""Model discrepancy of a projection as far again, as a share of the error at the held-out scale."""
OWN_DISCREPANCY_HELD_OUT = 0.075
"""Of each mixture's own growth, as mixtures flatten apart, where a scale could be held out."""
ALIKE = 0.05
"""Mixtures that differ in a smaller part of their samples flatten alike."""


class ScaleModel(ABC):
    """The metric L̂(N, p) at any size N, fitted to probes at all scales.

    Parameters
    ----------
    bounds : range of the metric, (0, 1) for an accuracy; predictions are clipped to it, gradients
        are those of the unclipped prediction.

    Attributes
    ----------
    scales : at which there were probes, ascending.
    freedom : degrees of freedom of the intervals: probes at the scale with fewest, less 2; without
        scales of few probes, see `ProbeArrays.full_scales`. Of `PerScale` its predictors' least.
    held_out_errors : errors of the probes at the largest scale when it is projected from the
        smaller ones, shape (k_last,); None where either are too few, and of a stored model.
    held_out_rms : root mean square error of the same; None where those are too few to project from.
    noise : standard deviation of one training at the largest scale, in the units of
        `held_out_rms`; 0 where the model does not tell it from misfit.
    law : how far the growth beyond the largest scale departs from the model's.
    left_out : error of each probe when its mixture is left out at all scales at once, shape (k,);
        None where that takes further fits, see `predict_left_out`.
    """

    name: ClassVar[str]
    fewest_scales: ClassVar[int] = 2
    noise: float = 0.0
    law: LawError = LOG_LINEAR

    scales: tuple[int, ...]
    freedom: float
    held_out_errors: Floats | None = None
    held_out_rms: float | None = None
    left_out: Floats | None = None

    def __init__(self, bounds: Bounds | None = None) -> None:
        if bounds is not None and not bounds[0] < bounds[1]:
            raise InputError(f"a metric's bounds must be ascending, such as (0, 1); got {bounds}")
        self.bounds = bounds

    @abstractmethod
    def _fit(self, probes: ProbeArrays) -> None:
        """Set what the other methods need; `scales` is set."""

    @abstractmethod
    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        """The unclipped prediction (B,) and its total derivative along the shares (B, m)."""

    @abstractmethod
    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """∂L̂/∂N: the metric that one more sample of the same mixture is worth, shape (B,)."""

    @abstractmethod
    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """The unclipped prediction, shape (q,)."""

    @abstractmethod
    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Standard deviation around the prediction if the law of the sizes holds, shape (q,)."""

    @abstractmethod
    def covariance(
        self, mixtures: Floats, distances: Floats, size: float | Floats
    ) -> Floats | None:
        """Covariance of what is believed of the unclipped metric, shape (q, q).

        Without trainings' noise, if the law of the sizes holds. None where there is no posterior.

        Parameters
        ----------
        size : of all mixtures, or of each: an array of shape (q,).
        """

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        """`Predictor.uneven_noise`, at the largest scale."""
        return None

    @abstractmethod
    def unfitted(self: ScaleModelT) -> ScaleModelT:
        """A model with the same settings, to fit with the largest scale held out."""

    def fit(
        self: ScaleModelT,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        sizes: ArrayLike,
        values: ArrayLike,
    ) -> ScaleModelT:
        """Fit to probes at all scales; returns the model itself.

        Parameters
        ----------
        mixtures : array, shape (k, m): a row per probe.
        distances : array, shape (k,), or None where no predictor uses them.
        sizes : array, shape (k,): how many samples each probe was trained on.
        values : array, shape (k,): the metric of each probe.

        Raises
        ------
        TooFewProbesError
            If a scale has too few probes.
        InputError
            If there are fewer scales than a projection needs, or a number cannot be used.
        """
        return self.fit_arrays(ProbeArrays.check(mixtures, distances, values, sizes))

    def fit_arrays(self: ScaleModelT, probes: ProbeArrays) -> ScaleModelT:
        """`fit` to probes that are arrays already."""
        check_scales(probes.scales, self.fewest_scales)
        self.scales = probes.scales
        self._fit(probes)
        self.freedom = min(len(probes.at(scale)) for scale in probes.full_scales) - 2
        self.held_out_errors = missed = self._hold_out(probes)
        self.held_out_rms = None if missed is None else float(np.sqrt(np.mean(missed**2)))
        return self

    def _hold_out(self, probes: ProbeArrays) -> Floats | None:
        """Errors at the largest scale when projected there from the smaller ones."""
        last, smaller = probes.at(self.scales[-1]), probes.below(self.scales[-1])
        few = self.scales[-1] not in probes.full_scales
        if few or len(smaller.scales) < self.fewest_scales:
            return None
        model = self.unfitted()
        model.scales = smaller.scales
        try:
            model._fit(smaller)
        except TooFewProbesError:
            return None
        predicted = model._predict(last.mixtures, last.distances, self.scales[-1])
        return last.values - predicted

    def _report(self, probes: ProbeArrays, left_out: Floats) -> dict[int, FitReport]:
        """How well each scale is fitted, from the errors of left-out probes, shape (k,)."""
        reports = {}
        for scale in self.scales:
            at = probes.at(scale)
            fitted = self._predict(at.mixtures, at.distances, scale)
            reports[scale] = FitReport.of(at.values, fitted, left_out[probes.sizes == scale])
        return reports

    def predict(self, mixtures: ArrayLike, distances: ArrayLike | None, size: float) -> Floats:
        """The metric of mixtures (q, m) with distances (q,) at a size: shape (q,)."""
        mixtures, distances, size = query(mixtures, distances, size)
        return self.clip(self._predict(mixtures, distances, size))

    def interval(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        level: float = 0.9,
    ) -> Floats:
        """Where a new training's metric would lie, shape (q, 2): low and high.

        Half-width `√((t·spread)² + (z·discrepancy)²)`: the spread if the law of the sizes holds,
        and a discrepancy beyond the largest scale, because no law does; t and z are the quantiles
        of Student's and of the normal distribution: more probes lessen the spread only. The
        discrepancy grows with `ln(N / N_last)`; at `N_last²/N_before` it is half of what projecting
        to the largest scale from the smaller ones missed beyond noise, and besides, with three
        scales, half of `law.deviation` of the projected gain. Where there are too few scales to
        hold one out, it is the whole of that.
        """
        mixtures, distances, size = query(mixtures, distances, size)
        middle = self._predict(mixtures, distances, size)
        spread = self._spread(mixtures, distances, size)
        half = self._half_width(spread, self._model_discrepancy(mixtures, distances, size), level)
        return self.clip(np.stack([middle - half, middle + half], axis=1))

    def _half_width(self, spread: Floats, discrepancy: Floats, level: float) -> Floats:
        quantile = ndtri(0.5 + level / 2)
        return np.hypot(student_quantile(level, self.freedom) * spread, quantile * discrepancy)

    def gain_interval(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        others: ArrayLike,
        other_distances: ArrayLike | None,
        size: float,
        level: float = 0.9,
        other_size: float | None = None,
    ) -> Floats:
        """Where `L(N, p) − L(N', p')` lies, trainings' noise apart, shape (q, 2): low and high.

        Errors that the mixtures of a row share cancel: far narrower than the intervals of either.
        Without a posterior they are taken to share none. Each part of the discrepancy is one draw
        for both: its difference counts. Each mixture departs by itself too, unless nearly equal:
        `discrepancy² = Σ_parts (d − d')² + (1 − alike)·(own² + own'²)`.

        Parameters
        ----------
        size : N of `mixtures`.
        other_size : N' of `others`; absent: N.
        """
        there = size if other_size is None else other_size
        mixtures, distances, size = query(mixtures, distances, size)
        others, other_distances, there = query(others, other_distances, there)
        value = self.clip(self._predict(mixtures, distances, size))
        other = self.clip(self._predict(others, other_distances, there))
        sizes = np.repeat([size, there], [len(mixtures), len(others)])
        spread = self._gain_spread(
            np.vstack([mixtures, others]), np.append(distances, other_distances), sizes
        )
        one = self._discrepancies(mixtures, distances, size)
        two = self._discrepancies(others, other_distances, there)
        own = self._own_discrepancy(mixtures, distances, size)
        other_own = self._own_discrepancy(others, other_distances, there)
        apart = (1 - self._alike(mixtures, others)) * (own**2 + other_own**2)
        discrepancy = np.sqrt(((one - two) ** 2).sum(axis=0) + apart)
        half = self._half_width(spread, discrepancy, level)
        low, high = self.bounds or (-np.inf, np.inf)
        bounds = np.stack([value - other - half, value - other + half], axis=1)
        return np.asarray(np.clip(bounds, low - high, high - low))

    def _alike(self, mixtures: Floats, others: Floats) -> Floats:
        """From 1 for two equal mixtures to 0 for different ones, shape (q,)."""
        apart = 0.5 * np.abs(mixtures - others).sum(axis=1)
        return np.asarray(np.exp(-((apart / ALIKE) ** 2)))

    def _gain_spread(self, mixtures: Floats, distances: Floats, sizes: Floats) -> Floats:
        """Standard deviation of the error of `L(N_i, p_i) − L(N_(q+i), p_(q+i))` if the law holds,
        shape (q,), from mixtures (2q, m), distances and sizes (2q,).
        """
        covariance = self.covariance(mixtures, distances, sizes)
        if covariance is None:
            spread = at_each_size(self._spread, mixtures, distances, sizes)
            covariance = np.diag(spread**2)
        return deviation_of_differences(covariance)

    def sample_posterior(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        count: int,
        stream: np.random.Generator,
    ) -> Floats | None:
        """Metrics of mixtures (q, m) that agree with the probes as well as their noise asks for.

        Samples of the normal distribution of `predict` and `covariance`, in pairs around the mean,
        shape (count, q), not cut to the metric's bounds; None where the model has no posterior.
        """
        mixtures, distances, size = query(mixtures, distances, size)
        covariance = self.covariance(mixtures, distances, size)
        if covariance is None:
            return None
        mean = self._predict(mixtures, distances, size)
        return samples(mean, covariance, count, stream)

    def _growth(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """What the law itself adds beyond the largest scale, shape (q,); 0 up to there."""
        last = self.scales[-1]
        beyond = max(np.log(size / last), 0.0)
        return np.asarray(beyond * last * self.size_slope(mixtures, distances, last))

    def _model_discrepancy(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Standard deviation of the model discrepancy at a size, shape (q,)."""
        return np.asarray(np.linalg.norm(self._discrepancies(mixtures, distances, size), axis=0))

    def _discrepancies(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Standard deviations of its parts, each one draw for all mixtures, shape (parts, q).

        A share of the growth, with its sign, and of what the held-out scale missed, which holds the
        noise of its trainings, and about as much of those it was projected from. It may be small by
        chance: of the growth's share with two scales half counts with three as well.
        """
        of_law = self.law.deviation * self._growth(mixtures, distances, size)
        if self.held_out_rms is None:
            return of_law[None]
        missed = np.sqrt(max(self.held_out_rms**2 - 2 * self.noise**2, 0.0))
        before, last = self.scales[-2:]
        beyond = max(np.log(size / last), 0.0) / np.log(last / before)
        of_miss = np.full(len(mixtures), DISCREPANCY_OF_ERROR * missed * beyond)
        return np.stack([of_law / (len(self.scales) - 1), of_miss])

    def _own_discrepancy(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Standard deviation of what a mixture departs from the law by itself, shape (q,)."""
        share = self.law.own if self.held_out_rms is None else OWN_DISCREPANCY_HELD_OUT
        return share * self._growth(mixtures, distances, size)

    def clip(self, values: Floats) -> Floats:
        """Values within the metric's bounds."""
        return values if self.bounds is None else np.clip(values, *self.bounds)

    def to_arrow(self) -> pa.Table:
        """The fitted model as a table of one row: its name, its bounds, and its state."""
        values = {
            "scale_model": self.name,
            "bounds": None if self.bounds is None else list(self.bounds),
            "scales": list(self.scales),
            "freedom": self.freedom,
            "held_out_rms": self.held_out_rms,
            **self._state(),
        }
        return one_row(values)

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """What `_restore` needs, as plain values."""

    @abstractmethod
    def _restore(self, state: dict[str, Any]) -> None:
        """Set what predicting needs; `scales` is set."""

    @classmethod
    def from_arrow(cls: type[ScaleModelT], table: pa.Table) -> ScaleModelT:
        """The fitted model that `to_arrow` wrote: it predicts the same bits."""
        values = the_row(table)
        model = cls._unfilled(values)
        model.scales = tuple(values["scales"])
        model.freedom = values["freedom"]
        model.held_out_rms = values.get("held_out_rms")
        model._restore(values)
        return model

    @classmethod
    def _unfilled(cls: type[ScaleModelT], values: dict[str, Any]) -> ScaleModelT:
        """A model with the settings that `to_arrow` wrote."""
        return cls(bounds=bounds_in(values))
