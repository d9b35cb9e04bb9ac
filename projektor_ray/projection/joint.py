"""`joint`: one model of all scales at once."""

import itertools
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from projektor_ray.errors import TooFewProbesError
from projektor_ray.predictors.averaged_posterior import AveragedPosterior, ProbeFactors
from projektor_ray.predictors.bayesian_model_averaging import (
    AveragedFit,
    NoisePrior,
)
from projektor_ray.predictors.gaussian_process import NOISE_SHARE, NOISE_WEIGHT, RATIOS
from projektor_ray.predictors.kernels import KernelSum, MixtureKernels
from projektor_ray.predictors.noise_levels import NoiseLevels
from projektor_ray.predictors.predictor import FitReport
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.spectra import Factorised, Trend
from projektor_ray.predictors.standard_distance import StandardDistance
from projektor_ray.projection.law_error import LOG_LINEAR, LawError
from projektor_ray.projection.line_weights import NOISE_EXPONENT
from projektor_ray.projection.queries import Bounds, bounds_in
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.projection.size_axis import Bend, SizeAxis
from projektor_ray.projection.slope_changes import hinges, slope_changes, slopes_before
from projektor_ray.storage.array_types import Floats

KERNELS = MixtureKernels(lengths=(0.3, 1.2), additive=(0.0, 0.9))
SLOPES = (0.1, 0.3, 0.6)
"""Candidate τ: spread of the mixtures' slopes in ln N over the spread of their values."""
CORRELATIONS = (-0.7, 0.0, 0.7)
"""Candidate ρ between a mixture's value and its slope."""
SIZE_TERMS = np.array([(1, r * t, t**2) for t, r in itertools.product(SLOPES, CORRELATIONS)])
"""Of `1 + ρτ(x + x') + τ²xx'`, the factors of 1, x + x' and xx', for every candidate (τ, ρ)."""
STRAIGHT = Bend()
FEWEST_PROBES = 6
ROUNDS = 3
"""How often the changes of the slope, and the noise around them, are estimated."""
MOST_CACHED = 4
"""Sizes whose process is stored: those of a curve would take much memory."""


