"""What a fit averaged over candidate kernels says of new points: mean, variance, covariance."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from projektor_ray.predictors.bayesian_model_averaging import BLOCK_NUMBERS, AveragedFit
from projektor_ray.predictors.spectra import Trend
from projektor_ray.storage.array_types import Floats

Kernels = Sequence[Floats] | Floats
"""`R_j*` (q, n) for each candidate kernel, J of them."""


@dataclass(frozen=True, eq=False)
class AveragedPosterior:
    """What an averaged fit says of new points.

    A new point has trend columns `u*` (q, k) and, for each candidate kernel, covariances with the
    probes `R_j*` (q, n) and a variance `r_j**`.

    Attributes
    ----------
    trend : the free columns at the probes.
    average : the fit.
    kernels : `R_j` between the probes, J of them, (n, n).
    """

    trend: Trend
    average: AveragedFit
    kernels: Sequence[Floats]

    @cached_property
    def trend_coefficients(self) -> Floats:
        """β, shape (k,): `U⁺ (y − Σ_j R_j duals_j)`."""
        explained = sum(
            (kernel @ dual for kernel, dual in zip(self.kernels, self.average.duals, strict=True)),
            start=np.zeros(len(self.average.targets)),
        )
        return np.asarray(self.trend.pseudo_inverse @ (self.average.targets - explained))

    def mean(self, trend_at: Floats, kernels_at: Kernels) -> Floats:
        """`u*·β + Σ_j R_j*·duals_j`, shape (q,)."""
        process = np.einsum("jqn,jn->q", np.asarray(kernels_at), np.array(self.average.duals))
        return np.asarray(trend_at @ self.trend_coefficients + process)

    def variance(
        self, trend_at: Floats, kernels_at: Kernels, variances_at: Sequence[float]
    ) -> Floats:
        """Variance of the noise-free value at new points, shape (q,).

        Within each candidate that of universal kriging, and between the candidates that of their
        means.
        """
        at, own = np.asarray(kernels_at), np.asarray(variances_at)
        rows = max(1, BLOCK_NUMBERS // (len(at) * at.shape[2]))
        parts = [slice(first, first + rows) for first in range(0, len(trend_at), rows)]
        return np.concatenate([self._variance(trend_at[of], at[:, of], own) for of in parts])

    def _variance(self, trend_at: Floats, kernels_at: Floats, variances_at: Floats) -> Floats:
        """The same of few points, (J, q, n) kernels at once."""
        on_trend = trend_at @ self.trend.pseudo_inverse
        above = on_trend @ self.average.targets - self.mean(trend_at, kernels_at)
        total, on_trend_squared = np.zeros(len(trend_at)), np.sum(on_trend**2, axis=1)
        for block in self._blocks:
            at, own = kernels_at[block.kernels], variances_at[block.kernels, None]
            by_trend = trend_at @ block.trend_on_kernels
            open_part = (at - by_trend) @ block.vectors
            known = np.einsum("qn,jqn->jq", on_trend, by_trend - 2 * at)
            within = block.prior[:, None] * (own + known) + block.free[:, None] * on_trend_squared
            within -= np.einsum("jqr,jr->jq", open_part**2, block.explained)
            apart = (above[:, None] + open_part @ block.pulls) * np.sqrt(block.weights)[:, None]
            total += np.maximum(within, 0.0).sum(axis=0) + np.sum(apart**2, axis=(0, 2))
        return total

    def covariance(self, trend_at: Floats, kernels_at: Kernels, prior_at: Floats) -> Floats:
        """Covariance of the noise-free values at new points, shape (q, q), as `variance`.

        Parameters
        ----------
        prior_at : covariance before the probes are seen, `Σ_j prior_variances_j R_j**`, (q, q).
        """
        on_trend = trend_at @ self.trend.pseudo_inverse
        above = on_trend @ self.average.targets - self.mean(trend_at, kernels_at)
        across, total = np.zeros_like(kernels_at[0]), prior_at.copy()
        for block in self._blocks:
            roots, weights = np.sqrt(block.explained), np.sqrt(block.weights)
            for j, at in enumerate(kernels_at[block.kernels]):
                across += block.prior[j] * at
                open_part = (at - trend_at @ block.trend_on_kernels[j]) @ block.vectors[j]
                apart = (above[:, None] + open_part @ block.pulls[j]) * weights[j]
                open_part *= roots[j]
                total -= open_part @ open_part.T
                total += apart @ apart.T
        crossing = on_trend @ across.T
        total += trend_at @ self._trend_covariance @ trend_at.T
        return np.asarray(total - crossing - crossing.T)

    def covariance_of_many(
        self,
        trend_at: Floats,
        kernels_at: Floats,
        which: NDArray[np.intp],
        factors: Floats,
        prior_at: Floats,
    ) -> Floats:
        """`covariance` of more points than the probes have distinct inputs, t of them.

        `R_j*` is `kernels_at_l[:, which] · factors_c` for the kernel j = (l, c). So all candidates
        of one l together are a quadratic form in the t kernels and k trend columns of a point.

        Parameters
        ----------
        kernels_at : with the distinct inputs, (L, q, t).
        which : of the distinct inputs each probe has, (n,).
        factors : of each probe, (C, n).
        """
        on_trend = trend_at @ self.trend.pseudo_inverse
        order = np.argsort(which, kind="stable")
        starts = np.searchsorted(which[order], np.arange(kernels_at.shape[2]))
        duals = np.array(self.average.duals).reshape(len(kernels_at), *factors.shape)
        candidates = iter([(block, j) for block in self._blocks for j in range(len(block.prior))])
        mean, linear = trend_at @ self.trend_coefficients, np.zeros(len(trend_at))
        total = prior_at + trend_at @ self._trend_covariance @ trend_at.T
        for own, dual in zip(kernels_at, duals, strict=True):
            points, scale = np.hstack([own, trend_at]), np.zeros(len(which))
            form, along = np.zeros((points.shape[1],) * 2), np.zeros(points.shape[1])
            for factor in factors:
                block, j = next(candidates)
                vectors = block.vectors[j]
                by_input = np.add.reduceat((factor[:, None] * vectors)[order], starts, axis=0)
                open_part = np.vstack([by_input, -block.trend_on_kernels[j] @ vectors])
                pulled = open_part @ block.pulls[j]
                form += (pulled * block.weights[j]) @ pulled.T
                form -= (open_part * block.explained[j]) @ open_part.T
                along += pulled @ block.weights[j]
                scale += block.prior[j] * factor
            crossing = on_trend @ (own[:, which] * scale).T
            total += points @ form @ points.T - crossing - crossing.T
            linear += points @ along
            mean += own[:, which] @ np.sum(factors * dual, axis=0)
        above = on_trend @ self.average.targets - mean
        mixed = np.outer(above, linear)
        return np.asarray(total + np.outer(above, above) + mixed + mixed.T)

    @property
    def prior_variances(self) -> Floats:
        """`Σ_γ w γ σ²` of each kernel's candidates, shape (J,)."""
        return np.concatenate([block.prior for block in self._blocks])

    @cached_property
    def _trend_covariance(self) -> Floats:
        """Of the trend through the values alone, its coefficients, shape (k, k)."""
        among = np.zeros_like(self.kernels[0])
        for kernel, prior in zip(self.kernels, self.prior_variances, strict=True):
            among += prior * kernel
        np.fill_diagonal(among, among.diagonal() + sum(block.free.sum() for block in self._blocks))
        return np.asarray(self.trend.pseudo_inverse @ among @ self.trend.pseudo_inverse.T)

    @cached_property
    def _blocks(self) -> "list[_Block]":
        """The kernels, all together where they are small, else one by one."""
        average = self.average
        count, numbers = len(self.kernels), sum(one.vectors.size for one in average.spectra)
        at_once = count if numbers <= BLOCK_NUMBERS else 1
        return [
            _Block.of(self, slice(first, first + at_once)) for first in range(0, count, at_once)
        ]


