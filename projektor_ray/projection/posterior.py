"""What a mean and a covariance say of many mixtures at once: differences, and samples."""

import numpy as np

from projektor_ray.storage.array_types import Floats


def deviation_of_differences(covariance: Floats) -> Floats:
    """Standard deviation of `x_i − x_(q+i)` from the covariance (2q, 2q) of all, shape (q,)."""
    count = len(covariance) // 2
    variances, shared = np.diag(covariance), np.diag(covariance[:count, count:])
    variance = variances[:count] + variances[count:] - 2 * shared
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def samples(mean: Floats, covariance: Floats, count: int, stream: np.random.Generator) -> Floats:
    """Of the normal distribution, in pairs around the mean, shape (count, q).

    `mean ± Σ^½ z` with the symmetric root: equal `z` and similar covariances give similar samples.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    apart = stream.normal(size=(count // 2, len(mean))) @ root
    return np.concatenate([mean + apart, mean - apart])
