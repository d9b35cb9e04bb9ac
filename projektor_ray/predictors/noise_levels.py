"""How noisy trainings of a mixture are, compared with others: learned from repeats, if they differ.

Trainings of one mixture at one size differ by noise alone. Their sample variance s² with d degrees
of freedom has `ln s² = ln σ² + ψ(d/2) − ln(d/2)` on average, with the variance ψ'(d/2) (ψ the
digamma function). `ln σ²` is taken to be linear in the shares, with an intercept of its own at each
size, and slopes that are shrunken towards 0.

Most often nothing is learned: unless a permutation test refuses equal noise, every level is 1. The
test exchanges the variances among the mixtures of a size. So heavy tails do not fool it, nor does
one diverged training among few mixtures, whichever mixture that is of.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from projektor_ray.predictors.probe_arrays import ProbeArrays, mixture_groups
from projektor_ray.storage.array_types import Floats

PRIOR_VARIANCE = 2.0
"""Of the slopes of ln σ² along the shares, before any training is seen."""
SIGNIFICANCE = 0.01
"""Equal noise is refused below this p-value."""
PERMUTATIONS = 999
FEWEST_GROUPS = 8
"""With fewer repeated mixtures the test could hardly refuse."""
LEAST_OF_MEDIAN = 0.01
"""Smaller variances than this share of the median one are chance, or equal after rounding."""


@dataclass(frozen=True, eq=False)
class NoiseLevels:
    """Relative standard deviation of a training of a mixture, `exp((p − centre)·slopes / 2)`.

    Attributes
    ----------
    slopes : of ln σ² along the shares, (m,); all 0 where noise is the same everywhere.
    centre : mean mixture of the probes, (m,): over them the geometric mean of the levels is 1.
    rms : root mean square of the levels over the probes.
    """

    slopes: Floats
    centre: Floats
    rms: float

    @staticmethod
    def of(probes: ProbeArrays) -> "NoiseLevels":
        """The levels that the repeats among probes show, in the units of their values."""
        centre = probes.mixtures.mean(axis=0)
        repeats = _Repeats.of(probes)
        if repeats is None or not repeats.differ():
            return NoiseLevels.same(centre)
        levels = NoiseLevels(repeats.slopes(repeats.residuals), centre, 1.0)
        rms = float(np.sqrt(np.mean(levels.at(probes.mixtures) ** 2)))
        return NoiseLevels(levels.slopes, centre, rms)

    @staticmethod
    def same(centre: Floats) -> "NoiseLevels":
        """One level for all mixtures."""
        return NoiseLevels(np.zeros_like(centre), centre, 1.0)

    @property
    def even(self) -> bool:
        """Whether noise is the same everywhere."""
        return not self.slopes.any()

    def at(self, mixtures: Floats) -> Floats:
        """The levels of mixtures (q, m), shape (q,); exactly 1 where noise is the same."""
        return np.asarray(np.exp((mixtures - self.centre) @ self.slopes / 2))

    def state(self) -> dict[str, Any]:
        """Plain values, from which `restored` makes the same levels."""
        return {"slopes": self.slopes.tolist(), "centre": self.centre.tolist(), "rms": self.rms}

    @staticmethod
    def restored(state: Mapping[str, Any]) -> "NoiseLevels":
        """What `state` wrote."""
        return NoiseLevels(np.array(state["slopes"]), np.array(state["centre"]), state["rms"])


@dataclass(frozen=True, eq=False)
class _Repeats:
    """Groups of trainings of one mixture at one size, g of them.

    Attributes
    ----------
    shares : of each group, less their mean over the groups of its size, (g, m).
    residuals : ln s² less its mean over the same; both in standard deviations of ln s², (g,).
    sizes : of each group, (g,).
    """

    shares: Floats
    residuals: Floats
    sizes: Floats

    @staticmethod
    def of(probes: ProbeArrays) -> "_Repeats | None":
        """Those among probes; None where they are too few, or where most do not differ at all."""
        keys = np.column_stack([probes.mixtures, probes.distances, probes.sizes])
        groups = [rows for rows in mixture_groups(keys) if len(rows) > 1]
        if len(groups) < FEWEST_GROUPS:
            return None
        variances = np.array([probes.values[rows].var(ddof=1) for rows in groups])
        floor = LEAST_OF_MEDIAN * float(np.median(variances))
        if floor <= 0:
            return None
        halves = np.array([len(rows) - 1 for rows in groups]) / 2
        logs = np.log(np.maximum(variances, floor)) - digamma(halves) + np.log(halves)
        deviations = np.sqrt(polygamma(1, halves))
        first = np.array([rows[0] for rows in groups])
        sizes, columns = probes.sizes[first], np.column_stack([probes.mixtures[first], logs])
        for size in np.unique(sizes):
            at = sizes == size
            columns[at] -= np.average(columns[at], axis=0, weights=deviations[at] ** -2)
        columns /= deviations[:, None]
        return _Repeats(columns[:, :-1], columns[:, -1], sizes)

    @cached_property
    def _root(self) -> Floats:
        """L of `L Lᵀ = (XᵀX + I/τ²)⁻¹`, shape (m, m)."""
        m = self.shares.shape[1]
        precision = self.shares.T @ self.shares + np.eye(m) / PRIOR_VARIANCE
        return np.asarray(np.linalg.inv(np.linalg.cholesky(precision)).T)

    def slopes(self, residuals: Floats) -> Floats:
        """Shrunken slopes of ln σ² along the shares, shape (m,)."""
        return np.asarray(self._root @ (self._root.T @ (self.shares.T @ residuals)))

    def differ(self) -> bool:
        """Whether the shares explain more of the variances than chance would."""
        explained = self._explained(self.residuals[None])
        stream, chance = np.random.default_rng(0), np.tile(self.residuals, (PERMUTATIONS, 1))
        for size in np.unique(self.sizes):
            at: NDArray[np.bool_] = self.sizes == size
            chance[:, at] = stream.permuted(chance[:, at], axis=1)
        as_much = np.count_nonzero(self._explained(chance) >= explained * (1 - 1e-9))
        return bool((1 + as_much) / (1 + PERMUTATIONS) < SIGNIFICANCE)

    def _explained(self, residuals: Floats) -> Floats:
        """What the shares explain of residuals (r, g): squares of shrunken slopes, shape (r,)."""
        return np.asarray(np.sum((residuals @ self.shares @ self._root) ** 2, axis=1))