@dataclass(frozen=True, eq=False)
class _Block:
    """What some kernels' candidates say, j of them together: an array's first axis is the kernel's.

    Attributes
    ----------
    kernels : which they are.
    vectors : of their spectra, (j, n, r).
    trend_on_kernels : `U⁺ R_j`, (j, k, n).
    prior, free : `w σ²` of their ratios together, of the prior and of the trend, (j,) each.
    explained : the same of what the probes explain along the vectors, (j, r).
    pulls : what the vectors tell of the means at each ratio, (j, r, G).
    weights : of the ratios, (j, G).
    """

    kernels: slice
    vectors: Floats
    trend_on_kernels: Floats
    prior: Floats
    free: Floats
    explained: Floats
    pulls: Floats
    weights: Floats

    @staticmethod
    def of(posterior: AveragedPosterior, kernels: slice) -> "_Block":
        average = posterior.average
        weights, shrinkage = average.weights[kernels], np.array(average.shrinkage[kernels])
        scales = weights * average.noise_variances[kernels]
        contrasts = np.array(average.contrasts[kernels])
        pulled = average.ratios[:, None] * shrinkage * contrasts[:, None]
        return _Block(
            kernels=kernels,
            vectors=_stacked([one.vectors for one in average.spectra[kernels]]),
            trend_on_kernels=posterior.trend.pseudo_inverse @ _stacked(posterior.kernels[kernels]),
            prior=scales @ average.ratios,
            free=scales.sum(axis=1),
            explained=np.einsum("jg,jgr->jr", scales * average.ratios**2, shrinkage),
            pulls=pulled.swapaxes(1, 2),
            weights=weights,
        )


def _stacked(arrays: Sequence[Floats]) -> Floats:
    """Arrays as one; of one array a view, since it may be large."""
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
