"""`joint_power`: the joint model of all scales where a metric nears its bounds as a power of N."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from projektor_ray.predictors.predictor import FitReport
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.projection.averaged_curvature import AveragedCurvature
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.law_error import UNKNOWN, law_error
from projektor_ray.projection.link import Link
from projektor_ray.projection.scale_model import Bounds, ScaleModel, bounds_in
from projektor_ray.storage.array_types import Floats

JointPowerT = TypeVar("JointPowerT", bound="JointPower")


class JointPower(ScaleModel):
    """`ln((L̂ − low) / (high − L̂)) = a1·OT + a0 + b·x + s(p, x)` with `x = ln(N / N_last)`.

    The joint model, on the scale of its `Link`: an accuracy's odds, or a loss, are `N^b` times a
    factor of the mixture's own. Predictions stay within the bounds and flatten towards them, which
    no line in ln N does. Intervals are those on the link's scale, carried back.

    Parameters
    ----------
    family : of the learner, a key of `LAW_ERRORS`: how its curves go on beyond the largest scale.

    Attributes
    ----------
    reports : scale → how well it is fitted, in the metric's units.
    """

    name = "joint_power"

    reports: Mapping[int, FitReport]

    def __init__(self, bounds: Bounds | None = None, family: str = UNKNOWN) -> None:
        super().__init__(bounds)
        self.family = family
        self.law = law_error(family, bounds or (-np.inf, np.inf))

    def _fit(self, probes: ProbeArrays) -> None:
        self._probes = probes
        self._link = Link.of(self.bounds, probes.values)
        straight = self._link.to(probes.values)
        self._joint = self._on_link().fit_arrays(replace(probes, values=straight))
        unseen = self._link.back(straight - np.asarray(self._joint.left_out))
        self.left_out = probes.values - unseen
        self.reports = self._report(probes, self.left_out)

    def _on_link(self) -> Joint | AveragedCurvature:
        """The model on the link's scale."""
        return Joint(law=self.law)

    @property
    def coefficients(self) -> Floats:
        """`a1, a0, b` of the trend, on the link's scale."""
        return self._joint.coefficients

    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._link.back(self._joint._predict(mixtures, distances, size))

    def _slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._link.slope(self._joint._predict(mixtures, distances, size))

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        straight, gradient = self._joint.value_and_gradient(
            mixtures, distances, distance_gradients, size
        )
        return self._link.back(straight), self._link.slope(straight)[:, None] * gradient

    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        rise = self._joint.size_slope(mixtures, distances, size)
        return self._slope(mixtures, distances, size) * rise

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """To first order in the spread on the link's scale."""
        spread = self._joint._spread(mixtures, distances, size)
        return self._slope(mixtures, distances, size) * spread

    def covariance(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """To first order in that on the link's scale."""
        slope = self._slope(mixtures, distances, size)
        covariance = self._joint.covariance(mixtures, distances, size)
        return np.asarray(slope[:, None] * covariance * slope)

    def _model_discrepancy(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """That on the link's scale, to first order."""
        discrepancy = self._joint._model_discrepancy(mixtures, distances, size)
        return self._slope(mixtures, distances, size) * discrepancy

    def _own_discrepancy(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """That on the link's scale, to first order."""
        discrepancy = self._joint._own_discrepancy(mixtures, distances, size)
        return self._slope(mixtures, distances, size) * discrepancy

    def interval(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        level: float = 0.9,
    ) -> Floats:
        """Where a new training's metric would lie, shape (q, 2): that of z, carried back."""
        return self._link.back(self._joint.interval(mixtures, distances, size, level))

    def sample_posterior(
        self,
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        size: float,
        count: int,
        stream: np.random.Generator,
    ) -> Floats:
        """Metrics of mixtures (q, m) that agree with the probes: those of z, carried back."""
        sample_posterior = self._joint.sample_posterior(mixtures, distances, size, count, stream)
        assert sample_posterior is not None
        return self._link.back(sample_posterior)

    def unfitted(self: JointPowerT) -> JointPowerT:
        return type(self)(self.bounds, self.family)

    def _state(self) -> dict[str, Any]:
        return {**self._probes.state(), "family": self.family}

    @classmethod
    def _unfilled(cls: type[JointPowerT], values: dict[str, Any]) -> JointPowerT:
        return cls(bounds_in(values), values.get("family", UNKNOWN))

    def _restore(self, state: dict[str, Any]) -> None:
        self._fit(ProbeArrays.restored(state))
