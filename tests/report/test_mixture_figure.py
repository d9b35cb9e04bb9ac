"""The bands of the triangle of three providers."""

import numpy as np
import pytest

from projektor_ray.report.mixture_figure import bands_of


@pytest.mark.parametrize("values", [[0.62, 0.9, 0.999], [0.0, 1.0], [2.31, 7.9, 3.3]])
def test_bands_are_of_values_that_are_there(values: list[float]) -> None:
    bands = bands_of(np.array(values))
    assert (bands[0], bands[-1]) == (min(values), max(values))
    assert (np.diff(bands) > 0).all()
    assert len(bands) > 3


@pytest.mark.parametrize("value", [0.0, 0.7, 1e6])
def test_a_surface_without_slope_has_one_band(value: float) -> None:
    low, high = bands_of(np.full(5, value))
    assert low < value < high
