"""The data-mixing law recovers a surface of its own form."""

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.predictors import PREDICTORS

GRID = simplex_lattice(3, 10)


@pytest.mark.parametrize("k", [2.0, -0.3])
def test_log_linear_law_recovers_its_own_surface(k: float) -> None:
    exponents = np.array([-1.5, 0.3, 1.2])
    values = 1.4 + k * np.exp(GRID @ exponents)
    model = PREDICTORS["log_linear_law"]().fit(GRID[::3], None, values[::3])
    np.testing.assert_allclose(model.predict(GRID), values, atol=0.01 * values.std())
    np.testing.assert_allclose(model.coefficients, [1.4, k, *exponents], rtol=0.05)