class Joint(ScaleModel):
    """`L̂(N, p) = a1·OT + a0 + b·x + s(p, x)` with `x = ln(N / N_last)`, or bent (`SizeAxis`).

    With three scales and more, `b` is the slope from the last but one on, and may have been another
    before: `Σ_j c_j·min(x − x_j, 0)` is added, see `slope_changes`.

    Center-scaling, a slope in x common to all mixtures, and a Gaussian process of kernel
    `k(p, p')·(1 + ρτ(x + x') + τ²xx')`, `k` that of the predictor `gp`: each mixture has a value
    and a slope of its own, both shrunken towards the common ones, which Eq. 3 cannot do. The
    noise variance falls as N^−0.7, and differs by mixture where repeats show that (`NoiseLevels`).
    Lengths, τ, ρ and the ratio of the process's variance to the noise's are averaged over their
    marginal likelihood.

    Parameters
    ----------
    law : mean and spread of the growth beyond the largest scale, in units of the law's.
    bend : curvature of x in ln N.
    """

    name = "joint"

    def __init__(
        self, bounds: Bounds | None = None, law: LawError = LOG_LINEAR, bend: Bend = STRAIGHT
    ) -> None:
        super().__init__(bounds)
        self.law, self.bend = law, bend

    def _fit(self, probes: ProbeArrays) -> None:
        if len(probes) < FEWEST_PROBES:
            raise TooFewProbesError(
                f"the joint model of all scales needs at least {FEWEST_PROBES} probes; "
                f"got {len(probes)}. Train more mixtures"
            )
        self._probes = probes
        self._cached: dict[float, KernelSum] = {}
        self._reports: Mapping[int, FitReport] | None = None
        self._sums: tuple[KernelSum, KernelSum] | None = None
        self._trained, self._which = np.unique(probes.mixtures, axis=0, return_inverse=True)
        self._last = float(self.scales[-1])
        self._standard = StandardDistance.of(probes.distances)
        self.axis = SizeAxis(float(self.scales[0]), self._last, self.bend, self.law.factor)
        self._logs = self.axis.at(probes.sizes)
        self._levels = NoiseLevels.of(probes)
        self._loudness = self._noise_of(probes.sizes) * self._levels_of(probes)
        arrays = (probes.mixtures, probes.distances, probes.sizes, self._logs, self._loudness)
        self._factorised = Factorised.shared(
            ("joint", *(array.tobytes() for array in arrays)),
            lambda: self._trend_and_kernels(probes),
        )
        trend, kernels = self._factorised.trend, self._factorised.kernels
        self._kinks = self._kinks_of(probes)
        self._changes = np.zeros(len(self._kinks))
        self._average = self._averaged(probes.values)
        self._posterior = AveragedPosterior(trend, self._average, kernels, self._factors)
        for _ in range(ROUNDS if len(self._kinks) else 0):
            columns = hinges(self._logs, self._kinks)
            slope = float(self._posterior.trend_coefficients[2])
            deviations = self.law.departure * np.abs(slopes_before(slope, self._changes))
            self._changes = slope_changes(
                self._average,
                columns / self._loudness[:, None],
                probes.values / self._loudness,
                deviations,
            )
            self._average = self._averaged(probes.values - columns @ self._changes)
            self._posterior = AveragedPosterior(trend, self._average, kernels, self._factors)
        left_out = self._average.left_out(probes.groups())
        levels_at_last = self._levels_of(probes.at(self._last))
        self.noise = self._average.noise * float(np.sqrt(np.mean(levels_at_last**2)))
        self.left_out = left_out * self._loudness

    @property
    def _factors(self) -> ProbeFactors:
        """Of `1 + ρτ(x + x') + τ²xx'`, constant and linear parts in x, noise divided out."""
        one, both, bent = SIZE_TERMS.T[..., None]
        linear = np.stack([one + both * self._logs, both + bent * self._logs], axis=1)
        return ProbeFactors(self._which, linear / self._loudness)

    def _levels_of(self, probes: ProbeArrays) -> Floats:
        return self._levels.at(probes.mixtures, probes.distances)

    def _averaged(self, values: Floats) -> AveragedFit:
        at_last = self._probes.at(self._last).values
        return AveragedFit(
            targets=values / self._loudness,
            spectra=self._factorised.spectra,
            ratios=RATIOS,
            prior=NoisePrior(NOISE_WEIGHT, NOISE_SHARE * float(at_last.std())),
        )

    def _kinks_of(self, probes: ProbeArrays) -> Floats:
        """x of the scales between others; none on a bent axis, which has its own curvature."""
        if self.bend != STRAIGHT:
            return np.empty(0)
        return self.axis.at(np.array(probes.full_scales[1:-1], dtype=np.float64))

    def _trend_and_kernels(self, probes: ProbeArrays) -> tuple[Trend, list[Floats]]:
        """The free columns and the candidate kernels between the probes, noise divided out."""
        columns = self._trend_columns(probes.distances, self._logs)
        both = np.outer(self._loudness, self._loudness)
        kernels = self._kernels(probes.mixtures, self._logs)
        kernels /= both
        return Trend(columns / self._loudness[:, None]), list(kernels)

    @property
    def reports(self) -> Mapping[int, FitReport]:
        """Scale → how well it is fitted."""
        if self._reports is None:
            self._reports = self._report(self._probes, np.asarray(self.left_out))
        return self._reports

    @property
    def log_evidence(self) -> float:
        """ln of the marginal likelihood of the probes, but for what no bend changes."""
        return self._average.log_evidence - self._posterior.trend.half_log_determinant

    @property
    def average(self) -> AveragedFit:
        """The fit to the probes, each divided by its `loudness`."""
        return self._average

    @property
    def loudness(self) -> Floats:
        """Standard deviation of each probe's noise, up to a factor, shape (k,)."""
        return self._loudness

    @property
    def coefficients(self) -> Floats:
        """`a1, a0, b` of the trend."""
        offset, slope, along = self._posterior.trend_coefficients
        return np.array([*self._standard.line(offset, slope), along])

    def _noise_of(self, sizes: Floats) -> Floats:
        """Standard deviation of the noise, relative to that at the largest scale."""
        return np.asarray((sizes / self._last) ** (-NOISE_EXPONENT / 2))

    def _trend_columns(self, distances: Floats, logs: Floats) -> Floats:
        return np.column_stack([np.ones(len(distances)), self._standard(distances), logs])

    def _kernels(self, mixtures: Floats, logs: Floats) -> Floats:
        """Covariances with the probes for every candidate, (J, q, n), noise not divided out."""
        over_mixtures = np.array(KERNELS.matrices(mixtures, self._trained))[..., self._which]
        over_sizes = np.array(_size_kernels(logs, self._logs))
        both = over_mixtures[:, None] * over_sizes
        return both.reshape(-1, *both.shape[2:])

    def _features(self, mixtures: Floats, logs: Floats) -> Floats:
        """Of mixtures at sizes: kernels with the trained ones, and x times them, (L, q, 2t)."""
        over_mixtures = np.array(KERNELS.matrices(mixtures, self._trained))
        return np.concatenate([over_mixtures, over_mixtures * logs[:, None]], axis=2)

    def sum_kernels(self) -> tuple[KernelSum, KernelSum]:
        """The process at the largest scale, and its derivative along x, in which it is linear."""
        if self._sums is None:
            at_last, rising = np.split(self._posterior.duals, 2, axis=1)
            weighted = KERNELS.weighted
            self._sums = weighted(self._trained, at_last), weighted(self._trained, rising)
        return self._sums

    def _process_at(self, log: float) -> KernelSum:
        """The process at one size; those of the sizes that were used last are stored.

        The dictionary is replaced, never changed: threads may predict at once.
        """
        known = self._cached
        process = known.get(log)
        if process is None:
            at_last, rising = self.sum_kernels()
            process = at_last.plus(log, rising)
        others = [(key, one) for key, one in known.items() if key != log]
        self._cached = {**dict(others[1 - MOST_CACHED :]), log: process}
        return process

    def _predict(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        return self.value_and_gradient(mixtures, distances, np.zeros(mixtures.shape), size)[0]

    def value_and_gradient(
        self, mixtures: Floats, distances: Floats, distance_gradients: Floats, size: float
    ) -> tuple[Floats, Floats]:
        log = self.axis.at_size(size)
        columns = self._trend_columns(distances, np.full(len(mixtures), log))
        trend, slope = columns @ self._posterior.trend_coefficients, self.coefficients[0]
        if len(self._changes):
            trend = trend + hinges(np.array(log), self._kinks) @ self._changes
        process, along_shares = self._process_at(log)(mixtures)
        return trend + process, slope * distance_gradients + along_shares

    def size_slope(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        log = self.axis.at_size(size)
        before = self._changes[log < self._kinks].sum() if len(self._changes) else 0.0
        return (self.rise(mixtures, distances) + before) * self.axis.slope(size)

    def rise(self, mixtures: Floats, distances: Floats) -> Floats:
        """∂L̂/∂x from the last but one scale on, shape (q,): there the prediction is linear in x."""
        _, rising = self.sum_kernels()
        return np.asarray(self._posterior.trend_coefficients[2] + rising(mixtures)[0])

    def _growth(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        beyond = max(self.axis.at_size(size), 0.0) / self.law.factor
        return self.rise(mixtures, distances) * beyond

    def _spread(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        logs = np.full(len(mixtures), self.axis.at_size(size))
        one, both, bent = self._prior_terms.sum(axis=0)
        variance = self._posterior.variance(
            self._trend_columns(distances, logs),
            self._features(mixtures, logs),
            one + 2 * both * logs + bent * logs**2,
        )
        noise = self._average.noise * self._noise_of(np.array(size))
        return np.asarray(np.sqrt(variance + noise**2 * self._levels.at(mixtures, distances) ** 2))

    @property
    def _prior_terms(self) -> Floats:
        """Factors of 1, x + x' and xx' of each kernel over mixtures, before probes, (L, 3)."""
        return np.asarray(self._posterior.prior_variances.reshape(len(KERNELS), -1) @ SIZE_TERMS)

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        if self._levels.even:
            return None
        return self._average.noise * self._levels.at(mixtures, distances)

    def covariance(self, mixtures: Floats, distances: Floats, size: float | Floats) -> Floats:
        logs = self.axis.at(np.broadcast_to(np.asarray(size, dtype=np.float64), len(mixtures)))
        sums, products = np.add.outer(logs, logs), np.outer(logs, logs)
        kernels = KERNELS.matrices(mixtures, mixtures)
        prior = np.zeros((len(logs),) * 2)
        for kernel, (one, both, bent) in zip(kernels, self._prior_terms, strict=True):
            prior += kernel * (one + both * sums + bent * products)
        columns = self._trend_columns(distances, logs)
        return self._posterior.covariance(columns, self._features(mixtures, logs), prior)

    def unfitted(self) -> "Joint":
        return Joint(self.bounds, self.law, self.bend)

    def _state(self) -> dict[str, Any]:
        return {**self._probes.state(), "law": asdict(self.law), "bend": asdict(self.bend)}

    @classmethod
    def _unfilled(cls, values: dict[str, Any]) -> "Joint":
        law, bend = values.get("law"), values.get("bend")
        return cls(
            bounds_in(values),
            LOG_LINEAR if law is None else LawError(**law),
            STRAIGHT if bend is None else Bend(**bend),
        )

    def _restore(self, state: dict[str, Any]) -> None:
        self._fit(ProbeArrays.restored(state))


def _size_kernels(logs: Floats, others: Floats) -> list[Floats]:
    """`1 + ρτ(x + x') + τ²xx'` between sizes, (q, n), for every candidate (τ, ρ)."""
    sums, products = np.add.outer(logs, others), np.outer(logs, others)
    return [np.asarray(one + both * sums + bent * products) for one, both, bent in SIZE_TERMS]
