"""Distances at the limits: single points, vertices, every scale, every epsilon."""

import numpy as np
import pytest

from projektor_ray.transport import PilotFeatures, TransportSettings, ValidationFeatures, measure
from tests.helpers.problems import mixtures, pool
from tests.helpers.transport_checks import assert_distances_sound


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("epsilon", [1e-4, 1e-2, 1.0])
@pytest.mark.parametrize(("sizes", "targets"), [((1,), 1), ((1,), 9), ((1, 1), 1), ((9, 1), 1)])
def test_single_points_have_the_known_distance(
    sizes: tuple[int, ...], targets: int, epsilon: float, dtype: str
) -> None:
    """One plan couples a measure with a point: the mean cost, here of the features alone."""
    pilots, validation = pool(sizes, targets)
    settings = TransportSettings.model_validate(
        {"epsilon": epsilon, "dtype": dtype, "label_weight": 0, "debiased": False}
    )
    corners = np.eye(len(sizes))
    actual = measure(corners, pilots, validation, settings)
    cost = ((pilots.features[:, None] - validation.features[None]) ** 2).sum(axis=2)
    expected = [cost[pilots.provider == i].mean() / cost.mean() for i in range(len(sizes))]
    assert_distances_sound(actual, corners)
    np.testing.assert_allclose(actual.value, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_vertices_of_a_pool_with_single_points_and_duplicates(scale: float, dtype: str) -> None:
    """Features of scale s make costs of scale s²: 1e-6 to 1e6. Units make all the same."""
    pilots, validation = pool((20, 1, 10), 15)
    features = pilots.features.copy()
    features[21:31] = features[21]
    same = PilotFeatures(features, pilots.labels, pilots.provider)
    scaled = PilotFeatures(features * scale, pilots.labels, pilots.provider)
    far = ValidationFeatures(validation.features * scale, validation.labels)
    settings = TransportSettings.model_validate({"dtype": dtype, "tolerance": 1e-6})
    actual = measure(np.eye(3), scaled, far, settings)
    assert_distances_sound(actual, np.eye(3))
    expected = measure(np.eye(3), same, validation, settings).value
    np.testing.assert_allclose(actual.value, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("epsilon", [1e-4, 1e-3, 1e-2, 0.1, 1.0])
def test_entropic_distances_lie_above_the_exact_ones_by_no_more_than_the_entropy(
    epsilon: float, dtype: str
) -> None:
    """W ≤ OT_ε ≤ W + ε log v for what has converged, with vertices, duplicates and a lone point."""
    pilots, validation = pool((20, 1, 10), 15, noise=0.2)
    pilots.features[21:31] = pilots.features[21]
    settings = TransportSettings.model_validate(
        {"epsilon": epsilon, "dtype": dtype, "debiased": False}
    )
    actual = measure(mixtures(), pilots, validation, settings)
    exact = measure(
        mixtures(), pilots, validation, settings.model_copy(update={"method": "exact"})
    ).value
    for values in (actual.value, actual.gradient, actual.marginal_error):
        assert np.isfinite(values).all()
    np.testing.assert_array_equal(actual.converged, actual.marginal_error <= settings.tolerance)
    assert epsilon < 1e-3 or actual.converged.all()
    slack = 1e-3 * exact[actual.converged]
    assert (actual.value >= exact - 1e-3 * exact)[actual.converged].all()
    above = (actual.value - exact)[actual.converged]
    assert (above <= epsilon * np.log(15) + slack).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("epsilon", [1e-4, 1e-2, 0.1, 1.0])
def test_identical_sets_are_at_zero_whoever_holds_them(epsilon: float, dtype: str) -> None:
    """Every provider holds the validation set, one of them twice."""
    _, validation = pool(targets=20, noise=0.2)
    assert validation.labels is not None
    same = PilotFeatures(
        np.tile(validation.features, (3, 1)),
        np.tile(validation.labels, 3),
        np.repeat([0, 1], [20, 40]),
    )
    settings = TransportSettings.model_validate({"epsilon": epsilon, "dtype": dtype})
    requested = np.array([[1.0, 0.0], [0.0, 1.0], [0.3, 0.7]])
    actual = measure(requested, same, validation, settings)
    assert_distances_sound(actual, requested)
    np.testing.assert_allclose(actual.value, 0, atol=settings.tolerance * epsilon)


@pytest.mark.parametrize("epsilon", [10.0, 1e3, 1e6, 1e9])
def test_a_large_epsilon_loses_no_digits(epsilon: float) -> None:
    pilots, validation = pool()
    far, near = (
        measure(mixtures(), pilots, validation, TransportSettings(debiased=False, epsilon=e)).value
        for e in (epsilon, 1e6)
    )
    np.testing.assert_allclose(far, near, atol=2e-5 + 3 / epsilon)
