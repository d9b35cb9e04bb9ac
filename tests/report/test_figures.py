"""Where figures put the names at the ends of curves."""

import numpy as np
import pytest

from projektor_ray.report.figures import APART, moved_apart


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
