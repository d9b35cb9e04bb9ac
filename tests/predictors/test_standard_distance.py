"""Distances in standard deviations around their mean."""

import numpy as np

from projektor_ray.predictors.standard_distance import StandardDistance


def test_distances_of_probes_have_mean_0_and_deviation_1() -> None:
    distances = np.array([0.4, 1.3, 2.2, 0.1])
    standard = StandardDistance.of(distances)
    assert abs(standard(distances).mean()) < 1e-15
    np.testing.assert_allclose(standard(distances).std(), 1.0)
    slope, offset = standard.line(0.7, -0.2)
    at = np.array([0.0, 5.0])
    np.testing.assert_allclose(slope * at + offset, 0.7 - 0.2 * standard(at))


def test_distances_that_do_not_vary_are_0_and_have_no_slope() -> None:
    for value in (0.0, 0.1, 1e6):
        standard = StandardDistance.of(np.full(7, value) * (1 + 1e-15 * np.arange(7)))
        np.testing.assert_array_equal(standard(np.array([value, value + 3])), [0.0, 0.0])
        assert standard.line(0.7, -0.2) == (0.0, 0.7)
