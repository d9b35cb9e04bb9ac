"""Where figures put their names and bands."""

import numpy as np
import pytest

from projektor_ray.report.figures import APART, moved_apart
from projektor_ray.report.mixtures import bands_of


@pytest.mark.parametrize(
    "heights", [[0.2, 0.8], [0.97, 0.98, 1.3], [-0.4, -0.3, 0.0], [0.5, 0.5, 0.5, 0.5], []]
)
def test_names_at_the_ends_of_curves_lie_within_the_axes_and_apart(heights: list[float]) -> None:
    moved = moved_apart(heights)
    assert len(moved) == len(heights)
    assert all(-1e-9 <= one <= 1 for one in moved)
    assert (np.diff(moved) >= APART - 1e-9).all()


def test_names_with_room_stay_where_they_are() -> None:
    assert moved_apart([0.2, 0.8]) == [0.2, 0.8]


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
