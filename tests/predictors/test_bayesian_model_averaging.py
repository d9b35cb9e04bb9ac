"""A fit averaged over kernels and ratios: universal kriging, total covariance, groups left out."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm, t
from sklearn.gaussian_process.kernels import Matern

from projektor_ray.predictors.averaged_posterior import AveragedPosterior, ProbeFactors
from projektor_ray.predictors.bayesian_model_averaging import (
    AveragedFit,
    NoisePrior,
)
from projektor_ray.predictors.spectra import Spectrum, Trend
from projektor_ray.storage.array_types import Floats


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def matern(points: Floats, others: Floats, length: float) -> Floats:
    return np.asarray(Matern(length_scale=length, nu=2.5)(points, others))


def no_factors(count: int) -> ProbeFactors:
    """Of kernels whose features are the covariances with the probes themselves."""
    return ProbeFactors(np.arange(count), np.ones((1, 1, count)))


def test_one_candidate_is_universal_kriging(rng: np.random.Generator) -> None:
    """Mean and covariance by the textbook's block system, for one length and one ratio."""
    inputs, fresh = rng.dirichlet(np.ones(3), 12), rng.dirichlet(np.ones(3), 4)
    columns, columns_at = rng.normal(size=(12, 2)), rng.normal(size=(4, 2))
    values, ratio = rng.normal(size=12), 3.0
    kernel, kernel_at = matern(inputs, inputs, 0.6), matern(fresh, inputs, 0.6)
    trend = Trend(columns)
    average = AveragedFit(
        values, [Spectrum.of_kernel(trend, kernel)], np.array([ratio]), NoisePrior(2.0, 0.3)
    )
    posterior = AveragedPosterior(trend, average, [kernel], no_factors(12))
    system = np.block([[ratio * kernel + np.eye(12), columns], [columns.T, np.zeros((2, 2))]])
    right = np.vstack([ratio * kernel_at.T, columns_at.T])
    solved = np.linalg.solve(system, right)
    np.testing.assert_allclose(posterior.mean(columns_at, [kernel_at]), solved[:12].T @ values)
    between = matern(fresh, fresh, 0.6)
    relative = ratio * between - solved.T @ right
    restricted = np.linalg.inv(system)[:12, :12]
    noise_variance = (2 * 0.3**2 + values @ restricted @ values) / (2 + 10)
    np.testing.assert_allclose(
        posterior.covariance(columns_at, [kernel_at], posterior.prior_variances[0] * between),
        noise_variance * relative,
        atol=1e-12,
    )
    np.testing.assert_allclose(
        posterior.variance(columns_at, [kernel_at], posterior.prior_variances[0]),
        noise_variance * np.diag(relative),
    )


def test_a_new_probe_follows_students_t_with_the_freedom_of_the_noise(
    rng: np.random.Generator,
) -> None:
    """By integrating a normal distribution over the posterior of σ², on a grid."""
    columns, values = rng.normal(size=(7, 2)), rng.normal(size=7)
    trend, kernel, ratio = Trend(columns), np.diag(rng.uniform(0.5, 2, size=7)), 2.0
    prior = NoisePrior(3.0, 0.4)
    average = AveragedFit(values, [Spectrum.of_kernel(trend, kernel)], np.array([ratio]), prior)
    covariance = ratio * kernel + np.eye(7)
    precision = np.linalg.inv(covariance)
    free = columns.T @ precision
    restricted = precision - free.T @ np.linalg.solve(free @ columns, free)
    squares = float(values @ restricted @ values)
    logs = np.linspace(-12, 12, 40_001)
    likelihood = -0.5 * (7 - 2) * logs - 0.5 * squares * np.exp(-logs)
    belief = -0.5 * 3.0 * logs - 0.5 * 3.0 * 0.4**2 * np.exp(-logs)
    weights = np.exp(likelihood + belief)
    half = t.ppf(0.95, average.freedom) * np.sqrt(average.noise_variances[0, 0])
    inside = 1 - 2 * norm.sf(half / np.exp(logs / 2))
    assert weights @ inside / weights.sum() == pytest.approx(0.9, abs=1e-6)


