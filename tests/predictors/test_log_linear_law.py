"""The data-mixing law recovers a surface of its own form."""

import numpy as np
import pytest
from scipy.optimize import minimize

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS
from projektor_ray.predictors.log_linear_law import LAW_RIDGE
from projektor_ray.storage.array_types import Floats

GRID = simplex_lattice(3, 10)


@pytest.mark.parametrize("k", [2.0, -0.3])
def test_log_linear_law_recovers_its_own_surface(k: float) -> None:
    exponents = np.array([-1.5, 0.3, 1.2])
    values = 1.4 + k * np.exp(GRID @ exponents)
    model = PREDICTORS["log_linear_law"]().fit(GRID[::3], None, values[::3])
    np.testing.assert_allclose(model.predict(GRID), values, atol=0.01 * values.std())
    np.testing.assert_allclose(model.coefficients, [1.4, k, *exponents], rtol=0.05)


@pytest.mark.parametrize("seed", range(10))
def test_a_straight_line_is_the_limit_of_the_law(seed: int) -> None:
    """The least cost is at t = 0, where k is infinite: it is approached, and the fit ends.

    It ends before rounding `c + k·exp(t·p)`, of a huge k and c ≈ −k, costs more than it gains.
    """
    stream = np.random.default_rng(seed)
    worth = stream.normal(size=3)
    model = PREDICTORS["log_linear_law"]().fit(GRID[::5], None, 0.7 + GRID[::5] @ worth)
    np.testing.assert_allclose(model.predict(GRID), 0.7 + GRID @ worth, atol=1e-5)
    assert model.report.mae_cv < 1e-5


def test_the_fit_is_the_one_of_least_cost() -> None:
    """No search that scipy makes from other places, over all numbers at once, finds less."""
    stream = np.random.default_rng(0)
    mixtures = stream.dirichlet(np.ones(3), size=14)
    values = np.exp(mixtures @ [1.0, -0.5, 0.2]) + 0.05 * stream.normal(size=14)
    model = PREDICTORS["log_linear_law"]().fit(mixtures, None, values)
    spread = values.std()

    def cost(numbers: Floats) -> float:
        offset, factor, exponents = numbers[0], numbers[1], numbers[2:] - numbers[2:].mean()
        misfit = (offset + factor * np.exp(mixtures @ exponents) - values) / spread
        return float(misfit @ misfit + LAW_RIDGE**2 * exponents @ exponents)

    found = cost(model.coefficients)
    for _ in range(5):
        start = np.append(stream.normal(size=2), stream.normal(size=3))
        assert found <= minimize(cost, start, method="BFGS").fun + 1e-6
