"""The abscissa on which a metric's link is linear: ln N, or the Box-Cox transform of N."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from projektor_ray.storage.array_types import Floats

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
PROBABILITIES = WEIGHTS / WEIGHTS.sum()
"""Gauss-Hermite: means over a normal distribution are sums over nodes, in standard deviations."""


@dataclass(frozen=True)
class Bend:
    """Exponents κ of the Box-Cox transform; ln N by default.

    Attributes
    ----------
    curvature : κ within the scales.
    late : mean of κ beyond the largest scale.
    late_deviation : its standard deviation, one draw for all mixtures.
    """

    curvature: float = 0.0
    late: float = 0.0
    late_deviation: float = 0.0

    @property
    def late_draws(self) -> Floats:
        """κ beyond the largest scale at the nodes."""
        return np.asarray(self.late + self.late_deviation * NODES)


@dataclass(frozen=True)
class SizeAxis:
    """`x = g(u; κ)·c` with `u = ln(N / N_last)`, `g(u; κ) = (e^(κu) − 1)/κ`; κ = 0 is ln N.

    `c` makes `x = u` at the smallest scale, so that slopes are those of the whole range of the
    probes whatever κ is. Beyond the largest scale x is the mean over κ there, times `factor`.
    """

    first: float
    last: float
    bend: Bend = Bend()
    factor: float = 1.0

    @property
    def _unit(self) -> float:
        lever = np.log(self.first / self.last)
        return float(lever / box_cox(lever, self.bend.curvature))

    def at(self, sizes: Floats) -> Floats:
        """x, of the shape of the sizes."""
        logs = np.log(np.asarray(sizes) / self.last)
        within = box_cox(np.minimum(logs, 0.0), self.bend.curvature)
        return np.asarray(self._unit * (within + self.factor * (self._late(logs) @ PROBABILITIES)))

    def at_size(self, size: float) -> float:
        """x of one size; a search asks for the same one hundreds of times."""
        return _at_size(self, size)

    def _late(self, logs: Floats) -> Floats:
        """g beyond the largest scale at the nodes of κ, shape (*sizes, nodes)."""
        return box_cox(np.maximum(logs, 0.0)[..., None], self.bend.late_draws)

    def slope(self, size: float) -> float:
        """dx/dN."""
        log = np.log(size / self.last)
        if log <= 0:
            return float(self._unit * np.exp(self.bend.curvature * log) / size)
        late = np.exp(self.bend.late_draws * log) @ PROBABILITIES
        return float(self._unit * self.factor * late / size)

    def deviation(self, size: float) -> float:
        """Standard deviation of x because κ beyond the largest scale is uncertain."""
        late = self._late(np.log(np.asarray(size) / self.last))
        variance = PROBABILITIES @ (late - late @ PROBABILITIES) ** 2
        return float(self._unit * self.factor * np.sqrt(variance))


@lru_cache(maxsize=1024)
def _at_size(axis: SizeAxis, size: float) -> float:
    return float(axis.at(np.array(size)))


def box_cox(logs: Floats, curvature: Floats | float) -> Floats:
    """`(e^(κu) − 1)/κ`, and its limit u at κ = 0."""
    bent = np.asarray(curvature) * logs
    straight = np.abs(bent) < 1e-12
    return np.asarray(
        logs * np.where(straight, 1.0, np.expm1(bent) / np.where(straight, 1.0, bent))
    )
