"""The covariances between mixtures that the Gaussian processes average over."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

from projektor_ray.predictors.matern import LineSums, matern, matern_and_pull
from projektor_ray.storage.array_types import Floats

Warp = Literal["root", "log", "fine log"]

OFFSETS: dict[Warp, float] = {"root": 0.02, "log": 0.005, "fine log": 0.0005}
LOG_SCALES: dict[Warp, float] = {"log": 0.2, "fine log": 0.14}
"""Make a vertex of the simplex about as far from its opposite face as under the root."""
JOINT_LENGTH = 2.0
"""Length of the kernel over all shares, in lengths of the kernels of single shares."""
BLOCK_NUMBERS = 16_384
"""Numbers in the arrays of a block of shares."""


@dataclass(frozen=True)
class MixtureKernels:
    """Candidate kernels: every warp × length × additive share.

        k(p, p') = α·mean_i κ(|x_i − x_i'| / ℓ) + (1 − α)·κ(‖x − x'‖ / 2ℓ)

    κ is the Matérn 5/2 correlation, `κ(r) = (1 + √5 r + 5r²/3)·exp(−√5 r)`. The first samples of
    a provider matter most: x is `√(p + 0.02)`, or `ln(p + 0.005)/5` where they matter still more
    (language models), or `ln(p + 0.0005)/7` where a thousandth of the mixture does. The additive
    part learns what each provider does by itself, which few probes of many providers can tell; the
    other part their interactions.

    Attributes
    ----------
    lengths : candidate ℓ.
    additive : candidate α.
    warps : candidate x(p).
    """

    lengths: tuple[float, ...]
    additive: tuple[float, ...]
    warps: tuple[Warp, ...] = ("root", "log")

    def __len__(self) -> int:
        return len(self.warps) * len(self.lengths) * len(self.additive)

    def matrices(self, mixtures: Floats, others: Floats) -> list[Floats]:
        """Correlations of mixtures (q, m) with others (n, m): (q, n) for every candidate."""
        matrices = []
        for warp in self.warps:
            points, against = warped(mixtures, warp), warped(others, warp)
            apart = cdist(points, against)
            for length in self.lengths:
                whole = matern(apart / (JOINT_LENGTH * length))
                single = _mean_over_shares(points, against, length) if any(self.additive) else 0.0
                matrices += [share * single + (1 - share) * whole for share in self.additive]
        return matrices

    def summed(self, mixtures: Floats, weights: Floats) -> Floats:
        """`Σ_c w_c · k_c` between mixtures (q, m), shape (q, q), without the matrix of each c.

        Parameters
        ----------
        weights : w of every candidate, in the order of `matrices`.
        """
        total, shares = np.zeros((len(mixtures),) * 2), np.array(self.additive)
        by_warp = weights.reshape(len(self.warps), len(self.lengths), len(shares))
        for warp, by_length in zip(self.warps, by_warp, strict=True):
            points = warped(mixtures, warp)
            apart = cdist(points, points)
            for length, own in zip(self.lengths, by_length, strict=True):
                total += ((1 - shares) @ own) * matern(apart / (JOINT_LENGTH * length))
                if any(self.additive):
                    total += (shares @ own) * _mean_over_shares(points, points, length)
        return total

    def weighted(self, others: Floats, duals: Sequence[Floats] | Floats) -> "KernelSum":
        """`Σ_c Σ_n duals_cn · k_c(p, p_n)` as a function of p.

        Parameters
        ----------
        others : p_n, shape (n, m).
        duals : for every candidate an array, shape (n,).
        """
        shape = len(self.warps), len(self.lengths), len(self.additive), len(others)
        by_warp = np.array(duals).reshape(shape)
        shares, lengths = np.array(self.additive)[:, None], np.array(self.lengths)
        return KernelSum(
            tuple(
                _WarpSum.of(
                    others,
                    warp,
                    lengths,
                    joint=((1 - shares) * own).sum(axis=1),
                    single=(shares * own).sum(axis=1),
                )
                for warp, own in zip(self.warps, by_warp, strict=True)
            )
        )


@dataclass(frozen=True, eq=False)
class KernelSum:
    """A weighted sum of kernels around fixed mixtures; what depends on those alone is made once.

    The sums at the last mixtures are stored: a plan is asked for its value, slope and interval.
    """

    warps: "tuple[_WarpSum, ...]"
    _last: dict[bytes, tuple[Floats, Floats]] = field(default_factory=dict, repr=False)

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        """The sum at mixtures (q, m), shape (q,), and its derivative along shares, (q, m).

        Both are read-only.
        """
        key = mixtures.tobytes()
        sums = self._last.get(key)
        if sums is None:
            values, gradients = zip(*(warp(mixtures) for warp in self.warps), strict=True)
            sums = np.sum(values, axis=0), np.sum(gradients, axis=0)
            for one in sums:
                one.flags.writeable = False
            self._last.clear()
            self._last[key] = sums
        return sums

    def plus(self, factor: float, other: "KernelSum") -> "KernelSum":
        """`self + factor·other`, of another sum of the same kernels around the same mixtures."""
        both = zip(self.warps, other.warps, strict=True)
        return KernelSum(tuple(one.plus(factor, two) for one, two in both))


@dataclass(frozen=True, eq=False)
class _WarpSum:
    """The same of the kernels of one warp, of all lengths.

    Attributes
    ----------
    centres : the fixed mixtures, warped, shape (n, m).
    widths : lengths of the kernels over all shares, shape (l,).
    joint : weights of those kernels, shape (l, n).
    single : the sums of the kernels of each share.
    """

    warp: Warp
    centres: Floats
    widths: Floats
    joint: Floats
    single: LineSums

    @staticmethod
    def of(
        others: Floats, warp: Warp, lengths: Floats, *, joint: Floats, single: Floats
    ) -> "_WarpSum":
        """From the weights of the kernels over all shares and of those of each share, (l, n)."""
        centres = warped(others, warp)
        lines = LineSums.of(centres, single / others.shape[1], lengths)
        return _WarpSum(warp, centres, JOINT_LENGTH * lengths, joint, lines)

    def plus(self, factor: float, other: "_WarpSum") -> "_WarpSum":
        joint = self.joint + factor * other.joint
        return replace(self, joint=joint, single=self.single.plus(factor, other.single))

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        points = warped(mixtures, self.warp)
        apart = cdist(points, self.centres) / self.widths[:, None, None]
        correlations, pulls = matern_and_pull(apart)
        value = np.einsum("lqn,ln->q", correlations, self.joint)
        pulled = np.einsum("lqn,ln->qn", pulls, self.joint / self.widths[:, None] ** 2)
        single, along = self.single(points)
        along += pulled.sum(axis=1, keepdims=True) * points - pulled @ self.centres
        return value + single.sum(axis=1), along * _warp_slope(mixtures, self.warp)


def warped(mixtures: Floats, warp: Warp) -> Floats:
    """x(p), with shares below 0 (differences taken at the boundary) kept in its domain."""
    if warp == "root":
        return np.asarray(np.sqrt(_shifted(mixtures, warp)))
    return np.asarray(LOG_SCALES[warp] * np.log(_shifted(mixtures, warp)))


def _warp_slope(mixtures: Floats, warp: Warp) -> Floats:
    if warp == "root":
        return np.asarray(0.5 / np.sqrt(_shifted(mixtures, warp)))
    return np.asarray(LOG_SCALES[warp] / _shifted(mixtures, warp))


def _shifted(mixtures: Floats, warp: Warp) -> Floats:
    return np.maximum(mixtures + OFFSETS[warp], OFFSETS[warp] / 2)


def _mean_over_shares(points: Floats, against: Floats, length: float) -> Floats:
    """`mean_i κ(|x_i − x_i'| / ℓ)`, shape (q, n); as many points and shares at once as fit the
    cache.
    """
    count, shares = points.shape
    rows = max(1, BLOCK_NUMBERS // len(against))
    at_once = max(1, BLOCK_NUMBERS // (min(rows, count) * len(against)))
    scaled, around = points.T / length, against.T / length
    total = np.zeros((count, len(against)))
    for row, first in itertools.product(range(0, count, rows), range(0, shares, at_once)):
        some, block = slice(row, row + rows), slice(first, first + at_once)
        apart = scaled[block, some, None] - around[block, None, :]
        total[some] += matern(np.abs(apart, out=apart)).sum(axis=0)
    return np.asarray(total / shares)
