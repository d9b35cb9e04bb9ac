"""Regression on a free trend plus a shrunken part, averaged over how much it is shrunken.

    y = U β + s + noise,   s ~ N(0, γ σ² R),   noise ~ N(0, σ² I),   β free

`R` is a kernel between probes (a ridge: `Z Zᵀ`), and γ, the ratio of the variances of `s` and of
the noise, is averaged over its restricted marginal likelihood instead of being chosen. With `Q` an
orthonormal basis of what the trend cannot explain and `Qᵀ R Q = V Λ Vᵀ`, everything at every γ is
diagonal, leaving probes out included (Dubrule 1983, *Cross validation of kriging in a unique
neighborhood*).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from projektor_ray.predictors.spectra import Spectrum
from projektor_ray.storage.array_types import Floats

LEVERAGE_TOLERANCE = 1e-9
BLOCK_NUMBERS = 2_000_000
"""Numbers in the largest array where several candidates are computed at once."""


@dataclass(frozen=True)
class NoisePrior:
    """A scaled inverse-χ² prior on the noise variance σ²: `weight` probes of noise `scale`.

    A weight of 0 is Jeffreys' prior.
    """

    weight: float = 0.0
    scale: float = 0.0

    @property
    def sum_of_squares(self) -> float:
        return self.weight * self.scale**2


@dataclass(frozen=True, eq=False)
class AveragedFit:
    """A fit averaged over candidate spectra and ratios γ.

    Attributes
    ----------
    targets : array, shape (n,): y.
    spectra : the candidate kernels, J of them.
    ratios : array, shape (G,): the candidate γ.
    prior : on the noise variance.
    fewest_residual : candidates that leave fewer residual degrees of freedom are refused.
    """

    targets: Floats
    spectra: Sequence[Spectrum]
    ratios: Floats
    prior: NoisePrior = NoisePrior()
    fewest_residual: float = 0.0

    @cached_property
    def shrinkage(self) -> list[Floats]:
        """d = 1 / (1 + γ Λ), shape (G, r), for each spectrum."""
        return [1.0 / (1.0 + np.outer(self.ratios, s.values)) for s in self.spectra]

    @cached_property
    def contrasts(self) -> list[Floats]:
        """c = (Q V)ᵀ y, shape (r,), for each spectrum."""
        return [s.vectors.T @ self.targets for s in self.spectra]

    @cached_property
    def _floor(self) -> float:
        """Rounding error of a sum of squares: what 'no residual at all' looks like."""
        return float(1e-26 * np.sum(self.targets**2) + 1e-300)

    @cached_property
    def log_determinants(self) -> Floats:
        """ln pdet of the restricted precision, shape (J, G); −∞ for refused candidates."""
        logs = np.array([np.log(d).sum(axis=1) for d in self.shrinkage])
        residual = np.array([d.sum(axis=1) for d in self.shrinkage])
        return np.where(residual >= self.fewest_residual, logs, -np.inf)

    @cached_property
    def _squares(self) -> Floats:
        """Restricted sums of squares yᵀ P y, shape (J, G)."""
        return np.array([d @ c**2 for d, c in zip(self.shrinkage, self.contrasts, strict=True)])

    @cached_property
    def weights(self) -> Floats:
        """Posterior weight of every candidate, shape (J, G); sums to 1."""
        return np.asarray(np.exp(self._log_evidences - self.log_evidence))

    @cached_property
    def _log_evidences(self) -> Floats:
        """ln of the restricted marginal likelihood of every candidate, shape (J, G)."""
        count = len(self.contrasts[0])
        return self.candidate_log_evidence(self.log_determinants, self._squares, count)

    @cached_property
    def log_evidence(self) -> float:
        """ln of the sum of the candidates' restricted marginal likelihoods."""
        return float(logsumexp(self._log_evidences))

    def candidate_log_evidence(
        self, log_determinants: Floats, squares: Floats, count: int
    ) -> Floats:
        """Log marginal likelihood of candidates, but for a constant, of `count` contrasts."""
        total = self.prior.sum_of_squares + squares + self._floor
        return 0.5 * log_determinants - 0.5 * (self.prior.weight + count) * np.log(total)

    @cached_property
    def duals(self) -> list[Floats]:
        """For each spectrum `Σ_γ weight · γ P y`, shape (n,): s = Σ_J R_J duals_J."""
        return [
            s.vectors @ (((w * self.ratios) @ d) * c)
            for s, w, d, c in zip(
                self.spectra, self.weights, self.shrinkage, self.contrasts, strict=True
            )
        ]

    @cached_property
    def noise_variances(self) -> Floats:
        """Posterior mean scale of σ² for every candidate, shape (J, G)."""
        return (self.prior.sum_of_squares + self._squares) / self.freedom

    @property
    def freedom(self) -> float:
        """Degrees of freedom of σ² in every candidate: contrasts, and the prior's weight.

        Given a candidate, a new probe follows Student's t with as many.
        """
        return len(self.contrasts[0]) + self.prior.weight

    @property
    def trend_rank(self) -> int:
        """How many columns of the trend the probes determine."""
        return len(self.targets) - len(self.contrasts[0])

    @property
    def noise(self) -> float:
        """Standard deviation of the noise, averaged over the candidates."""
        return float(np.sqrt(np.sum(self.weights * self.noise_variances)))

    def left_out(self, groups: Sequence[NDArray[np.intp]]) -> Floats:
        """Residuals of each group of probes, predicted from all the others, shape (n,).

        Exact, the weights of the candidates without the group included. A group without which the
        trend cannot be determined is predicted by the mean of the others.
        """
        residuals = np.empty(len(self.targets))
        for size in {len(rows) for rows in groups}:
            alike = np.array([rows for rows in groups if len(rows) == size])
            residuals[alike] = self._left_out_alike(alike)
        return residuals

    def _left_out_alike(self, groups: NDArray[np.intp]) -> Floats:
        """Residuals of groups of equal size, (h, b) → (h, b)."""
        count, size = groups.shape
        errors = np.zeros((len(self.spectra), len(self.ratios), count, size))
        evidence = np.full(errors.shape[:3], -np.inf)
        determined = np.ones(count, dtype=bool)
        at_once = max(1, BLOCK_NUMBERS // max(1, groups.size * len(self.contrasts[0])))
        for j, finite in enumerate(np.isfinite(self.log_determinants)):
            candidates = np.flatnonzero(finite)
            for start in range(0, len(candidates), at_once):
                g = candidates[start : start + at_once]
                errors[j, g], evidence[j, g], usable = self._without_groups(j, g, groups)
                determined &= usable
        weights = np.exp(evidence - logsumexp(evidence, axis=(0, 1)))
        residuals = np.einsum("jgh,jghb->hb", weights, errors)
        for group in np.flatnonzero(~determined):
            others = np.delete(self.targets, groups[group])
            residuals[group] = self.targets[groups[group]] - others.mean()
        return np.asarray(residuals)

    def _without_groups(
        self, j: int, g: NDArray[np.intp], groups: NDArray[np.intp]
    ) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Of a spectrum at ratios g (c,), without each group: its errors, (c, h, b), the log
        evidence, (c, h), and whether the others determine it at all these ratios, (h,).
        """
        shrinkage, contrasts = self.shrinkage[j][g], self.contrasts[j]
        vectors = self.spectra[j].vectors[groups]
        blocks = (vectors * shrinkage[:, None, None, :]) @ vectors.swapaxes(1, 2)
        pushed = np.moveaxis(vectors @ (shrinkage * contrasts).T, 2, 0)
        values, bases = np.linalg.eigh(blocks)
        usable = values[..., 0] > LEVERAGE_TOLERANCE * shrinkage.min(axis=1)[:, None]
        values, bases = np.where(usable[..., None], values, 1.0), _identities(bases, ~usable)
        along = np.einsum("chbe,chb->che", bases, pushed)
        errors = np.einsum("chbe,che->chb", bases, along / values)
        squares = self._squares[j, g][:, None] - np.sum(along**2 / values, axis=2)
        logs = self.log_determinants[j, g][:, None] - np.log(values).sum(axis=2)
        left = len(contrasts) - groups.shape[1]
        evidence = self.candidate_log_evidence(logs, np.maximum(squares, 0.0), left)
        return errors, evidence, usable.all(axis=0)


def _identities(bases: Floats, where: NDArray[np.bool_]) -> Floats:
    """The bases (c, h, b, b), with the identity for some groups (c, h)."""
    return np.where(where[..., None, None], np.eye(bases.shape[-1]), bases)
