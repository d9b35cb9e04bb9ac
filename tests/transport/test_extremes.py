"""Distances at the edges of what may come: single points, vertices, any scale, any batch."""

import numpy as np
import pytest

from projektor_ray.transport import (
    PilotFeatures,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    measure,
)
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
    found = measure(corners, pilots, validation, settings)
    cost = ((pilots.features[:, None] - validation.features[None]) ** 2).sum(axis=2)
    expected = [cost[pilots.provider == i].mean() / cost.mean() for i in range(len(sizes))]
    assert_distances_sound(found, corners)
    np.testing.assert_allclose(found.value, expected, rtol=1e-5)


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
    found = measure(np.eye(3), scaled, far, settings)
    assert_distances_sound(found, np.eye(3))
    expected = measure(np.eye(3), same, validation, settings).value
    np.testing.assert_allclose(found.value, expected, rtol=1e-5)


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
    found = measure(mixtures(), pilots, validation, settings)
    exact = measure(
        mixtures(), pilots, validation, settings.model_copy(update={"method": "exact"})
    ).value
    for values in (found.value, found.gradient, found.marginal_error):
        assert np.isfinite(values).all()
    np.testing.assert_array_equal(found.converged, found.marginal_error <= settings.tolerance)
    assert epsilon < 1e-3 or found.converged.all()
    slack = 1e-3 * exact[found.converged]
    assert (found.value >= exact - 1e-3 * exact)[found.converged].all()
    above = (found.value - exact)[found.converged]
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
    asked = np.array([[1.0, 0.0], [0.0, 1.0], [0.3, 0.7]])
    found = measure(asked, same, validation, settings)
    assert_distances_sound(found, asked)
    np.testing.assert_allclose(found.value, 0, atol=settings.tolerance * epsilon)


def test_a_thousand_mixtures_are_as_good_as_one() -> None:
    pilots, validation = pool()
    many = np.random.default_rng(0).dirichlet(np.ones(3), 1000)
    found = measure(many, pilots, validation)
    assert_distances_sound(found, many)
    for row in (0, 499, 999):
        alone = measure(many[row][None], pilots, validation)
        np.testing.assert_allclose(found.value[row], alone.value[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_calls_give_the_same_bits_cold_and_warm(dtype: str) -> None:
    pilots, validation = pool(noise=0.2)
    settings = TransportSettings.model_validate({"dtype": dtype, "epsilon": 0.02})
    near = 0.99 * mixtures() + 0.01 / 3
    oracles = [TransportDistances.of_pilots(pilots, validation, settings) for _ in range(2)]
    for asked in (mixtures(), near):
        one, other = (oracle(asked) for oracle in oracles)
        for name in ("value", "gradient", "marginal_error", "iterations"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_start_that_is_carried_along_gives_the_same_bits() -> None:
    """As a solver that was killed is asked again: by another oracle, which measured nothing yet."""
    pilots, validation = pool(noise=0.2)
    oracle = TransportDistances.of_pilots(pilots, validation)
    near = 0.99 * mixtures() + 0.01 / 3
    _, start = oracle.measure_from(mixtures(), None)
    assert start is not None
    one, _ = oracle.measure_from(near, start)
    other, _ = TransportDistances.of_pilots(pilots, validation).measure_from(near, start)
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(one.gradient, other.gradient)
    cold, _ = oracle.measure_from(near, None)
    assert one.iterations.sum() < cold.iterations.sum()
    np.testing.assert_allclose(one.value, cold.value, rtol=0, atol=2e-5)
