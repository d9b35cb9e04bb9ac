"""Models of all scales that join one predictor per scale: Eq. 3, and no projection."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from projektor_ray.predictors import Predictor, restore
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.projection.log_linear import (
    check_scales,
    check_size,
    line_weights,
    noise_precisions,
    scale_weights,
)
from projektor_ray.projection.scale_model import Bounds, ScaleModel
from projektor_ray.storage.arrays import Floats
from projektor_ray.storage.one_row import one_row, the_row

PerScaleT = TypeVar("PerScaleT", bound="PerScale")

EXPONENTS = np.arange(0.02, 1.51, 0.02)
"""Candidate exponents of the saturating law; towards 0 it becomes the log-linear one."""


class PerScale(ScaleModel):
    """L̂(N, p) = Σ_s w_s(N) · L̂_s(p): a predictor fitted at each scale, joined by weights.

    Parameters
    ----------
    predictor : name of the predictor that `fit` fits at each scale.
    """

    predictors: Mapping[int, Predictor]

    def __init__(self, predictor: str = "cs", bounds: Bounds | None = None) -> None:
        super().__init__(bounds)
        self.predictor = predictor_class(predictor)

    @classmethod
    def of(
        cls: type[PerScaleT], predictors: Mapping[int, Predictor], bounds: Bounds | None = None
    ) -> PerScaleT:
        """The model that joins predictors fitted already, by scale.

        Raises
        ------
        InputError
            If there are fewer scales than the model needs.
        """
        model = cls(bounds=bounds)
        model.predictors = {scale: predictors[scale] for scale in sorted(predictors)}
        model.scales = tuple(model.predictors)
        check_scales(model.scales, cls.fewest_scales)
        model.freedom = min(fitted.report.probes for fitted in predictors.values()) - 2
        return model

    @abstractmethod
    def weights(self, size: float) -> Floats:
        """`w_s(N)`, shape (s,); they sum to 1."""

    @abstractmethod
    def _weight_slopes(self, size: float) -> Floats:
        """∂w_s/∂N, shape (s,)."""

    def _precisions(self) -> list[float]:
        return noise_precisions(self.scales)

    def _fit(self, probes: ProbeArrays) -> None:
        self.predictors = {
            scale: self.predictor().fit_arrays(probes.at(scale)) for scale in self.scales
        }

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        value, gradient = np.zeros(len(mixtures)), np.zeros(mixtures.shape)
        for weight, predictor in zip(self.weights(size), self.predictors.values(), strict=True):
            at_scale = predictor.value_and_gradient(mixtures, distances, distance_gradients)
            value += weight * at_scale[0]
            gradient += weight * at_scale[1]
        return value, gradient

    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._weight_slopes(size) @ self._at_scales(mixtures, distances)

    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self.weights(size) @ self._at_scales(mixtures, distances)

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Errors of the scales are independent, and amplified by their weights."""
        predictors = self.predictors.values()
        spreads = np.array([predictor.spread(mixtures, distances) for predictor in predictors])
        return np.asarray(np.sqrt(self.weights(size) ** 2 @ spreads**2))

    def covariance(self, mixtures: Floats, distances: Floats, size: float) -> Floats | None:
        total = np.zeros((len(mixtures), len(mixtures)))
        for weight, predictor in zip(self.weights(size), self.predictors.values(), strict=True):
            own = predictor.covariance(mixtures, distances)
            if own is None:
                return None
            total += weight**2 * own
        return total

    def unfitted(self: PerScaleT) -> PerScaleT:
        return type(self)(self.predictor.name, self.bounds)

    def _at_scales(self, mixtures: Floats, distances: Floats) -> Floats:
        """The metric predicted at each scale, shape (s, q)."""
        predictors = self.predictors.values()
        return np.array([predictor.predict(mixtures, distances) for predictor in predictors])

    def _state(self) -> dict[str, Any]:
        return {"predictors": [the_row(one.to_arrow()) for one in self.predictors.values()]}

    def _restore(self, state: dict[str, Any]) -> None:
        fitted = [restore(one_row(part)) for part in state["predictors"]]
        self.predictors = dict(zip(self.scales, fitted, strict=True))


