"""How many digits the averaged posterior keeps where values are nearly free of noise."""

import numpy as np
import pytest

from projektor_ray.predictors.bayesian_model_averaging import AveragedFit
from projektor_ray.predictors.gaussian_process import KERNELS, GaussianProcess
from projektor_ray.projection.joint import Joint
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import accuracy, distance


def solved(matrix: Floats, right: Floats) -> Floats:
    """`matrix⁻¹ right` of a positive definite matrix, in the precision of both."""
    matrix, right = matrix.copy(), right.copy()
    for i in range(len(matrix)):
        factors = matrix[i + 1 :, i] / matrix[i, i]
        matrix[i + 1 :] -= np.outer(factors, matrix[i])
        right[i + 1 :] -= np.outer(factors, right[i])
    for i in reversed(range(len(matrix))):
        right[i] = (right[i] - matrix[i, i + 1 :] @ right[i + 1 :]) / matrix[i, i]
    return right


def covariance_by_kriging(
    average: AveragedFit,
    kernels: list[Floats],
    trend: tuple[Floats, Floats],
    at: list[Floats],
    between: list[Floats],
) -> Floats:
    """Universal kriging by each candidate, with `np.longdouble`, and between their means."""
    columns, columns_at = (part.astype(np.longdouble) for part in trend)
    values = average.targets.astype(np.longdouble)
    means, weights, within = [], [], np.zeros(between[0].shape, np.longdouble)
    for j, g in np.ndindex(*average.weights.shape):
        ratio, weight = average.ratios[g], average.weights[j, g]
        system = np.eye(len(values), dtype=np.longdouble) + ratio * kernels[j]
        shared = ratio * at[j].astype(np.longdouble)
        right = np.column_stack([columns, values, shared.T])
        apart, alone, across = np.split(solved(system, right), [2, 3], axis=1)
        inverse = solved(columns.T @ apart, np.eye(2, dtype=np.longdouble))
        coefficients = inverse @ (columns.T @ alone[:, 0])
        open_part = columns_at - shared @ apart
        relative = ratio * between[j] - shared @ across + open_part @ inverse @ open_part.T
        within += weight * average.noise_variances[j, g] * relative
        means.append(columns_at @ coefficients + shared @ (alone[:, 0] - apart @ coefficients))
        weights.append(weight)
    departures = np.array(means) - np.array(weights) @ np.array(means) / np.sum(weights)
    return np.asarray(within + (departures.T * np.array(weights)) @ departures, dtype=float)


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_the_covariance_keeps_its_digits_without_noise(noise: float) -> None:
    """Of 40 probes, half of them in pairs that are nearly equal; γ is up to 10⁴."""
    rng = np.random.default_rng(1)
    mixtures = rng.dirichlet(np.ones(3), 40)
    mixtures[30:] = (1 - 1e-6) * mixtures[:10] + 1e-6 / 3
    values = accuracy(mixtures) + noise * rng.normal(size=40)
    fresh = np.vstack([rng.dirichlet(np.ones(3), 4), mixtures[:2]])
    model = GaussianProcess().fit(mixtures, distance(mixtures), values)
    found = model.covariance(fresh, distance(fresh))
    expected = covariance_by_kriging(
        model.average,
        KERNELS.matrices(mixtures, mixtures),
        (model._trend_columns(distance(mixtures)), model._trend_columns(distance(fresh))),
        KERNELS.matrices(fresh, mixtures),
        KERNELS.matrices(fresh, fresh),
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * model.average.noise**2)


@pytest.mark.parametrize("noise", [0.0, 1e-2])
@pytest.mark.parametrize("kind", ["gp", "joint"])
def test_a_covariance_is_one_and_its_diagonal_is_the_variance(kind: str, noise: float) -> None:
    """Symmetric to the bit, no negative eigenvalue beyond rounding, even for equal mixtures."""
    rng = np.random.default_rng(2)
    mixtures = rng.dirichlet(np.ones(3), 30)
    values = accuracy(mixtures) + noise * rng.normal(size=30)
    fresh = np.vstack([rng.dirichlet(np.ones(3), 12), mixtures[:4], mixtures[:4]])
    at = fresh, distance(fresh)
    if kind == "gp":
        process = GaussianProcess().fit(mixtures, distance(mixtures), values)
        covariance, own = process.covariance(*at), process.average.noise**2
        variance = process.spread(*at) ** 2 - own
    else:
        sizes, both = np.repeat([300, 1000], 30), np.tile(mixtures, (2, 1))
        joint = Joint().fit(both, distance(both), sizes, np.append(values - 0.05, values))
        covariance, own = joint.covariance(*at, 1000), joint.average.noise**2
        variance = joint._spread(*at, 1000) ** 2 - own
    np.testing.assert_array_equal(covariance, covariance.T)
    np.testing.assert_allclose(np.diag(covariance), variance, rtol=1e-8, atol=1e-9 * own)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8 * own
