"""`gp`: center-scaling as the mean of a Gaussian process over mixtures."""

from typing import Any

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.predictors.averaged_posterior import AveragedPosterior, ProbeFactors
from projektor_ray.predictors.bayesian_model_averaging import (
    AveragedFit,
    NoisePrior,
)
from projektor_ray.predictors.kernels import KernelSum, MixtureKernels
from projektor_ray.predictors.noise_levels import NoiseLevels
from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.spectra import Factorised, Trend
from projektor_ray.predictors.standard_distance import StandardDistance
from projektor_ray.storage.array_types import Floats

KERNELS = MixtureKernels(
    lengths=(0.15, 0.3, 0.6, 1.2), additive=(0.0, 0.5, 0.9), warps=("root", "log", "fine log")
)
RATIOS = 10.0 ** np.arange(-2.0, 4.5, 0.5)
"""Candidate ratios of the process's variance to that of the noise."""
NOISE_SHARE = 0.1
"""Noise expected before any probe is seen, as a share of the values' spread: about a point of
accuracy where mixtures differ by ten."""
NOISE_WEIGHT = 2.0
MOST_DESIGN_MIXTURES = 1000
NEGLIGIBLE_OF_NOISE = 0.1
"""Directions of all candidates together in which the process varies less than this say nothing."""


class GaussianProcess(Predictor):
    """`L̂ = a1·OT + a0 + s(p)`: Eq. 1, and a smooth correction learned from the mixtures alone.

    `s` is a Gaussian process; its kernel (see `MixtureKernels`), and the ratio of its variance to
    the noise's, are averaged over their marginal likelihood. Where there are no probes near, CS is
    what remains. Where repeats show that noise differs by mixture, each probe is divided by its
    level (`NoiseLevels`). Coefficients: `a1, a0` of the trend; the process is
    its probes, so its table holds them, and is read back by fitting them again. Without
    distances (or where they do not vary) the trend is a constant.
    """

    name = "gp"
    design_precision = NOISE_SHARE**2

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return 4

    @classmethod
    def design_columns(cls, mixtures: Floats) -> Floats:
        """A root `X` of its process's covariance, `X Xᵀ = k(p, p')`, the mean over the kernels.

        With it `det(XᵀX + τI)` is, but for a factor, that of the covariance of the probes: the
        design of maximum entropy (Shewry and Wynn, J. Applied Statistics 14, 1987).

        Raises
        ------
        InputError
            If there are too many mixtures for a root.
        """
        if len(mixtures) > MOST_DESIGN_MIXTURES:
            raise InputError(
                f"a D-optimal design for the predictor 'gp' takes at most {MOST_DESIGN_MIXTURES:,} "
                f"candidates; got {len(mixtures):,}, for {mixtures.shape[1]} providers. Set "
                "probes.design: maximin"
            )
        kernel = np.mean(KERNELS.matrices(mixtures, mixtures), axis=0)
        values, vectors = np.linalg.eigh(kernel)
        heard = values > NEGLIGIBLE_OF_NOISE * cls.design_precision
        return np.asarray(vectors[:, heard] * np.sqrt(values[heard]))

    def _fit(self, probes: ProbeArrays) -> None:
        self._probes = probes
        self._cached: KernelSum | None = None
        self._standard = StandardDistance.of(probes.distances)
        self._levels = NoiseLevels.of(probes)
        self._loudness = self._levels.at(probes.mixtures, probes.distances)
        arrays = (probes.mixtures, probes.distances, self._loudness)
        self._factorised = Factorised.shared(
            (self.name, *(array.tobytes() for array in arrays)),
            lambda: self._trend_and_kernels(probes),
        )
        trend, kernels = self._factorised.trend, self._factorised.kernels
        self._average = AveragedFit(
            targets=probes.values / self._loudness,
            spectra=self._factorised.spectra,
            ratios=RATIOS,
            prior=NoisePrior(NOISE_WEIGHT, NOISE_SHARE * float(probes.values.std())),
        )
        self._trained, which = np.unique(probes.mixtures, axis=0, return_inverse=True)
        factors = ProbeFactors(which, 1 / self._loudness[None, None])
        self._posterior = AveragedPosterior(trend, self._average, kernels, factors)
        offset, slope = self._posterior.trend_coefficients
        self.coefficients = np.array(self._standard.line(offset, slope))

    def _trend_and_kernels(self, probes: ProbeArrays) -> tuple[Trend, list[Floats]]:
        """The free columns and the candidate kernels between the probes, noise divided out."""
        columns = self._trend_columns(probes.distances) / self._loudness[:, None]
        kernels = KERNELS.matrices(probes.mixtures, probes.mixtures)
        if not self._levels.even:
            both = np.outer(self._loudness, self._loudness)
            kernels = [kernel / both for kernel in kernels]
        return Trend(columns), kernels

    @property
    def average(self) -> AveragedFit:
        """The fit to the probes, each divided by its `loudness`, over kernels and ratios."""
        return self._average

    @property
    def loudness(self) -> Floats:
        """Level of each probe's noise, shape (k,)."""
        return self._loudness

    def _trend_columns(self, distances: Floats) -> Floats:
        return np.column_stack([np.ones(len(distances)), self._standard(distances)])

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        trend = self._trend_columns(distances) @ self._posterior.trend_coefficients
        return np.asarray(trend + self._process(mixtures)[0])

    def _fitted(self, probes: ProbeArrays) -> Floats:
        return self._posterior.fitted * self._loudness

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        return self._process(mixtures)[1], np.full(len(mixtures), self.coefficients[0])

    def _process(self, mixtures: Floats) -> tuple[Floats, Floats]:
        """s(p) and its derivative along the shares: (q,), (q, m)."""
        if self._cached is None:
            self._cached = KERNELS.weighted(self._trained, self._posterior.duals)
        return self._cached(mixtures)

    def spread(self, mixtures: Floats, distances: Floats) -> Floats:
        """`√(variance of the prediction + noise²)`, shape (q,), with the noise of each mixture."""
        variance = self._posterior.variance(
            self._trend_columns(distances),
            KERNELS.matrices(mixtures, self._trained),
            float(self._posterior.prior_variances.sum()),
        )
        return np.asarray(np.sqrt(variance + self.noise_at(mixtures, distances) ** 2))

    def noise_at(self, mixtures: Floats, distances: Floats) -> Floats:
        """Standard deviation of one training of each mixture, shape (q,)."""
        return np.asarray(self._average.noise * self._levels.at(mixtures, distances))

    @property
    def freedom(self) -> float:
        """Of the noise variance's posterior: probes beyond the trend's columns, and the prior's."""
        return self._average.freedom

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        return None if self._levels.even else self.noise_at(mixtures, distances)

    def covariance(self, mixtures: Floats, distances: Floats) -> Floats:
        prior = KERNELS.summed(mixtures, self._posterior.prior_variances)
        features = KERNELS.matrices(mixtures, self._trained)
        return self._posterior.covariance(self._trend_columns(distances), features, prior)

    def _left_out(self, probes: ProbeArrays) -> Floats:
        return self._average.left_out(probes.groups()) * self._loudness

    def _state(self) -> dict[str, Any]:
        return self._probes.state()

    def _restore(self, state: dict[str, Any]) -> None:
        self._fit(ProbeArrays.restored(state))
