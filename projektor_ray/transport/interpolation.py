"""Distances of mixtures between measured ones, by spline interpolation with an error estimate.

The interpolant is the cubic polyharmonic spline

    d(p) = Σ_n w_n ‖p − p_n‖³ + b·p,    M [w; b] = [d; 0],    M = [[‖p_k − p_n‖³, p], [pᵀ, 0]]

(Duchon, 1977). It equals the measured distances at the measured mixtures p_n, and of all functions
with these values it has the least bending energy. A constant is part of b·p, because shares sum
to 1. The same spline is universal kriging with the generalised covariance σ² r³ (Matheron, 1981),
which gives a standard error of the interpolant; σ² comes from leave-one-out errors.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from projektor_ray.predictors.probe_arrays import mixture_groups
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport.distances import DistanceFunction, Distances

CORNER = 1 - 1e-9
"""A mixture with a larger share is a corner of the simplex: one provider alone."""
NEGLIGIBLE = 1e-9
"""Variance, in units of σ², that rounding leaves at a measured mixture."""


@dataclass(frozen=True, eq=False)
class InterpolatedDistances:
    """A `DistanceFunction` that interpolates between measured mixtures.

    Attributes
    ----------
    mixtures : measured, all different, shape (n, m).
    distances : their distances, shape (n,).
    weights, tail : w (n,) and b (m,).
    """

    mixtures: Floats
    distances: Floats
    weights: Floats
    tail: Floats

    @staticmethod
    def fit(mixtures: Floats, distances: Floats) -> "InterpolatedDistances":
        """Interpolate distances (k,) of mixtures (k, m); a repeated mixture takes the mean."""
        groups = mixture_groups(mixtures)
        distances = np.array([distances[rows].mean() for rows in groups])
        mixtures = mixtures[[rows[0] for rows in groups]]
        weights, tail = _solve(mixtures, distances)
        return InterpolatedDistances(mixtures, distances, weights, tail)

    def __call__(self, mixtures: Floats, /) -> Distances:
        separation = cdist(mixtures, self.mixtures)
        slope = 3 * separation * self.weights
        gradient = slope.sum(axis=1)[:, None] * mixtures - slope @ self.mixtures
        value = separation**3 @ self.weights + mixtures @ self.tail
        return Distances.closed_form(value, gradient + self.tail)

    @cached_property
    def leave_one_out(self) -> Floats:
        """d(p_k) − d without k, at every measured mixture (n,): w_k / (M⁻¹)_kk (Rippa, 1999).

        A mixture that no others determine is predicted by the smallest coefficients instead.
        """
        diagonal = np.diag(self._inverse)[: len(self.mixtures)]
        determined = diagonal > 1e-6  # 1 / the variance without k, which is some units at most
        errors = np.divide(self.weights, diagonal, out=np.zeros_like(diagonal), where=determined)
        for k in np.flatnonzero(~determined):
            others = np.arange(len(diagonal)) != k
            weights, tail = _solve(self.mixtures[others], self.distances[others])
            cubes = cdist(self.mixtures[k][None], self.mixtures[others]) ** 3
            errors[k] = self.distances[k] - cubes[0] @ weights - self.mixtures[k] @ tail
        return errors

    @property
    def held_out_error(self) -> float:
        """Root mean square of the leave-one-out errors; infinite if corners alone are measured.

        Corners of the simplex are left out: without one of them the others extrapolate, which no
        mixture needs as long as the corner is measured.
        """
        inner = self.mixtures.max(axis=1) < CORNER
        return float(np.sqrt(np.mean(self.leave_one_out[inner] ** 2))) if inner.any() else np.inf

    def standard_error(self, mixtures: Floats) -> Floats:
        """Kriging standard error at mixtures (B, m): σ √(−qᵀ M⁻¹ q), q = [‖p − p_n‖³; p]."""
        return self._scale * np.sqrt(_variance(self.mixtures, self._inverse, mixtures))

    def propose(self, candidates: Floats, count: int) -> NDArray[np.intp]:
        """Indices of the candidates (B, m) to measure next, at most `count`, the best one first.

        Each has the largest standard error once those before it are measured, which does not depend
        on what their distances will be.
        """
        measured, chosen = self.mixtures, list[int]()
        for _ in range(min(count, len(candidates))):
            variance = _variance(measured, _inverse(measured), candidates)
            if variance.max() <= NEGLIGIBLE:
                break
            chosen.append(int(variance.argmax()))
            measured = np.vstack([measured, candidates[chosen[-1]]])
        return np.array(chosen, dtype=np.intp)

    @cached_property
    def _inverse(self) -> Floats:
        return _inverse(self.mixtures)

    @cached_property
    def _scale(self) -> float:
        """σ: leave-one-out errors have the variance σ² / (M⁻¹)_kk."""
        diagonal = np.diag(self._inverse)[: len(self.mixtures)].clip(min=0.0)
        return float(np.sqrt(np.mean(self.leave_one_out**2 * diagonal)))


@dataclass(frozen=True, eq=False)
class Refinement:
    """An interpolant after further mixtures were measured.

    Attributes
    ----------
    interpolated : through all measured mixtures.
    mixtures, distances : those measured for the refinement, (k, m), and their distances; None if
        there are none.
    error : of the interpolant, as `refine` defines it.
    """

    interpolated: InterpolatedDistances
    mixtures: Floats
    distances: Distances | None
    error: float


def refine(
    interpolated: InterpolatedDistances,
    measure: DistanceFunction,
    candidates: Floats,
    bound: float,
    *,
    batch: int = 8,
    most: int = 200,
) -> Refinement:
    """Measure mixtures where the interpolant is least certain, until its error is within a bound.

    The error is the larger of two: the leave-one-out error of all measured mixtures, and the root
    mean square error at the last batch, as predicted before the batch was measured.

    Parameters
    ----------
    candidates : mixtures (B, m) that may be measured.
    bound : on the error, in units of the distance.
    batch : mixtures that are measured together.
    most : mixtures that are measured at most.
    """
    current, error = interpolated, interpolated.held_out_error
    mixtures, parts = [candidates[:0]], list[Distances]()
    while error > bound and (left := most - sum(map(len, mixtures))) > 0:
        index = current.propose(candidates, min(batch, left))
        if not len(index):
            break
        chosen = candidates[index]
        measured = measure(chosen)
        missed = measured.value - current(chosen).value
        current = InterpolatedDistances.fit(
            np.vstack([current.mixtures, chosen]), np.append(current.distances, measured.value)
        )
        error = max(current.held_out_error, float(np.sqrt(np.mean(missed**2))))
        mixtures.append(chosen)
        parts.append(measured)
    distances = Distances.concatenate(parts) if parts else None
    return Refinement(current, np.vstack(mixtures), distances, error)


def _system(mixtures: Floats) -> Floats:
    """M, shape (n + m, n + m)."""
    zeros = np.zeros((mixtures.shape[1], mixtures.shape[1]))
    return np.block([[cdist(mixtures, mixtures) ** 3, mixtures], [mixtures.T, zeros]])


def _inverse(mixtures: Floats) -> Floats:
    """M⁻¹, the pseudoinverse where mixtures do not determine the tail."""
    return np.asarray(np.linalg.pinv(_system(mixtures)), dtype=np.float64)


def _solve(mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
    """w (n,) and b (m,), the smallest ones where mixtures do not determine them.

    `Pᵀ w = 0` leaves w the null space of Pᵀ, in which the kernel is definite; then `P b = d − K w`.
    """
    left, singular, right = np.linalg.svd(mixtures, full_matrices=len(mixtures) > mixtures.shape[1])
    rank = int(np.sum(singular > len(left) * np.finfo(float).eps * singular[0]))
    free, cubes = left[:, rank:], cdist(mixtures, mixtures) ** 3
    weights = free @ np.linalg.solve(free.T @ cubes @ free, free.T @ distances)
    open_part = left[:, :rank].T @ (distances - cubes @ weights)
    return weights, right[:rank].T @ (open_part / singular[:rank])


def _variance(mixtures: Floats, inverse: Floats, at: Floats) -> Floats:
    """−qᵀ M⁻¹ q at mixtures (B, m); infinite where the measured mixtures do not determine b·p."""
    q = np.hstack([cdist(at, mixtures) ** 3, at])
    solution = q @ inverse
    undetermined = np.abs(solution @ _system(mixtures) - q).max(axis=1) > 1e-6
    variance = np.asarray(-np.sum(solution * q, axis=1)).clip(min=0.0)
    return np.where(undetermined, np.inf, variance)
