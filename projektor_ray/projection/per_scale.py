"""Models of all scales that join one predictor per scale by weights."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from projektor_ray.predictors import Predictor, restore
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.projection.line_weights import check_scales, noise_precisions
from projektor_ray.projection.queries import Bounds, at_each_size
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.one_row import one_row, the_row

PerScaleT = TypeVar("PerScaleT", bound="PerScale")

CARRIED = 10
"""Errors of predictors are compared as Eq. 3 carries them to so many times the largest scale. The
size to buy is no part of the choice: a fitted study answers for many sizes with one model."""


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
        model.freedom = model._least_freedom()
        return model

    @abstractmethod
    def weights(self, size: float) -> Floats:
        """`w_s(N)`, shape (s,); they sum to 1."""

    @abstractmethod
    def _weight_slopes(self, size: float) -> Floats:
        """∂w_s/∂N, shape (s,)."""

    def _precisions(self) -> list[float]:
        return noise_precisions(self.scales)

    def fit_arrays(self: PerScaleT, probes: ProbeArrays) -> PerScaleT:
        """Fit to probes at all scales but those of few probes, where enough other scales are."""
        full = probes.full_scales
        if len(full) >= self.fewest_scales:
            probes = probes.take(np.isin(probes.sizes, full))
        super().fit_arrays(probes)
        self.freedom = self._least_freedom()
        return self

    def _least_freedom(self) -> float:
        """Of the scales' predictors."""
        return min(fitted.freedom for fitted in self.predictors.values())

    def _fit(self, probes: ProbeArrays) -> None:
        self.predictors = {
            scale: self.predictor().fit_arrays(probes.at(scale)) for scale in self.scales
        }

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        values, gradients = zip(
            *(
                predictor.value_and_gradient(mixtures, distances, distance_gradients)
                for predictor in self.predictors.values()
            ),
            strict=True,
        )
        return self._join(np.array(values), size), self._join(np.array(gradients), size)

    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._weight_slopes(size) @ self._at_scales(mixtures, distances)

    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._join(self._at_scales(mixtures, distances), size)

    def _join(self, values: Floats, size: float) -> Floats:
        """`Σ_s w_s(N) · values_s`, (s, …) → (…)."""
        return np.asarray(np.tensordot(self.weights(size), values, axes=1))

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Errors of the scales are independent, and amplified by their weights."""
        predictors = self.predictors.values()
        spreads = np.array([predictor.spread(mixtures, distances) for predictor in predictors])
        return np.asarray(np.sqrt(self.weights(size) ** 2 @ spreads**2))

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        return self.predictors[self.scales[-1]].uneven_noise(mixtures, distances)

    def covariance(
        self, mixtures: Floats, distances: Floats, size: float | Floats
    ) -> Floats | None:
        weights = at_each_size(
            lambda rows, _, one: np.tile(self.weights(one)[:, None], len(rows)),
            mixtures,
            distances,
            size,
        )
        total = np.zeros((len(mixtures), len(mixtures)))
        for weight, predictor in zip(weights, self.predictors.values(), strict=True):
            own = predictor.covariance(mixtures, distances)
            if own is None:
                return None
            total += weight[:, None] * own * weight
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


def carried_error(model: ScaleModel) -> float:
    """Cross-validated errors of the scales' predictors, amplified by the model's own weights.

    `√(Σ_s (w_s(N)·mae_cv_s)²)` at `CARRIED` times the largest scale; with one scale the error
    there.
    """
    assert isinstance(model, PerScale)
    errors = np.array([one.report.mae_cv for one in model.predictors.values()])
    weights = model.weights(CARRIED * model.scales[-1])
    return float(np.sqrt(np.sum((weights * errors) ** 2)))
