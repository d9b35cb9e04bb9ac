"""The rational baseline and the log-linear law recover what they are the law of."""

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.rational import _rates

GRID = simplex_lattice(3, 10)


def test_rational_recovers_its_own_surface() -> None:
    rates = np.array([[6.0, 10.0, 20.0], [12.0, 5.0, 15.0], [9.0, 30.0, 7.0]])
    errors = np.sum(1 / (GRID @ rates.T), axis=1)
    model = PREDICTORS["rational"]().fit(GRID[::3], None, 1 - errors[::3])
    np.testing.assert_allclose(model.predict(GRID), 1 - errors, atol=0.005)
    loss = PREDICTORS["rational"]().fit(GRID[::3], None, 10 * errors[::3])
    np.testing.assert_allclose(loss.predict(GRID), 10 * errors, atol=0.05)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_rational_tells_a_loss_below_1_from_an_accuracy(shift: float) -> None:
    """Values from 0.3 to 0.9 of a loss's law, and the same where no value can be an accuracy."""
    rates = np.array([[6.0, 10.0, 20.0], [12.0, 5.0, 15.0], [9.0, 30.0, 7.0]])
    errors = np.sum(1 / (GRID @ rates.T), axis=1)
    values = 0.3 + 0.6 * (errors - errors.min()) / np.ptp(errors)
    noise = 0.005 * np.random.default_rng(0).normal(size=len(GRID))
    model = PREDICTORS["rational"]().fit(GRID[::2], None, (values + noise)[::2] + shift)
    assert np.abs(model.predict(GRID) - values - shift).mean() < 0.02


@pytest.mark.parametrize("seed", [5, 6, 12])
def test_chance_makes_no_loss_of_a_few_accuracies(seed: int) -> None:
    """Of these eight the law of a loss has a little less squared error, by its noise alone."""
    rng = np.random.default_rng(seed)
    mixtures = GRID[rng.choice(len(GRID), 8, replace=False)]
    noise = 0.01 * rng.normal(size=8)
    values = 0.6 + 0.05 * np.sqrt(mixtures[:, 0]) + 0.02 * mixtures[:, 1] + noise
    each = (1 - values, values)
    as_accuracy, as_loss = (_rates(mixtures, errors, np.ones(8))[1] for errors in each)
    assert as_loss < as_accuracy
    assert PREDICTORS["rational"]().fit(mixtures, None, values).coefficients[0] == 1.0


@pytest.mark.parametrize("best", [1.0, 1 - 1e-9])
def test_one_perfect_training_changes_little_of_the_rational_law(best: float) -> None:
    """It is seen with an error of 0.19 less than it has."""
    rates = np.array([[6.0, 10.0, 20.0], [12.0, 5.0, 15.0], [9.0, 30.0, 7.0]])
    accuracy = 1 - np.sum(1 / (GRID @ rates.T), axis=1)
    seen = accuracy.copy()
    seen[accuracy.argmax()] = best
    model = PREDICTORS["rational"]().fit(GRID, None, seen)
    assert np.abs(model.predict(GRID) - accuracy).mean() < 0.02


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_rational_of_one_value_throughout(value: float) -> None:
    model = PREDICTORS["rational"]().fit(GRID, None, np.full(len(GRID), value))
    np.testing.assert_allclose(model.predict(GRID), value, atol=0.05)


def test_rational_needs_an_accuracy_or_a_loss() -> None:
    with pytest.raises(InputError, match="a positive loss"):
        PREDICTORS["rational"]().fit(GRID, None, np.linspace(-1, 1.01, len(GRID)))
    wide = np.eye(101)
    with pytest.raises(InputError, match="pseudo_quadratic"):
        PREDICTORS["rational"]().fit(wide, None, np.linspace(0, 0.5, 101))


def test_cross_validation_in_folds_sees_what_a_mixture_hides() -> None:
    """The fold's error of a law that holds is small, that of noise is as large as the noise."""
    values = 1.4 + 2.0 * np.exp(GRID @ np.array([-1.5, 0.3, 1.2]))
    assert PREDICTORS["log_linear_law"]().fit(GRID, None, values).report.mae_cv < 0.01
    noise = np.random.default_rng(0).normal(size=len(GRID))
    report = PREDICTORS["log_linear_law"]().fit(GRID, None, noise).report
    assert report.r2 > 0
    assert report.rms_cv > noise.std()
