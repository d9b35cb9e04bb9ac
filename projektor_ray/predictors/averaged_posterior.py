"""What a fit averaged over candidate kernels says of new points: mean, variance, covariance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from projektor_ray.predictors.bayesian_model_averaging import AveragedFit
from projektor_ray.predictors.spectra import Trend
from projektor_ray.storage.array_types import Floats


@dataclass(frozen=True, eq=False)
class ProbeFactors:
    """How a new point's covariances with the n probes follow from its features.

    Kernels are products: `R_j* = Σ_e φ_le[:, which] · factors_ce` for the kernel j = (l, c), with E
    features φ_le (q, t) of each of the t distinct inputs that probes have.

    Attributes
    ----------
    which : input of each probe, 0, 1, … t − 1, shape (n,).
    factors : of each probe, shape (C, E, n).
    """

    which: NDArray[np.intp]
    factors: Floats

    def to_features(self, c: int, columns: Floats) -> Floats:
        """`B` of `R_j* · columns = φ_l · B`: (n, r) → (E·t, r)."""
        order = np.argsort(self.which, kind="stable")
        starts = np.flatnonzero(np.diff(self.which[order], prepend=-1))
        products = self.factors[c][:, order, None] * columns[order]
        sums = np.add.reduceat(products, starts, axis=1)
        return np.asarray(sums.reshape(-1, columns.shape[1]))


@dataclass(frozen=True, eq=False)
class AveragedPosterior:
    """What an averaged fit says of new points.

    A new point has trend columns `u*` (q, k) and features `φ_l` (q, d), d = E·t, of each of L
    kernels, see `ProbeFactors`. All candidates together are then one quadratic form in the numbers
    of a point, which is made once.

    Attributes
    ----------
    trend : the free columns at the probes.
    average : the fit.
    kernels : `R_j` between the probes, J = L·C of them, (n, n).
    factors : how covariances with the probes follow from features.
    """

    trend: Trend
    average: AveragedFit
    kernels: Sequence[Floats]
    factors: ProbeFactors

    @cached_property
    def _explained(self) -> Floats:
        """`Σ_j R_j duals_j` at the probes, shape (n,)."""
        pairs = zip(self.kernels, self.average.duals, strict=True)
        return sum((kernel @ dual for kernel, dual in pairs), start=np.zeros(len(self.kernels[0])))

    @cached_property
    def trend_coefficients(self) -> Floats:
        """β, shape (k,): `U⁺ (y − Σ_j R_j duals_j)`."""
        return np.asarray(self.trend.pseudo_inverse @ (self.average.targets - self._explained))

    @property
    def fitted(self) -> Floats:
        """The mean at the probes, shape (n,)."""
        return np.asarray(self.trend.columns @ self.trend_coefficients + self._explained)

    @cached_property
    def duals(self) -> Floats:
        """Duals of the features, shape (L, d): `Σ_j R_j* duals_j = Σ_l φ_l · duals_l`."""
        parts = np.array(
            [
                self.factors.to_features(c, self.average.duals[j][:, None])[:, 0]
                for _, c, j in self._candidates
            ]
        )
        by_kernel = parts.reshape(-1, len(self.factors.factors), parts.shape[1])
        return np.asarray(by_kernel.sum(axis=1))

    def mean(self, trend_at: Floats, features: Sequence[Floats] | Floats) -> Floats:
        """`u*·β + Σ_l φ_l · duals_l`, shape (q,)."""
        process = np.einsum("lqd,ld->q", np.asarray(features), self.duals)
        return np.asarray(trend_at @ self.trend_coefficients + process)

    def variance(
        self, trend_at: Floats, features: Sequence[Floats] | Floats, prior_at: Floats | float
    ) -> Floats:
        """Variance of the noise-free value at new points, shape (q,).

        Within each candidate that of universal kriging, and between the candidates that of their
        means.

        Parameters
        ----------
        prior_at : before the probes are seen, `Σ_j prior_variances_j r_j**`, (q,).
        """
        above, along = self._apart(trend_at, features)
        crossed = self._crossed(trend_at, features)
        total = prior_at + above * (above + 2 * along) + np.einsum("qk,qk->q", crossed, trend_at)
        for points, (pulled, explained) in zip(
            _points(trend_at, features), self._roots, strict=True
        ):
            total += _squares(points @ pulled) - _squares(points @ explained)
        return np.asarray(np.maximum(total, 0.0))

    def covariance(
        self, trend_at: Floats, features: Sequence[Floats] | Floats, prior_at: Floats
    ) -> Floats:
        """Covariance of the noise-free values at new points, shape (q, q).

        Symmetric, and its diagonal is `variance`.

        Parameters
        ----------
        prior_at : before the probes are seen, `Σ_j prior_variances_j R_j**`, (q, q).
        """
        above, along = self._apart(trend_at, features)
        half = 0.5 * (prior_at + self._crossed(trend_at, features) @ trend_at.T)
        half += np.outer(above, 0.5 * above + along)
        total = half + half.T
        for points, (pulled, explained) in zip(
            _points(trend_at, features), self._roots, strict=True
        ):
            for sign, part in ((1, points @ pulled), (-1, points @ explained)):
                total += sign * (part @ part.T)
        np.fill_diagonal(total, np.maximum(total.diagonal(), 0.0))
        return np.asarray(total)

    def _apart(
        self, trend_at: Floats, features: Sequence[Floats] | Floats
    ) -> tuple[Floats, Floats]:
        """The trend through the values alone less the mean, and `Σ_j w_j` of what each candidate's
        mean is below that trend more than the probes' trend is: (q,) each.
        """
        on_trend = trend_at @ (self.trend.pseudo_inverse @ self.average.targets)
        pairs = zip(_points(trend_at, features), self._slopes, strict=True)
        along = sum((points @ slope for points, slope in pairs), start=np.zeros(len(trend_at)))
        return on_trend - self.mean(trend_at, features), along

    def _crossed(self, trend_at: Floats, features: Sequence[Floats] | Floats) -> Floats:
        """`C` (q, k): `C u*ᵀ + u* Cᵀ` over 2 is the covariance of the trend through the values
        alone, less twice what it shares with the process at the points.
        """
        shared = np.einsum("lqd,ldk->qk", np.asarray(features), self._shared, optimize=True)
        return np.asarray(trend_at @ self._trend_covariance - 2 * shared)

    @property
    def prior_variances(self) -> Floats:
        """`Σ_γ w γ σ²` of each kernel's candidates, shape (J,)."""
        average = self.average
        return np.asarray((average.weights * average.noise_variances) @ average.ratios)

    @cached_property
    def _trend_covariance(self) -> Floats:
        """Of the trend through the values alone, its coefficients, shape (k, k)."""
        inverse = self.trend.pseudo_inverse
        noise = float(np.sum(self.average.weights * self.average.noise_variances))
        pairs = zip(self.prior_variances, self.kernels, strict=True)
        among = sum((v * (inverse @ kernel) for v, kernel in pairs), start=noise * inverse)
        return np.asarray(among @ inverse.T)

    @cached_property
    def _shared(self) -> Floats:
        """`Σ_j prior_j R_j* U⁺ᵀ` as a function of the features, shape (L, d, k)."""
        inverse = self.trend.pseudo_inverse
        parts = np.zeros((len(self.duals), self.duals.shape[1], len(inverse)))
        for of, c, j in self._candidates:
            parts[of] += self.prior_variances[j] * self.factors.to_features(c, inverse.T)
        return parts

    @property
    def _candidates(self) -> list[tuple[int, int, int]]:
        """l, c and j = l·C + c of each kernel."""
        count = len(self.factors.factors)
        return [(j // count, j % count, j) for j in range(len(self.kernels))]

    @property
    def _roots(self) -> Sequence[tuple[Floats, Floats]]:
        """`A` and `B`, (d + k, ·), of the points of each l: their form is `A Aᵀ − B Bᵀ`."""
        return self._roots_and_slopes[0]

    @property
    def _slopes(self) -> Floats:
        """The same of what is linear in the points, shape (L, d + k)."""
        return self._roots_and_slopes[1]

    @cached_property
    def _roots_and_slopes(self) -> tuple[Sequence[tuple[Floats, Floats]], Floats]:
        """With `O = (R_j* − u* U⁺ R_j) V_j` as a function of a point, candidate j adds

            O [Σ_γ w (pull_γ pull_γᵀ − γ² σ² D_γ)] Oᵀ

        to the form, and `O Σ_γ w pull_γ` to the slope; `pull_γ = γ D_γ V_jᵀ y`. The form itself has
        numbers γ² times as large as what it says of a point: its roots have γ times, and lose half
        as many digits.
        """
        average, inverse = self.average, self.trend.pseudo_inverse
        count, size = len(self.kernels) // len(self.factors.factors), self.duals.shape[1]
        slopes = np.zeros((count, size + len(inverse)))
        pulled: list[list[Floats]] = [[] for _ in range(count)]
        explained: list[list[Floats]] = [[] for _ in range(count)]
        for of, c, j in self._candidates:
            vectors, weights, shrinkage = (
                average.spectra[j].vectors,
                average.weights[j],
                average.shrinkage[j],
            )
            variances = (weights * average.noise_variances[j] * average.ratios**2) @ shrinkage
            pulls = average.ratios[:, None] * shrinkage * average.contrasts[j]
            open_part = np.vstack(
                [
                    self.factors.to_features(c, vectors),
                    -(inverse @ self.kernels[j]) @ vectors,
                ]
            )
            pulled[of].append(open_part @ (pulls.T * np.sqrt(weights)))
            explained[of].append(open_part * np.sqrt(variances))
            slopes[of] += open_part @ (weights @ pulls)
        roots = [(_narrow(a), _narrow(b)) for a, b in zip(pulled, explained, strict=True)]
        return roots, slopes


def _narrow(parts: Sequence[Floats]) -> Floats:
    """`X` with no more columns than rows, and `X Xᵀ = Σ part partᵀ`."""
    root = np.hstack(parts)
    if root.shape[1] <= root.shape[0]:
        return root
    upper = np.linalg.qr(root.T, mode="r")
    return np.asarray(np.transpose(upper))


def _squares(rows: Floats) -> Floats:
    return np.asarray(np.einsum("qd,qd->q", rows, rows))


def _points(trend_at: Floats, features: Sequence[Floats] | Floats) -> Iterator[Floats]:
    """The numbers of new points for each l: features, then trend columns, (q, d + k)."""
    return (np.hstack([of, trend_at]) for of in features)
