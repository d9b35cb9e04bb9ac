"""Distances of mixtures between measured ones, by cubic spline interpolation."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from projektor_ray.predictors.probe_arrays import mixture_groups
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport.distances import Distances


@dataclass(frozen=True, eq=False)
class InterpolatedDistances:
    """Cubic polyharmonic spline `d(p) = Σ_n w_n ‖p − p_n‖³ + b·p` (Duchon 1977).

    It equals the measured distances at the measured mixtures p_n. Of all functions with these
    values it has the least bending energy. A constant is part of `b·p`, because shares sum to 1.

    Attributes
    ----------
    mixtures : measured, all different, shape (n, m).
    weights, tail : w (n,) and b (m,).
    """

    mixtures: Floats
    weights: Floats
    tail: Floats

    @staticmethod
    def fit(mixtures: Floats, distances: Floats) -> "InterpolatedDistances":
        """Interpolate distances (k,) of mixtures (k, m); a repeated mixture takes the mean."""
        groups = mixture_groups(mixtures)
        distances = np.array([distances[rows].mean() for rows in groups])
        mixtures = mixtures[[rows[0] for rows in groups]]
        count, providers = mixtures.shape
        zeros = np.zeros((providers, providers))
        system = np.block([[cdist(mixtures, mixtures) ** 3, mixtures], [mixtures.T, zeros]])
        right = np.append(distances, np.zeros(providers))
        solution = np.linalg.lstsq(system, right, rcond=None)[0]
        return InterpolatedDistances(mixtures, solution[:count], solution[count:])

    def __call__(self, mixtures: Floats, /) -> Distances:
        separation = cdist(mixtures, self.mixtures)
        slope = 3 * separation * self.weights
        gradient = slope.sum(axis=1)[:, None] * mixtures - slope @ self.mixtures
        value = separation**3 @ self.weights + mixtures @ self.tail
        return Distances.closed_form(value, gradient + self.tail)
