"""Predictors linear in their coefficients, and the polynomial baselines (appendix B.1)."""

from abc import abstractmethod

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.predictors.bayesian_model_averaging import AveragedFit
from projektor_ray.predictors.noise_weighted import NoiseWeighted
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.spectra import Spectrum, Trend
from projektor_ray.storage.array_types import Floats

RATIOS = 10.0 ** np.arange(-3.0, 10.5, 0.5)
"""Candidate γ of the ridge: variance of the shrunken part over that of the noise."""
CONSTANT_TOLERANCE = 1e-10
MOST_COLUMNS = 20_000


class Polynomial(NoiseWeighted):
    """L̂ = coefficients · columns(p, OT); the last column is constant.

    Columns are standardised; those that `_free` names and the constant are not penalised, all
    others are shrunken by a ridge that is averaged over its marginal likelihood. A ridge that
    leaves less than one residual degree of freedom is refused: a fit with more columns than probes
    would otherwise merely interpolate them. Columns that do not vary get the coefficient 0. Where
    repeats show that noise differs by mixture, misfits are divided by its level.
    """

    @classmethod
    def design_columns(cls, mixtures: Floats) -> Floats:
        """Its columns, without those that the distance is a factor of."""
        columns = cls()._columns(mixtures, np.zeros(len(mixtures)))
        return columns if np.ptp(columns, axis=0).any() else super().design_columns(mixtures)

    @abstractmethod
    def _columns(self, mixtures: Floats, distances: Floats) -> Floats:
        """Shape (q, f), in the order of the coefficients."""

    @abstractmethod
    def _free(self, providers: int) -> list[int]:
        """Columns that are not penalised, besides the constant."""

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return 4

    def _fit(self, probes: ProbeArrays) -> None:
        columns = self._columns(probes.mixtures, probes.distances)
        means, deviations = columns.mean(axis=0), columns.std(axis=0)
        varies = deviations > CONSTANT_TOLERANCE * np.maximum(np.abs(means), 1e-3)
        free = np.isin(np.arange(columns.shape[1]), self._free(probes.n_providers)) & varies
        shrunken = varies & ~free
        standard = (columns - means) / np.where(varies, deviations, 1.0)
        self._loudness = self._learn_levels(probes)
        trend_columns = np.column_stack([np.ones(len(probes)), standard[:, free]])
        trend = Trend(trend_columns / self._loudness[:, None])
        penalised = standard[:, shrunken] / np.sqrt(max(shrunken.sum(), 1))
        penalised /= self._loudness[:, None]
        self._average = AveragedFit(
            targets=probes.values / self._loudness,
            spectra=[Spectrum.of_columns(trend, penalised)],
            ratios=RATIOS if shrunken.any() else np.ones(1),
            fewest_residual=1.0,
        )
        slopes = penalised.T @ self._average.duals[0]
        unexplained = probes.values / self._loudness - penalised @ slopes
        offset, *trend_slopes = trend.pseudo_inverse @ unexplained
        coefficients = np.zeros(columns.shape[1])
        coefficients[free] = np.array(trend_slopes) / deviations[free]
        coefficients[shrunken] = slopes / np.sqrt(max(shrunken.sum(), 1)) / deviations[shrunken]
        coefficients[-1] = (offset - means[:-1] @ coefficients[:-1]) / means[-1]
        self.coefficients = coefficients

    def _left_out(self, probes: ProbeArrays) -> Floats:
        return self._average.left_out(probes.groups()) * self._loudness

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        return self._columns(mixtures, distances) @ self.coefficients


class MixturePolynomial(Polynomial):
    """A polynomial in the shares alone: what is predicted does not depend on the distance."""

    def _free(self, providers: int) -> list[int]:
        return []

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        return self._along_shares(mixtures), np.zeros(len(mixtures))

    @abstractmethod
    def _along_shares(self, mixtures: Floats) -> Floats:
        """∂L̂/∂p, shape (B, m)."""


class Linear(MixturePolynomial):
    """`L̂ = Σ_i c1_i p_i + c0` (appendix B.1). Coefficients: `c1 (m), c0`."""

    name = "linear"

    def _columns(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.column_stack([mixtures, np.ones(len(mixtures))])

    def _along_shares(self, mixtures: Floats) -> Floats:
        return np.broadcast_to(self.coefficients[:-1], mixtures.shape)


class PseudoQuadratic(MixturePolynomial):
    """`L̂ = Σ_i (c2_i p_i² + c1_i p_i) + c0` (appendix B.1). Coefficients: `c2 (m), c1 (m), c0`."""

    name = "pseudo_quadratic"

    def _columns(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.column_stack([mixtures**2, mixtures, np.ones(len(mixtures))])

    def _along_shares(self, mixtures: Floats) -> Floats:
        m = mixtures.shape[1]
        return 2 * mixtures * self.coefficients[:m] + self.coefficients[m : 2 * m]


class Quadratic(MixturePolynomial):
    """`L̂ = Σ_{i≤j} c_ij p_i p_j + Σ_i c1_i p_i + c0` (appendix B.1).

    Coefficients: `c_ij` in the order of `numpy.triu_indices(m)`, then `c1 (m), c0`.
    """

    name = "quadratic"

    def _columns(self, mixtures: Floats, distances: Floats) -> Floats:
        m = mixtures.shape[1]
        if m * (m + 3) // 2 > MOST_COLUMNS:
            raise InputError(
                f"the predictor 'quadratic' has a coefficient for each pair of providers, too many "
                f"for {m} providers; use 'pseudo_quadratic', whose cost is linear in providers"
            )
        row, column = np.triu_indices(m)
        pairs = mixtures[:, row] * mixtures[:, column]
        return np.column_stack([pairs, mixtures, np.ones(len(mixtures))])

    def _along_shares(self, mixtures: Floats) -> Floats:
        m = mixtures.shape[1]
        form = np.zeros((m, m))
        form[np.triu_indices(m)] = self.coefficients[: -m - 1]
        return np.asarray(mixtures @ (form + form.T) + self.coefficients[-m - 1 : -1])
