"""What a fitted model calls its derivatives, beside differences of its predictions."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from projektor_ray.projection import ScaleModel
from projektor_ray.storage.array_types import Floats
from tests.helpers.predictor_data import distance, distance_gradient

SIZE = 9000


def check_derivatives(model: ScaleModel) -> None:
    at = np.array([0.2, 0.5, 0.3])

    def predicted(p: Floats, size: float = SIZE) -> float:
        return float(model.predict(p[None], distance(p[None]), size)[0])

    value, gradient = model.value_and_gradient(
        at[None], distance(at[None]), distance_gradient(at)[None], SIZE
    )
    assert value[0] == pytest.approx(predicted(at))
    np.testing.assert_allclose(gradient[0], approx_fprime(at, predicted, 1e-7), atol=1e-5)
    slope = model.size_slope(at[None], distance(at[None]), SIZE)[0]
    numeric = (predicted(at, SIZE + 1) - predicted(at, SIZE - 1)) / 2
    assert slope == pytest.approx(numeric, rel=1e-5)
