"""Models of all scales that join one predictor per scale: Eq. 3, and no projection."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from projektor_ray.predictors import Predictor, restore, student_quantile
from projektor_ray.predictors.base import Floats
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.projection.base import Bounds, ScaledProbes, ScaleModel
from projektor_ray.projection.law import check_scales, check_size, scale_weights

PerScaleT = TypeVar("PerScaleT", bound="PerScale")

NOISE_EXPONENT = 0.7
"""The variance of a training's metric falls about as N^−0.7."""


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
        return model

    @abstractmethod
    def weights(self, size: float) -> Floats:
        """`w_s(N)`, shape (s,); they sum to 1."""

    @abstractmethod
    def _weight_slopes(self, size: float) -> Floats:
        """∂w_s/∂N, shape (s,)."""

    def _fit(self, scaled: ScaledProbes) -> None:
        self.predictors = {}
        for scale in self.scales:
            probes = scaled.at(scale)
            self.predictors[scale] = self.predictor().fit(
                probes.mixtures, probes.distances, probes.values
            )

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

    def _half_width(self, mixtures: Floats, distances: Floats, size: float, level: float) -> Floats:
        """Errors of the scales are independent, and amplified by their weights."""
        spreads = np.array(
            [predictor.spread(mixtures, distances) for predictor in self.predictors.values()]
        )
        fewest = min(predictor.report.probes for predictor in self.predictors.values())
        quantile = student_quantile(level, fewest - 2)
        return np.asarray(quantile * np.sqrt(self.weights(size) ** 2 @ spreads**2))

    def _at_scales(self, mixtures: Floats, distances: Floats) -> Floats:
        """The metric predicted at each scale, shape (s, q)."""
        predictors = self.predictors.values()
        return np.array([predictor.predict(mixtures, distances) for predictor in predictors])

    def _state(self) -> dict[str, Any]:
        return {"predictors": [predictor.to_dict() for predictor in self.predictors.values()]}

    def _restore(self, state: dict[str, Any]) -> None:
        fitted = [restore(predictor) for predictor in state["predictors"]]
        self.predictors = dict(zip(self.scales, fitted, strict=True))


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

    def _precisions(self) -> list[float]:
        return [scale**NOISE_EXPONENT for scale in self.scales]


class NoProjection(PerScale):
    """The value at the largest scale, whatever the size: what every projection has to beat."""

    name = "none"
    fewest_scales = 1

    def weights(self, size: float) -> Floats:
        check_size(size)
        return np.asarray(np.eye(len(self.scales))[-1])

    def _weight_slopes(self, size: float) -> Floats:
        return np.zeros(len(self.scales))
