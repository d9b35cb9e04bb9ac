"""Planted accuracies at several sizes, as tables that models of all scales are fitted to."""

import numpy as np

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import accuracy, distance

NOISE = 0.008
BEND = 0.002
"""What ln² N takes away: Eq. 3 is 1.7 points too high at ten times the scales."""


def truth(mixtures: Floats, size: float | Floats, bend: float = BEND) -> Floats:
    """Accuracies that grow with ln N, each mixture at its own pace, and slowly saturate."""
    pace = 0.05 + 0.02 * mixtures[:, 2]
    log = np.log(np.asarray(size) / 1000)
    return np.asarray(accuracy(mixtures) + pace * log - bend * log**2)


def table(
    rng: np.random.Generator, count: int, scales: tuple[int, ...] = (250, 1000), bend: float = BEND
) -> tuple[Floats, Floats, Floats, Floats]:
    grid = simplex_lattice(3, 10)
    mixtures = np.concatenate([grid[rng.choice(66, count, replace=False)] for _ in scales])
    sizes = np.repeat(np.array(scales, dtype=float), count)
    noise = NOISE * (sizes / 1000) ** -0.35 * rng.normal(size=len(sizes))
    return mixtures, distance(mixtures), sizes, truth(mixtures, sizes, bend) + noise
