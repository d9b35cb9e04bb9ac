"""The saturating law: the metric nears a limit as a power of the size."""

from typing import Any

import numpy as np

from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.projection.line_weights import check_size, line_weights
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.storage.array_types import Floats

EXPONENTS = np.arange(0.02, 1.51, 0.02)
"""Candidate exponents of the saturating law; towards 0 it becomes the log-linear one."""


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
