"""Each probe left out by itself: as a fit without it predicts."""

from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.predictors.averaged_posterior import AveragedPosterior, ProbeFactors
from projektor_ray.predictors.bayesian_model_averaging import (
    AveragedFit,
    NoisePrior,
)
from projektor_ray.predictors.left_out_alone import LeftOutAlone
from projektor_ray.predictors.matern import matern as correlation
from projektor_ray.predictors.spectra import Spectrum, Trend
from projektor_ray.storage.array_types import Floats

PRIOR = NoisePrior(2.0, 0.3)
RATIOS = np.array([0.3, 5.0])
LENGTHS = (0.3, 0.8)


def matern(at: Floats, inputs: Floats, length: float) -> Floats:
    return correlation(np.linalg.norm(at[:, None] - inputs, axis=2) / length)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def inputs(rng: np.random.Generator) -> Floats:
    return rng.dirichlet(np.ones(3), 9)


def averaged(inputs: Floats, values: Floats) -> tuple[Trend, AveragedFit, list[Floats]]:
    trend = Trend(np.column_stack([np.ones(len(inputs)), inputs[:, 0]]))
    kernels = [matern(inputs, inputs, length) for length in LENGTHS]
    spectra = [Spectrum.of_kernel(trend, kernel) for kernel in kernels]
    return trend, AveragedFit(values, spectra, RATIOS, PRIOR), kernels


def test_it_is_what_a_fit_to_the_others_predicts(inputs: Floats, rng: np.random.Generator) -> None:
    values = rng.normal(size=9)
    errors, spreads = LeftOutAlone(averaged(inputs, values)[1])(values)
    for row in range(9):
        rest = np.delete(np.arange(9), row)
        trend, average, kernels = averaged(inputs[rest], values[rest])
        columns = np.array([[1.0, inputs[row, 0]]])
        at = [matern(inputs[[row]], inputs[rest], length) for length in LENGTHS]
        factors = ProbeFactors(np.arange(8), np.ones((1, 1, 8)))
        posterior = AveragedPosterior(trend, average, kernels, factors)
        mean = posterior.mean(columns, at)[0]
        variance = posterior.variance(columns, at, posterior.prior_variances.sum())[0]
        assert errors[row] == pytest.approx(values[row] - mean)
        noise = np.sum(average.weights * average.noise_variances)
        assert spreads[row] ** 2 == pytest.approx(variance + noise)


def test_targets_may_differ_from_those_of_the_fit(inputs: Floats, rng: np.random.Generator) -> None:
    first, second = rng.normal(size=(2, 9))
    average = averaged(inputs, first)[1]
    other = LeftOutAlone(replace(average, targets=second))(second)
    np.testing.assert_allclose(LeftOutAlone(average)(second), other)


def test_a_probe_without_which_the_trend_is_open_has_no_residual() -> None:
    inputs = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    trend = Trend(np.column_stack([np.ones(4), inputs[:, 0]]))
    kernel = np.eye(4)
    average = AveragedFit(np.arange(4.0), [Spectrum.of_kernel(trend, kernel)], RATIOS, PRIOR)
    errors, spreads = LeftOutAlone(average)(average.targets)
    assert errors[0] == 0
    assert np.isfinite(spreads).all()
