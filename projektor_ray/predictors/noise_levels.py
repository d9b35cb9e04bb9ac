"""How noisy trainings of a mixture are, compared with others: learned from repeats, if they differ.

Trainings of one mixture at one size differ by noise alone, so their sample variance s² shows σ².
`ln σ²` is taken to be linear in the shares, in their concentration `Σ_i p_i²` and in the distance,
with an intercept of its own at each size. Shares and concentration together express any
`c·‖p − v‖²`: noise that rises away from a mixture v, or towards every provider. What noise follows
is averaged over four hypotheses by their marginal likelihood, and slopes are shrunken towards 0.

Most often nothing is learned: unless a permutation test refuses equal noise, every level is 1. The
test exchanges the variances among the mixtures of a size. So heavy tails do not fool it, nor does
one diverged training among few mixtures, whichever mixture that is of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import chdtri, logsumexp, softmax

from projektor_ray.predictors.probe_arrays import ProbeArrays, mixture_groups
from projektor_ray.storage.array_types import Floats

HYPOTHESES = ((2.0, 0.0, 0.0), (2.0, 6.0, 0.0), (0.0, 6.0, 0.0), (0.0, 0.0, 2.0))
"""Prior variances of slopes of ln σ² along each share, `Σ_i p_i²` and the standardised distance:
noise follows the shares, these and their concentration, that alone, or the distance."""
SIGNIFICANCE = 0.01
"""Equal noise is refused below this p-value."""
PERMUTATIONS = 999
FEWEST_GROUPS = 8
"""With fewer repeated mixtures the test could hardly refuse."""
CUT = 0.15, 50.0
"""Variances are cut to between these multiples of the typical one: two seeds are often nearly equal
by chance, and one diverged training has a variance that says nothing of others."""
QUANTILES = (np.arange(1000) + 0.5) / 1000


@dataclass(frozen=True, eq=False)
class NoiseLevels:
    """Relative standard deviation of a training of a mixture, `exp((x − centre)·slopes / 2)`.

    x holds the m shares, `Σ_i p_i²` and the distance. No level lies beyond those of the mixtures
    whose repeats were seen: how noise goes on from there, nothing tells.

    Attributes
    ----------
    slopes : of ln σ² along x, (m + 2,); none where noise is the same everywhere.
    centre : mean x of the probes, (m + 2,): over them the geometric mean of the levels is 1, where
        all are repeated.
    seen : least and largest `(x − centre)·slopes` of the repeated mixtures, (2,).
    rms : root mean square of the levels over the probes.
    """

    slopes: Floats
    centre: Floats
    seen: Floats
    rms: float

    @staticmethod
    def of(probes: ProbeArrays) -> "NoiseLevels":
        """The levels that the repeats among probes show, in the units of their values."""
        repeats = _Repeats.of(probes)
        if repeats is None or not repeats.differ():
            return NoiseLevels.same()
        centre = _columns(probes.mixtures, probes.distances).mean(axis=0)
        slopes = repeats.slopes()
        along = (repeats.places - centre) @ slopes
        seen = np.array([along.min(), along.max()])
        levels = NoiseLevels(slopes, centre, seen, 1.0)
        rms = float(np.sqrt(np.mean(levels.at(probes.mixtures, probes.distances) ** 2)))
        return replace(levels, rms=rms)

    @staticmethod
    def same() -> "NoiseLevels":
        """One level for all mixtures."""
        return NoiseLevels(np.empty(0), np.empty(0), np.empty(0), 1.0)

    @property
    def even(self) -> bool:
        """Whether noise is the same everywhere."""
        return not self.slopes.size

    def at(self, mixtures: Floats, distances: Floats) -> Floats:
        """The levels of mixtures (q, m) with distances (q,), shape (q,); 1 where noise is even."""
        if self.even:
            return np.ones(len(mixtures))
        along = (_columns(mixtures, distances) - self.centre) @ self.slopes
        return np.asarray(np.exp(np.clip(along, *self.seen) / 2))

    def state(self) -> dict[str, Any]:
        """Plain values, from which `restored` makes the same levels."""
        arrays = {name: getattr(self, name).tolist() for name in _STORED}
        return {**arrays, "rms": self.rms}

    @staticmethod
    def restored(state: Mapping[str, Any]) -> "NoiseLevels":
        """What `state` wrote."""
        slopes, centre, seen = (np.array(state[name]) for name in _STORED)
        return NoiseLevels(slopes, centre, seen, state["rms"])


_STORED = ("slopes", "centre", "seen")


def _repeated(probes: ProbeArrays) -> list[NDArray[np.intp]]:
    """Rows of the mixtures with several trainings at one size."""
    keys = np.column_stack([probes.mixtures, probes.distances, probes.sizes])
    return [rows for rows in mixture_groups(keys) if len(rows) > 1]


def _columns(mixtures: Floats, distances: Floats) -> Floats:
    """x of mixtures (q, m) with distances (q,), shape (q, m + 2)."""
    return np.column_stack([mixtures, (mixtures**2).sum(axis=1), distances])


@dataclass(frozen=True, eq=False)
class _Repeats:
    """Groups of trainings of one mixture at one size, g of them.

    Attributes
    ----------
    columns : x of each group, less its mean over the groups of its size, (g, m + 2).
    residuals : ln s² less its mean over the same; both in standard deviations of ln s², (g,).
    places : x of each group, (g, m + 2).
    sizes : of each group, (g,).
    spread : standard deviation of the distances of the groups.
    """

    columns: Floats
    residuals: Floats
    places: Floats
    sizes: Floats
    spread: float

    @staticmethod
    def of(probes: ProbeArrays) -> "_Repeats | None":
        """Those among probes; None where they are too few, or where most do not differ at all."""
        groups = _repeated(probes)
        if not groups:
            return None
        first = np.array([rows[0] for rows in groups])
        freedom = np.array([len(rows) - 1 for rows in groups])
        variances = np.array([probes.values[rows].var(ddof=1) for rows in groups])
        sizes, distances = probes.sizes[first], probes.distances[first]
        logs, deviations = _logarithms(variances, freedom, sizes)
        shown = np.isfinite(logs)
        if np.count_nonzero(shown) < FEWEST_GROUPS:
            return None
        places = _columns(probes.mixtures[first], distances)[shown]
        columns = np.column_stack([places, logs[shown]])
        sizes, deviations = sizes[shown], deviations[shown]
        for size in np.unique(sizes):
            at = sizes == size
            columns[at] -= np.average(columns[at], axis=0, weights=deviations[at] ** -2)
        columns /= deviations[:, None]
        spread = float(distances[shown].std())
        return _Repeats(columns[:, :-1], columns[:, -1], places, sizes, spread)

    @cached_property
    def _hypotheses(self) -> list[tuple[Floats, Any]]:
        """Prior variances of the slopes, (m + 2,), and the factorised covariance of the residuals:
        `I + X V Xᵀ`, shape (g, g), of each hypothesis.
        """
        factorised, m = [], self.columns.shape[1] - 2
        for shares, concentration, distance in HYPOTHESES:
            along = distance / self.spread**2 if self.spread > 0 else 0.0
            prior = np.array([*[shares] * m, concentration, along])
            if prior.any():
                own = np.eye(len(self.columns))
                covariance = own + (self.columns * prior) @ self.columns.T
                factorised.append((prior, cho_factor(covariance, lower=True)))
        return factorised

    def slopes(self) -> Floats:
        """Of ln σ² along x, shrunken, and averaged over the hypotheses, shape (m + 2,)."""
        weights = softmax(self._log_likelihoods(self.residuals[None])[:, 0])
        each = [
            prior * (self.columns.T @ cho_solve(factor, self.residuals))
            for prior, factor in self._hypotheses
        ]
        return np.asarray(weights @ np.array(each))

    def differ(self) -> bool:
        """Whether the hypotheses explain more of the variances than chance would."""
        stream, chance = np.random.default_rng(0), np.tile(self.residuals, (PERMUTATIONS, 1))
        for size in np.unique(self.sizes):
            at: NDArray[np.bool_] = self.sizes == size
            chance[:, at] = stream.permuted(chance[:, at], axis=1)
        likelihood = self._explained(self.residuals[None])
        as_much = np.count_nonzero(self._explained(chance) >= likelihood - 1e-9)
        return bool((1 + as_much) / (1 + PERMUTATIONS) < SIGNIFICANCE)

    def _explained(self, residuals: Floats) -> Floats:
        """ln of the likelihood of residuals (r, g), averaged over hypotheses, shape (r,)."""
        return np.asarray(logsumexp(self._log_likelihoods(residuals), axis=0))

    def _log_likelihoods(self, residuals: Floats) -> Floats:
        """ln of the marginal likelihood of residuals (r, g), up to a constant, (hypotheses, r)."""
        logs = []
        for _, (root, lower) in self._hypotheses:
            whitened = solve_triangular(root, residuals.T, lower=lower)
            logs.append(-0.5 * (whitened**2).sum(axis=0) - np.log(np.diag(root)).sum())
        return np.array(logs)


def _logarithms(variances: Floats, freedom: NDArray[Any], sizes: Floats) -> tuple[Floats, Floats]:
    """ln s² of groups of d degrees of freedom less its mean if noise were even, and its standard
    deviation then, (g,) each; −∞ where most variances of the size are 0.

    Variances are cut (`CUT`), and the mean and deviation are those of what is left. The
    typical variance of a size is its median, over that of chance.
    """
    chance = {d: chdtri(d, QUANTILES) / d for d in np.unique(freedom)}
    relative = variances / np.array([np.median(chance[d]) for d in freedom])
    typical = np.array([np.median(relative[sizes == size]) for size in sizes])
    cut = {d: np.log(np.clip(of, *CUT)) for d, of in chance.items()}
    means, deviations = np.array([(cut[d].mean(), cut[d].std()) for d in freedom]).T
    with np.errstate(divide="ignore"):
        logs = np.log(np.clip(variances, CUT[0] * typical, CUT[1] * typical)) - means
    return np.where(typical > 0, logs, -np.inf), deviations
