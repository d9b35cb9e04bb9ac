"""Planted tables of probes with known truth."""

import numpy as np

from projektor_ray.storage.array_types import Floats

DRIFT = np.array([0.3, 1.1, 0.6])


def distance(mixtures: Floats) -> Floats:
    """A smooth stand-in for the distance of three providers: not a polynomial of the shares."""
    return np.asarray(np.exp(mixtures @ DRIFT[: mixtures.shape[-1]]))


def distance_gradient(mixture: Floats) -> Floats:
    return np.asarray(np.exp(mixture @ DRIFT) * DRIFT)


def eq2(mixtures: Floats, distances: Floats, rng: np.random.Generator) -> Floats:
    """A planted surface of Eq. 2, written out provider by provider."""
    m = mixtures.shape[1]
    b2, b1, c2, c1 = rng.normal(size=(4, m))
    value = np.full(len(mixtures), 0.4)
    for i in range(m):
        p = mixtures[:, i]
        value += (b2[i] * p**2 + b1[i] * p + 0.1) * distances + c2[i] * p**2 + c1[i] * p + 0.2
    return value


def accuracy(mixtures: Floats) -> Floats:
    """An accuracy as probes show it: mostly explained by the distance, with diminishing returns."""
    saturating = 0.1 * np.sqrt(mixtures[:, 0] + 0.05) + 0.05 * mixtures[:, 1] ** 2
    return np.asarray(0.8 - 0.15 * distance(mixtures) + saturating)
