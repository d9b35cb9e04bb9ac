"""The covariance between mixtures that the Gaussian processes share."""

import numpy as np
from scipy.spatial.distance import cdist

from projektor_ray.predictors.averaging import Floats

SHARE_OFFSET = 0.02
"""Inputs are √(p + 0.02): the first samples of a provider matter most, but not infinitely."""
LENGTHS = (0.15, 0.3, 0.6, 1.2, 2.4)
"""Candidate length scales; two vertices of the simplex are 1.2 apart."""


def warp(mixtures: Floats) -> Floats:
    """√(p + 0.02), with shares below 0 (from differences at the boundary) taken as they are."""
    return np.sqrt(np.maximum(mixtures + SHARE_OFFSET, SHARE_OFFSET / 2))


def matern(warped: Floats, others: Floats, length: float) -> Floats:
    """Matérn 5/2 correlation, (q, m), (n, m) → (q, n):

    `k(r) = (1 + √5 r + 5r²/3)·exp(−√5 r)`, `r = ‖x − x'‖ / length`.
    """
    scaled = np.sqrt(5.0) * distances(warped, others) / length
    return np.asarray((1 + scaled + scaled**2 / 3) * np.exp(-scaled))


def matern_gradient(mixtures: Floats, others: Floats, length: float, duals: Floats) -> Floats:
    """Derivative along the shares of `Σ_n duals_n · k(p, p_n)`, (q, m); `others` (n, m) are warped.

    `∂k/∂x = −(5/3)·(1 + √5 r)·exp(−√5 r)·(x − x') / length²` and `∂x/∂p = 1 / (2x)`.
    """
    warped = warp(mixtures)
    scaled = np.sqrt(5.0) * distances(warped, others) / length
    pulls = -(5 / 3) * (1 + scaled) * np.exp(-scaled) / length**2 * duals
    along_warped = pulls.sum(axis=1, keepdims=True) * warped - pulls @ others
    return np.asarray(along_warped / (2 * warped))


def distances(points: Floats, others: Floats) -> Floats:
    """Euclidean distances, (q, m), (n, m) → (q, n), exact where points coincide."""
    return np.asarray(cdist(points, others))