def test_covariance_of_many_candidates_is_within_them_and_between_their_means(
    rng: np.random.Generator,
) -> None:
    """The law of total covariance over posteriors of one candidate each."""
    inputs, fresh = rng.dirichlet(np.ones(3), 9), rng.dirichlet(np.ones(3), 4)
    columns, columns_at = rng.normal(size=(9, 2)), rng.normal(size=(4, 2))
    values, ratios, lengths = rng.normal(size=9), np.array([0.3, 5.0]), (0.3, 0.8)
    trend = Trend(columns)
    kernels = [matern(inputs, inputs, length) for length in lengths]
    at = [matern(fresh, inputs, length) for length in lengths]
    between = [matern(fresh, fresh, length) for length in lengths]

    def posterior(which: list[int], candidates: Floats) -> AveragedPosterior:
        spectra = [Spectrum.of_kernel(trend, kernels[j]) for j in which]
        average = AveragedFit(values, spectra, candidates, NoisePrior(2.0, 0.3))
        return AveragedPosterior(trend, average, [kernels[j] for j in which], no_factors(9))

    every = posterior([0, 1], ratios)
    prior = np.tensordot(every.prior_variances, between, axes=1)
    found = every.covariance(columns_at, at, prior)
    mean, expected = every.mean(columns_at, at), np.zeros((4, 4))
    for j, g in np.ndindex(2, 2):
        alone = posterior([j], ratios[[g]])
        apart = alone.mean(columns_at, [at[j]]) - mean
        within = alone.covariance(columns_at, [at[j]], alone.prior_variances[0] * between[j])
        expected += every.average.weights[j, g] * (within + np.outer(apart, apart))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    variance = every.variance(columns_at, at, every.prior_variances.sum())
    np.testing.assert_allclose(np.diag(found), variance)


def test_kernels_that_are_products_are_the_same_from_their_features(
    rng: np.random.Generator,
) -> None:
    """Two kernels over five inputs, times three kernels linear in a second coordinate."""
    distinct, which = rng.dirichlet(np.ones(3), 5), np.array([3, 0, 0, 1, 4, 2, 3, 1, 4, 4])
    second, scale = rng.normal(size=10), rng.uniform(0.5, 2.0, 10)
    fresh, second_at = rng.dirichlet(np.ones(3), 6), rng.normal(size=6)
    columns, columns_at = rng.normal(size=(10, 2)), rng.normal(size=(6, 2))
    slopes, lengths = (0.2, 0.9, 1.5), (0.3, 0.8)

    def every(over: Floats, others: Floats, x: Floats, y: Floats) -> list[Floats]:
        return [
            matern(over, others, length) * (1 + slope * np.outer(x, y))
            for length in lengths
            for slope in slopes
        ]

    inputs, trend = distinct[which], Trend(columns)
    kernels = [one / np.outer(scale, scale) for one in every(inputs, inputs, second, second)]
    spectra = [Spectrum.of_kernel(trend, kernel) for kernel in kernels]
    ratios, prior = np.array([0.3, 5.0]), NoisePrior(2.0, 0.3)
    average = AveragedFit(rng.normal(size=10), spectra, ratios, prior)
    direct = AveragedPosterior(trend, average, kernels, no_factors(10))
    at = [one / scale for one in every(fresh, inputs, second_at, second)]
    linear = np.array([[np.ones(10), slope * second] for slope in slopes]) / scale
    product = AveragedPosterior(trend, average, kernels, ProbeFactors(which, linear))
    over = np.array([matern(fresh, distinct, length) for length in lengths])
    features = np.concatenate([over, over * second_at[:, None]], axis=2)
    before = np.tensordot(direct.prior_variances, every(fresh, fresh, second_at, second_at), 1)
    for found, expected in (
        (product.mean(columns_at, features), direct.mean(columns_at, at)),
        (
            product.covariance(columns_at, features, before),
            direct.covariance(columns_at, at, before),
        ),
        (
            product.variance(columns_at, features, np.diag(before)),
            direct.variance(columns_at, at, np.diag(before)),
        ),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-12)
    at_probes = direct.mean(columns, kernels)
    np.testing.assert_allclose(direct.fitted, at_probes)


def test_left_out_mixtures_are_predicted_as_a_fit_without_them_does(
    rng: np.random.Generator,
) -> None:
    """The candidates' weights included: the fit without a group weighs them anew."""
    inputs = np.repeat(rng.dirichlet(np.ones(3), 7), 2, axis=0)
    columns = np.column_stack([np.ones(14), rng.normal(size=14)])
    values, ratios = rng.normal(size=14), np.array([0.1, 1.0, 10.0])

    def fit(rows: NDArray[Any]) -> tuple[AveragedFit, AveragedPosterior]:
        trend = Trend(columns[rows])
        kernels = [matern(inputs[rows], inputs[rows], length) for length in (0.3, 0.8)]
        spectra = [Spectrum.of_kernel(trend, kernel) for kernel in kernels]
        average = AveragedFit(values[rows], spectra, ratios, NoisePrior(2.0, 0.3))
        return average, AveragedPosterior(trend, average, kernels, no_factors(len(rows)))

    groups = [np.array([2 * g, 2 * g + 1]) for g in range(7)]
    found = fit(np.arange(14))[0].left_out(groups)
    for rows in groups:
        rest = np.setdiff1d(np.arange(14), rows)
        at = [matern(inputs[rows], inputs[rest], length) for length in (0.3, 0.8)]
        predicted = fit(rest)[1].mean(columns[rows], at)
        np.testing.assert_allclose(found[rows], values[rows] - predicted, atol=1e-9)
