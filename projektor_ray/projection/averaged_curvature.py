"""The joint model on a bent axis of sizes, averaged over how much it is bent."""

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import logsumexp

from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.law_error import LawError
from projektor_ray.projection.queries import at_each_size
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.projection.size_axis import Bend
from projektor_ray.storage.array_types import Floats

CURVATURES = np.array([-1.6, -1.3, -1.05, -0.85, -0.65, -0.45, -0.25, -0.05, 0.2])
CURVATURE_MEAN, CURVATURE_DEVIATION = -0.45, 0.4
"""Of κ before any probe is seen, from losses of language models."""
PERSISTENCE = 0.65
"""Correlation of κ beyond the largest scale with κ within the scales: curves straighten."""
NEGLIGIBLE = 1e-3
"""Weight of a curvature that is left out of the average."""
OWN = LawError(1.0, 0.0, 0.15)
"""Each mixture's growth departs by itself by this share; the rest of the law's error is κ's."""


def bend_of(curvature: float) -> Bend:
    """κ within the scales, and what it tells of κ beyond them."""
    late = CURVATURE_MEAN + PERSISTENCE * (curvature - CURVATURE_MEAN)
    return Bend(curvature, late, CURVATURE_DEVIATION * np.sqrt(1 - PERSISTENCE**2))


class AveragedCurvature(ScaleModel):
    """`Σ_κ w_κ · joint(N, p; κ)`: the joint model on `x = (N^κ − 1)/κ`, one κ for all mixtures.

    `w_κ` is κ's posterior weight: the marginal likelihood of the probes times its prior
    N(−0.45, 0.4²). With two scales the probes do not tell κ, and its prior remains. Beyond the
    largest scale κ is −0.45 + 0.65 (κ + 0.45) on average.
    """

    name = "averaged_curvature"
    law = OWN

    def _fit(self, probes: ProbeArrays) -> None:
        self._probes = probes
        models = list(self._fitted(probes))
        logs = np.array([model.log_evidence for model in models])
        logs = logs - 0.5 * ((CURVATURES - CURVATURE_MEAN) / CURVATURE_DEVIATION) ** 2
        logs = logs + np.log(np.gradient(CURVATURES))
        self.weights = np.exp(logs - logsumexp(logs))
        counts = self.weights > NEGLIGIBLE
        self._weights = self.weights[counts] / self.weights[counts].sum()
        self.models = tuple(model for model, one in zip(models, counts, strict=True) if one)
        self.noise = float(np.sqrt(self._weights @ np.array([m.noise**2 for m in self.models])))
        self.left_out = self._mean(np.asarray(model.left_out) for model in self.models)

    def _fitted(self, probes: ProbeArrays) -> Iterable[Joint]:
        """A joint model for each κ. At two scales x is the same whatever κ is: one fit serves."""
        bends = [bend_of(curvature) for curvature in CURVATURES]
        if len(self.scales) > 2:
            for bend in bends:
                yield _fit_bent(bend, probes)
            return
        one = _fit_bent(bends[0], probes)
        one.sum_kernels()
        for bend in bends:
            other = copy(one)
            other.bend, other.axis = bend, replace(one.axis, bend=bend)
            yield other

    def _mean(self, parts: Iterable[Floats]) -> Floats:
        """`Σ_κ w_κ · part_κ`."""
        return np.asarray(np.tensordot(self._weights, np.array(list(parts)), axes=1))

    @property
    def coefficients(self) -> Floats:
        """`a1, a0, b` of the trend, averaged."""
        return self._mean(model.coefficients for model in self.models)

    def _each(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """The prediction for every κ, shape (κ, q)."""
        return np.array([model._predict(mixtures, distances, size) for model in self.models])

    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._mean(self._each(mixtures, distances, size))

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        parts = [
            model.value_and_gradient(mixtures, distances, distance_gradients, size)
            for model in self.models
        ]
        values, gradients = zip(*parts, strict=True)
        return self._mean(values), self._mean(gradients)

    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._mean(model.size_slope(mixtures, distances, size) for model in self.models)

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Within every κ, and between them that of their predictions."""
        within = self._mean(m._spread(mixtures, distances, size) ** 2 for m in self.models)
        apart = self._apart(mixtures, distances, size)
        return np.asarray(np.sqrt(within + self._mean(apart**2)))

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        noise = [model.uneven_noise(mixtures, distances) for model in self.models]
        return None if noise[0] is None else self._mean(one for one in noise if one is not None)

    def _apart(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Predictions less their mean, shape (κ, q)."""
        each = self._each(mixtures, distances, size)
        return np.asarray(each - self._mean(each))

    def covariance(self, mixtures: Floats, distances: Floats, size: float | Floats) -> Floats:
        within = self._mean(m.covariance(mixtures, distances, size) for m in self.models)
        apart = at_each_size(self._apart, mixtures, distances, size)
        return np.asarray(within + (apart.T * self._weights) @ apart)

    def _growth(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self._mean(model._growth(mixtures, distances, size) for model in self.models)

    def _discrepancies(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """Because κ beyond the largest scale is open: one part for each κ within, weighted by
        `√w_κ`, so that variances, and those of differences, are means over κ.
        """
        parts = [m.rise(mixtures, distances) * m.axis.deviation(size) for m in self.models]
        return np.asarray(np.sqrt(self._weights)[:, None] * np.array(parts))

    def _hold_out(self, probes: ProbeArrays) -> Floats | None:
        """Not needed: the discrepancy is that of κ."""
        return None

    def unfitted(self) -> "AveragedCurvature":
        return AveragedCurvature(self.bounds)

    def _state(self) -> dict[str, Any]:
        return self._probes.state()

    def _restore(self, state: dict[str, Any]) -> None:
        self._fit(ProbeArrays.restored(state))


def _fit_bent(bend: Bend, probes: ProbeArrays) -> Joint:
    model = Joint(law=OWN, bend=bend)
    model.scales = probes.scales
    model._fit(probes)
    return model
