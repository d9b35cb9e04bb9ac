"""The covariances between mixtures that the Gaussian processes average over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

from projektor_ray.predictors.averaging import Floats
from projektor_ray.predictors.matern import line_sums, matern, pull

Warp = Literal["root", "log"]

WARPS: tuple[Warp, ...] = ("root", "log")
OFFSETS = {"root": 0.02, "log": 0.005}
LOG_SCALE = 0.2
"""Makes a vertex of the simplex as far from its opposite face as under the root."""
JOINT_LENGTH = 2.0
"""Length of the kernel over all shares, in lengths of the kernels of single shares."""


@dataclass(frozen=True)
class MixtureKernels:
    """Candidate kernels: every warp × length × additive share.

        k(p, p') = α·mean_i κ(|x_i − x_i'| / ℓ) + (1 − α)·κ(‖x − x'‖ / 2ℓ)

    κ is the Matérn 5/2 correlation, `κ(r) = (1 + √5 r + 5r²/3)·exp(−√5 r)`. The first samples of
    a provider matter most: x is `√(p + 0.02)`, or `ln(p + 0.005)/5` where they matter still more
    (language models). The additive part learns what each provider does by itself, which few probes
    of many providers can tell; the other part their interactions.

    Attributes
    ----------
    lengths : candidate ℓ.
    additive : candidate α.
    """

    lengths: tuple[float, ...]
    additive: tuple[float, ...]

    def __len__(self) -> int:
        return len(WARPS) * len(self.lengths) * len(self.additive)

    def matrices(self, mixtures: Floats, others: Floats) -> list[Floats]:
        """Correlations of mixtures (q, m) with others (n, m): (q, n) for every candidate."""
        found = []
        for warp, length in self._families():
            points, against = warped(mixtures, warp), warped(others, warp)
            whole = matern(cdist(points, against) / (JOINT_LENGTH * length))
            single = _mean_over_shares(points, against, length) if any(self.additive) else 0.0
            found += [share * single + (1 - share) * whole for share in self.additive]
        return found

    def value_and_gradient(
        self, mixtures: Floats, others: Floats, duals: Sequence[Floats] | Floats
    ) -> tuple[Floats, Floats]:
        """`Σ_c Σ_n duals_cn · k_c(p, p_n)`, shape (q,), and its derivative along shares, (q, m).

        Parameters
        ----------
        duals : for every candidate an array, shape (n,).
        """
        by_family = np.array(duals).reshape(-1, len(self.additive), len(others))
        shares = np.array(self.additive)
        value, gradient = np.zeros(len(mixtures)), np.zeros(mixtures.shape)
        for (warp, length), family in zip(self._families(), by_family, strict=True):
            points, against = warped(mixtures, warp), warped(others, warp)
            wide, weights = JOINT_LENGTH * length, (1 - shares) @ family
            apart = cdist(points, against) / wide
            pulls = pull(apart) * weights / wide**2
            single, along = line_sums(points, against, shares @ family / mixtures.shape[1], length)
            value += matern(apart) @ weights + single.sum(axis=1)
            along += pulls.sum(axis=1, keepdims=True) * points - pulls @ against
            gradient += along * _warp_slope(mixtures, warp)
        return value, gradient

    def _families(self) -> list[tuple[Warp, float]]:
        return [(warp, length) for warp in WARPS for length in self.lengths]


def warped(mixtures: Floats, warp: Warp) -> Floats:
    """x(p), with shares below 0 (differences taken at the boundary) kept in its domain."""
    if warp == "root":
        return np.asarray(np.sqrt(_shifted(mixtures, warp)))
    return np.asarray(LOG_SCALE * np.log(_shifted(mixtures, warp)))


def _warp_slope(mixtures: Floats, warp: Warp) -> Floats:
    if warp == "root":
        return np.asarray(0.5 / np.sqrt(_shifted(mixtures, warp)))
    return np.asarray(LOG_SCALE / _shifted(mixtures, warp))


def _shifted(mixtures: Floats, warp: Warp) -> Floats:
    return np.maximum(mixtures + OFFSETS[warp], OFFSETS[warp] / 2)


def _mean_over_shares(points: Floats, against: Floats, length: float) -> Floats:
    total = np.zeros((len(points), len(against)))
    for i in range(points.shape[1]):
        total += matern(np.abs(np.subtract.outer(points[:, i], against[:, i])) / length)
    return np.asarray(total / points.shape[1])
