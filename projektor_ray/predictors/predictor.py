"""What every predictor is: the metric at one scale from a mixture and its distance."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from projektor_ray.errors import InputError, TooFewProbesError
from projektor_ray.predictors.probe_arrays import ProbeArrays, one_per_mixture
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.one_row import one_row, the_row

PredictorT = TypeVar("PredictorT", bound="Predictor")

FOLDS = 10
UNDEMANDING = {True: ("cs", 3), False: ("gp", 4)}
"""The predictor that needs fewest probes, and how many; with distances, and without."""


@dataclass(frozen=True)
class FitReport:
    """How well a predictor fits its probes, in the metric's units.

    Attributes
    ----------
    probes : how many it was fitted to.
    mae : mean absolute error on them.
    mae_cv : mean absolute error when each mixture (all its seeds) is predicted from the others.
    rms_cv : root mean square of the same errors.
    r2 : share of the values' variance explained on the probes themselves.
    """

    probes: int
    mae: float
    mae_cv: float
    rms_cv: float
    r2: float

    @staticmethod
    def of(values: Floats, fitted: Floats, left_out: Floats) -> "FitReport":
        residuals = values - fitted
        spread = float(np.sum((values - values.mean()) ** 2))
        unexplained = float(np.sum(residuals**2))
        negligible = 1e-20 * float(np.sum(values**2))
        scale = max(spread, negligible) or unexplained
        return FitReport(
            probes=len(values),
            mae=float(np.mean(np.abs(residuals))),
            mae_cv=float(np.mean(np.abs(left_out))),
            rms_cv=float(np.sqrt(np.mean(left_out**2))),
            r2=1.0 if unexplained <= negligible else 1.0 - unexplained / scale,
        )


class Predictor(ABC):
    """The metric at one scale, L̂(p), from a mixture and its distance to the validation set.

    Attributes
    ----------
    report : how well it fits; set by `fit`.
    coefficients : the fitted numbers, flat, in the order of the predictor's formula.
    """

    name: ClassVar[str]
    uses_distance: ClassVar[bool] = False
    design_precision: ClassVar[float] = 0.0
    """What is known of the coefficients of `design_columns` beforehand, see `d_optimal`."""

    report: FitReport
    coefficients: Floats

    @classmethod
    @abstractmethod
    def fewest_probes(cls, providers: int) -> int:
        """How many probes a fit needs."""

    @classmethod
    def design_columns(cls, mixtures: Floats) -> Floats:
        """What it is linear in, at mixtures whose distance is unknown: (q, m) → (q, f).

        Raises
        ------
        InputError
            If there are no such columns, so that no design can be D-optimal for it.
        """
        raise InputError(
            f"no design is D-optimal for the predictor {cls.name!r}: it is not linear in columns "
            "that are known before distances are measured. Set probes.design: maximin"
        )

    @abstractmethod
    def _fit(self, probes: ProbeArrays) -> None:
        """Set what `_predict` and `_derivatives` need."""

    @abstractmethod
    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        """Shape (q,)."""

    @abstractmethod
    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        """∂L̂/∂p at a fixed distance, shape (B, m), and ∂L̂/∂OT, shape (B,)."""

    def fit(
        self: PredictorT, mixtures: ArrayLike, distances: ArrayLike | None, values: ArrayLike
    ) -> PredictorT:
        """Fit to probes at one scale; returns the predictor itself.

        Parameters
        ----------
        mixtures : array, shape (k, m).
        distances : array, shape (k,), or None for predictors that use none.
        values : array, shape (k,): the metric of each probe.

        Raises
        ------
        TooFewProbesError
            If `k` is below `fewest_probes(m)`; says which predictor would do.
        InputError
            If a number is not finite, shapes disagree, or a needed distance is absent.
        """
        return self.fit_arrays(ProbeArrays.check(mixtures, distances, values))

    def fit_arrays(self: PredictorT, probes: ProbeArrays) -> PredictorT:
        """`fit` to probes that are arrays already."""
        if self.uses_distance and not probes.measured:
            raise InputError(
                f"the predictor {self.name!r} needs the distance of each mixture to the validation "
                "set; give distances, or use one of mixtures alone, such as 'pseudo_quadratic'"
            )
        self._check_count(probes)
        self.cross_validate(probes)
        return self

    def cross_validate(self, probes: ProbeArrays) -> Floats:
        """Fit, and return the errors of mixtures left out, shape (k,); sets the report."""
        self._fit(probes)
        left_out = self._left_out(probes)
        self.report = FitReport.of(probes.values, self._fitted(probes), left_out)
        return left_out

    def _fitted(self, probes: ProbeArrays) -> Floats:
        """Predictions of the probes that it was fitted to, shape (k,)."""
        return self._predict(probes.mixtures, probes.distances)

    def predict(self, mixtures: ArrayLike, distances: ArrayLike | None = None) -> Floats:
        """The metric of mixtures (q, m) with distances (q,): shape (q,)."""
        mixtures = self._check_query(mixtures)
        return self._predict(mixtures, one_per_mixture("distances", distances, len(mixtures)))

    def gradient(self, mixture: ArrayLike, distance: float, distance_gradient: ArrayLike) -> Floats:
        """Total derivative of the metric along the shares, shape (m,).

            dL̂/dp_i = ∂L̂/∂p_i + ∂L̂/∂OT · ∂OT/∂p_i,

        where ∂L̂/∂OT sums over all providers (the published code keeps provider i's term alone).
        """
        mixtures = np.atleast_2d(np.asarray(mixture, dtype=np.float64))
        gradients = np.atleast_2d(np.asarray(distance_gradient, dtype=np.float64))
        return np.asarray(
            self.value_and_gradient(mixtures, np.array([float(distance)]), gradients)[1][0]
        )

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats
    ) -> tuple[Floats, Floats]:
        """`predict` and `gradient` of a batch: (B, m), (B,), (B, m) → (B,), (B, m)."""
        mixtures = self._check_query(mixtures)
        along_shares, along_distance = self._derivatives(mixtures, distances)
        return (
            self._predict(mixtures, distances),
            along_shares + along_distance[:, None] * distance_gradients,
        )

    def interval(
        self, mixtures: ArrayLike, distances: ArrayLike | None = None, level: float = 0.9
    ) -> Floats:
        """Where a new probe's value would lie, shape (q, 2): low and high.

        Half-width `t(freedom) · spread(p)`.
        """
        mixtures = self._check_query(mixtures)
        distances = one_per_mixture("distances", distances, len(mixtures))
        middle = self._predict(mixtures, distances)
        half = student_quantile(level, self.freedom) * self.spread(mixtures, distances)
        return np.stack([middle - half, middle + half], axis=1)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of Student's t in the intervals; here `k − 2`, of k probes."""
        return self.report.probes - 2

    def spread(self, mixtures: Floats, distances: Floats) -> Floats:
        """Standard deviation of a new probe's value around the prediction, shape (q,).

        For predictors without a variance of their own, the root mean square of the errors on
        mixtures that were left out, which contains noise and misfit alike.
        """
        return np.full(len(mixtures), self.report.rms_cv)

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        """Standard deviation of one training of mixtures (q, m) with distances (q,), shape (q,).

        None where it is the same for all, or not known.
        """
        return None

    def covariance(self, mixtures: Floats, distances: Floats) -> Floats | None:
        """Covariance of what is believed of the metric without noise, shape (q, q).

        None for predictors without a posterior: the errors of their coefficients alone would miss
        where the formula does not hold, and make a plan look certain.
        """
        return None

    def to_arrow(self) -> pa.Table:
        """The fitted predictor as a table of one row: its name, its report, and its state."""
        return one_row({"predictor": self.name, "report": asdict(self.report), **self._state()})

    def _state(self) -> dict[str, Any]:
        return {"coefficients": self.coefficients.tolist()}

    def _restore(self, state: dict[str, Any]) -> None:
        self.coefficients = np.asarray(state["coefficients"], dtype=np.float64)

    @classmethod
    def from_arrow(cls: type[PredictorT], table: pa.Table) -> PredictorT:
        """The fitted predictor that `to_arrow` wrote: it predicts the same bits."""
        values, predictor = the_row(table), cls()
        predictor.report = FitReport(**values["report"])
        predictor._restore(values)
        return predictor

    def _left_out(self, probes: ProbeArrays) -> Floats:
        """Errors of mixtures that were left out, shape (k,): here by fitting again, in folds.

        Each fold has mixtures of low and of high values. The order of the probes has no say.
        """
        groups = sorted(probes.groups(), key=lambda rows: float(probes.values[rows].mean()))
        residuals = np.empty(len(probes))
        for fold in range(min(FOLDS, len(groups))):
            held_out = np.concatenate(groups[fold::FOLDS])
            rest = probes.take(np.setdiff1d(np.arange(len(probes)), held_out))
            left_out = probes.take(held_out)
            fitted = type(self)()
            fitted._fit(rest)
            residuals[held_out] = left_out.values - fitted._predict(
                left_out.mixtures, left_out.distances
            )
        return residuals

    def _check_count(self, probes: ProbeArrays) -> None:
        needed = self.fewest_probes(probes.n_providers)
        if len(probes) >= needed:
            return
        name, fewest = UNDEMANDING[probes.measured]
        would_do = (
            f", or use another predictor: {name!r} would do with {fewest}"
            if len(probes) >= fewest
            else f"; no predictor does with fewer than {fewest}"
            + ("" if probes.measured else " and without distances")
        )
        raise TooFewProbesError(
            f"the predictor {self.name!r} needs at least {needed} probes for "
            f"{probes.n_providers} providers; got {len(probes)}. Train more mixtures{would_do}"
        )

    def _check_query(self, mixtures: ArrayLike) -> Floats:
        array = np.asarray(mixtures, dtype=np.float64)
        if array.ndim != 2:
            raise InputError(
                f"expected mixtures of shape (q, m), a row per mixture; got shape {array.shape}"
            )
        if not np.isfinite(array).all():
            raise InputError("mixtures to predict must be finite numbers; got NaN or infinity")
        return array


def student_quantile(level: float, freedom: float) -> float:
    """Half-width of a central interval of Student's t with `freedom` degrees, at least 1.

    Raises
    ------
    InputError
        Unless 0 < level < 1.
    """
    if not 0 < level < 1:
        raise InputError(f"an interval's level must lie between 0 and 1; got {level}")
    return float(stdtrit(max(freedom, 1.0), 0.5 + level / 2))
