"""Distances of mixtures nobody measured, interpolated between those that were."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from projektor_ray.predictors.predictor import mixture_groups
from projektor_ray.storage.arrays import Floats


@dataclass(frozen=True, eq=False)
class Guess:
    """Distances (B,) and their gradients along the shares (B, m)."""

    value: Floats
    gradient: Floats


@dataclass(frozen=True, eq=False)
class Interpolated:
    """`d(p) = Σ_n w_n ‖p − p_n‖³ + b·p`, exact at the measured mixtures p_n (Duchon 1977).

    Of all functions with these values it is the one that bends least. A constant is part of `b·p`,
    because shares sum to 1.

    Attributes
    ----------
    mixtures : measured, all different, shape (n, m).
    weights, tail : w (n,) and b (m,).
    """

    mixtures: Floats
    weights: Floats
    tail: Floats

    @staticmethod
    def through(mixtures: Floats, distances: Floats) -> "Interpolated":
        """Through distances (k,) of mixtures (k, m); of the same mixture, their mean."""
        groups = mixture_groups(mixtures)
        distances = np.array([distances[rows].mean() for rows in groups])
        mixtures = mixtures[[rows[0] for rows in groups]]
        count, providers = mixtures.shape
        nothing = np.zeros((providers, providers))
        system = np.block([[cdist(mixtures, mixtures) ** 3, mixtures], [mixtures.T, nothing]])
        wanted = np.append(distances, np.zeros(providers))
        solved = np.linalg.lstsq(system, wanted, rcond=None)[0]
        return Interpolated(mixtures, solved[:count], solved[count:])

    def __call__(self, mixtures: Floats) -> Guess:
        apart = cdist(mixtures, self.mixtures)
        pull = 3 * apart * self.weights
        along = pull.sum(axis=1)[:, None] * mixtures - pull @ self.mixtures
        return Guess(apart**3 @ self.weights + mixtures @ self.tail, along + self.tail)
