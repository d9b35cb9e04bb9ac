"""The covariances between mixtures that the Gaussian processes average over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

from projektor_ray.predictors.matern import LineSums, matern, pull
from projektor_ray.storage.array_types import Floats

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
        matrices = []
        for warp, length in self._families():
            points, against = warped(mixtures, warp), warped(others, warp)
            whole = matern(cdist(points, against) / (JOINT_LENGTH * length))
            single = _mean_over_shares(points, against, length) if any(self.additive) else 0.0
            matrices += [share * single + (1 - share) * whole for share in self.additive]
        return matrices

    def weighted(self, others: Floats, duals: Sequence[Floats] | Floats) -> "KernelSum":
        """`Σ_c Σ_n duals_cn · k_c(p, p_n)` as a function of p.

        Parameters
        ----------
        others : p_n, shape (n, m).
        duals : for every candidate an array, shape (n,).
        """
        by_family = np.array(duals).reshape(-1, len(self.additive), len(others))
        shares = np.array(self.additive)
        return KernelSum(
            _FamilySum(others, warp, length, (1 - shares) @ family, shares @ family)
            for (warp, length), family in zip(self._families(), by_family, strict=True)
        )

    def _families(self) -> list[tuple[Warp, float]]:
        return [(warp, length) for warp in WARPS for length in self.lengths]


class KernelSum:
    """A weighted sum of kernels around fixed mixtures; what depends on those alone is made once."""

    def __init__(self, families: Iterable["_FamilySum"]) -> None:
        self._families = list(families)

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        """The sum at mixtures (q, m), shape (q,), and its derivative along shares, (q, m)."""
        values, gradients = zip(*(family(mixtures) for family in self._families), strict=True)
        return np.sum(values, axis=0), np.sum(gradients, axis=0)


class _FamilySum:
    """The same of the kernels of one warp and length.

    Parameters
    ----------
    joint, single : weights of the kernel over all shares and of that of each share, (n,) each.
    """

    def __init__(
        self, others: Floats, warp: Warp, length: float, joint: Floats, single: Floats
    ) -> None:
        self._warp, self._wide, self._joint = warp, JOINT_LENGTH * length, joint
        self._centres = warped(others, warp)
        self._single = LineSums(self._centres, single / others.shape[1], length)

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        points = warped(mixtures, self._warp)
        apart = cdist(points, self._centres) / self._wide
        pulls = pull(apart) * self._joint / self._wide**2
        single, along = self._single(points)
        value = matern(apart) @ self._joint + single.sum(axis=1)
        along += pulls.sum(axis=1, keepdims=True) * points - pulls @ self._centres
        return value, along * _warp_slope(mixtures, self._warp)


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