def decider(model: ScaleModel) -> str:
    """Name of what is fitted at the scales that a model of all scales predicts by: of the predictor
    that it joins, or its own where it joins none.
    """
    if isinstance(model, PerScale):
        return next(iter(model.predictors.values())).name
    return model.name


class LogLinear(PerScale):
    """Eq. 3: the metric is linear in ln N for each mixture.

    Over more than two scales, least squares of the same law, weighed by N^0.7 because the noise of
    trainings falls so; over two, Eq. 3 itself.
    """

    name = "eq3"

    def weights(self, size: float) -> Floats:
        return scale_weights(size, self.scales, self._precisions())

    def _weight_slopes(self, size: float) -> Floats:
        doubled = scale_weights(np.array([1.0, np.e]), self.scales, self._precisions())
        return np.asarray((doubled[:, 1] - doubled[:, 0]) / size)


class NoProjection(PerScale):
    """The value at the largest scale, whatever the size: what every projection has to beat."""

    name = "none"
    fewest_scales = 1

    def weights(self, size: float) -> Floats:
        check_size(size)
        return np.asarray(np.eye(len(self.scales))[-1])

    def _weight_slopes(self, size: float) -> Floats:
        return np.zeros(len(self.scales))

    def _drift(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """All of the growth is missed: as much again as between the last two scales; with its sign.

        With one scale nothing tells it, and the size must be that scale.
        """
        if len(self.scales) == 1:
            return np.zeros(len(mixtures))
        before, last = self._at_scales(mixtures, distances)[-2:]
        beyond = max(np.log(size / self.scales[-1]), 0.0)
        return np.asarray(beyond * (last - before) / np.log(self.scales[-1] / self.scales[-2]))


class Saturating(PerScale):
    """`L̂(N, p) = L∞(p) − k(p)·N^(−β)`, with one exponent β for all mixtures.

    For a given β the law is a line in N^(−β), so that the scales' predictors are joined by
    weights as Eq. 3 joins them. β is the exponent of least (weighted) squared distance of all
    mixtures' predictions from their lines; a free exponent for each mixture would follow the noise.
    """

    name = "saturating"
    fewest_scales = 3

    exponent: float

    def weights(self, size: float) -> Floats:
        return self._weights(float(check_size(size)), self.exponent)

    def _weight_slopes(self, size: float) -> Floats:
        """Weights are linear in −N^(−β), whose derivative is β·N^(−β−1)."""
        at = -(np.array([1.0, 2.0]) ** -self.exponent)
        both = line_weights(at, -(self._sizes**-self.exponent), self._precisions())
        along = (both[:, 1] - both[:, 0]) / (at[1] - at[0])
        return np.asarray(along * self.exponent * size ** (-self.exponent - 1))

    def _weights(self, size: float, exponent: float) -> Floats:
        at = np.array(-(size**-exponent))
        return line_weights(at, -(self._sizes**-exponent), self._precisions())

    @property
    def _sizes(self) -> Floats:
        return np.array(self.scales, dtype=np.float64)

    def _fit(self, probes: ProbeArrays) -> None:
        super()._fit(probes)
        first = np.array([rows[0] for rows in probes.groups()])
        values = self._at_scales(probes.mixtures[first], probes.distances[first])
        self.exponent = float(min(EXPONENTS, key=lambda e: self._misfit(values, e)))

    def _misfit(self, values: Floats, exponent: float) -> float:
        lines = np.array([self._weights(scale, exponent) @ values for scale in self.scales])
        return float(np.array(self._precisions()) @ np.sum((values - lines) ** 2, axis=1))

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "exponent": self.exponent}

    def _restore(self, state: dict[str, Any]) -> None:
        super()._restore(state)
        self.exponent = state["exponent"]
