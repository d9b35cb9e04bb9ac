"""Planted accuracies of providers that lack classes."""

import numpy as np
from scipy.special import expit

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.projection import ClassShares
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import distance

ACCURACY = (0.0, 1.0)
SIZE = 9000.0
GRID = simplex_lattice(3, 5)
DISJOINT = ClassShares(
    np.array([[0.5, 0.5, 0, 0, 0], [0, 0, 0.5, 0.5, 0], [0, 0, 0, 0, 1.0]]), np.full(5, 0.2)
)
COMPLETE = ClassShares(np.full((3, 5), 0.2), np.full(5, 0.2))


def share_held(mixtures: Floats) -> Floats:
    """Classes of the mixture's providers, of the five."""
    return np.asarray((mixtures > 0) @ [0.4, 0.4, 0.2])


def planted(mixtures: Floats, size: Floats | float) -> Floats:
    """Odds of a/H grow as the square root of the size."""
    steady = 0.3 * mixtures[:, 0] - 0.2 * mixtures[:, 2] - 0.4 * np.sum(mixtures**2, axis=1)
    return share_held(mixtures) * expit(0.6 + steady + 0.5 * np.log(np.asarray(size) / 1000))


def table(
    rng: np.random.Generator, scales: tuple[int, ...] = (250, 1000)
) -> tuple[Floats, Floats, Floats, Floats]:
    mixtures = np.tile(GRID, (len(scales), 1))
    sizes = np.repeat(np.array(scales, dtype=float), len(GRID))
    noise = 0.008 * (sizes / 1000) ** -0.35 * rng.normal(size=len(sizes))
    return mixtures, distance(mixtures), sizes, np.clip(planted(mixtures, sizes) + noise, 0.01, 1)
