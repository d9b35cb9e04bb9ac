"""Distances of batches: warm and cold, blocked and dense, in turns and at any precision."""

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
from tests.helpers.transport_checks import assert_distances_equal, assert_distances_sound

PRECISE = TransportSettings(tolerance=1e-9, dtype="float64")


@pytest.mark.parametrize("epsilon", [0.1, 0.02, 0.005])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mixtures_measured_apart_are_as_in_one_batch(epsilon: float, dtype: str) -> None:
    """Two at a time, and alone. Acceleration makes much of a last bit, so that bits must agree."""
    pilots, validation = pool((150, 40, 20), 200, noise=0.2)
    settings = TransportSettings.model_validate({"epsilon": epsilon, "dtype": dtype})
    many = mixtures(count=20)
    whole = measure(many, pilots, validation, settings)
    for first in (0, 3, 4, 9, 19):
        apart = measure(many[first::10], pilots, validation, settings)
        assert_distances_equal(apart, whole.take(np.arange(first, len(many), 10)), 1e-12)


@pytest.mark.parametrize("labels", ["classes", "regression", "none"])
@pytest.mark.parametrize("debiased", [True, False])
def test_blocked_is_dense(labels: str, debiased: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pilots, validation = pool()
    if labels == "none":
        validation = ValidationFeatures(validation.features)
    if labels == "regression":
        pilots = PilotFeatures(pilots.features, np.asarray(pilots.labels) * 0.5, pilots.provider)
        validation = ValidationFeatures(validation.features, np.asarray(validation.labels) * 0.5)
    settings = TransportSettings(debiased=debiased, tolerance=1e-6)
    dense = TransportDistances.of_pilots(pilots, validation, settings)
    assert dense.problem.plan.layout == "dense"
    monkeypatch.setattr("projektor_ray.transport.kernel.BLOCK_ELEMENTS", 28 * 7)
    monkeypatch.setattr("projektor_ray.transport.self_term.BLOCK_ELEMENTS", 75 * 7)
    monkeypatch.setattr("projektor_ray.transport.memory.kernel_fits", lambda *_: False)
    blocked = TransportDistances.of_pilots(pilots, validation, settings)
    assert blocked.problem.plan.layout == "blocked"
    one, other = dense(mixtures()), blocked(mixtures())
    assert_distances_sound(other, mixtures())
    np.testing.assert_allclose(one.value, other.value, rtol=0, atol=2e-6)
    np.testing.assert_allclose(one.gradient, other.gradient, rtol=0, atol=1e-4)


@pytest.mark.parametrize("epsilon", [0.1, 0.02, 0.005])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_mass_that_must_cross_between_far_classes_gets_there(epsilon: float, noise: float) -> None:
    pilots, validation = pool(noise=noise, apart=1.5)
    actual = measure(mixtures(), pilots, validation, TransportSettings(epsilon=epsilon))
    assert_distances_sound(actual, mixtures())
    assert actual.iterations.max() < 200


def test_float32_is_float64_within_the_tolerance() -> None:
    pilots, validation = pool(noise=0.2)
    for epsilon in (0.5, 0.1, 0.02):
        one = measure(mixtures(), pilots, validation, TransportSettings(epsilon=epsilon))
        fine = PRECISE.model_copy(update={"epsilon": epsilon})
        other = measure(mixtures(), pilots, validation, fine)
        assert_distances_sound(one, mixtures())
        np.testing.assert_allclose(one.value, other.value, rtol=0, atol=2e-5)


def test_a_call_starts_from_the_potentials_of_the_call_before() -> None:
    pilots, validation = pool()
    settings = TransportSettings(epsilon=0.02)
    distances = TransportDistances.of_pilots(pilots, validation, settings)
    first = distances(mixtures())
    near = 0.99 * mixtures() + 0.01 / 3
    warm, cold = distances(near), measure(near, pilots, validation, settings)
    assert warm.iterations.sum() < cold.iterations.sum()
    assert (distances(near).iterations <= 2).all()
    np.testing.assert_allclose(warm.value, cold.value, rtol=0, atol=2e-5)
    assert first.iterations.shape == (7,)


def test_more_mixtures_than_memory_takes_at_once_are_solved_in_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pilots, validation = pool()
    whole = measure(mixtures(), pilots, validation, PRECISE)
    monkeypatch.setattr("projektor_ray.transport.problem.PLANNED_MIXTURES", 3)
    distances = TransportDistances.of_pilots(pilots, validation, PRECISE)
    assert distances.problem.plan.batch == 3
    turns = distances(mixtures())
    np.testing.assert_allclose(turns.value, whole.value, rtol=1e-7)
    np.testing.assert_allclose(turns.gradient, whole.gradient, atol=1e-6)


def test_a_thousand_mixtures_are_as_good_as_one() -> None:
    pilots, validation = pool()
    many = np.random.default_rng(0).dirichlet(np.ones(3), 1000)
    actual = measure(many, pilots, validation)
    assert_distances_sound(actual, many)
    for row in (0, 499, 999):
        alone = measure(many[row][None], pilots, validation)
        np.testing.assert_allclose(actual.value[row], alone.value[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_calls_give_the_same_bits_cold_and_warm(dtype: str) -> None:
    pilots, validation = pool(noise=0.2)
    settings = TransportSettings.model_validate({"dtype": dtype, "epsilon": 0.02})
    near = 0.99 * mixtures() + 0.01 / 3
    solvers = [TransportDistances.of_pilots(pilots, validation, settings) for _ in range(2)]
    for requested in (mixtures(), near):
        one, other = (distances(requested) for distances in solvers)
        for name in ("value", "gradient", "marginal_error", "iterations"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_start_that_is_carried_along_gives_the_same_bits() -> None:
    """As after a solver was killed: another one, which has measured nothing, continues."""
    pilots, validation = pool(noise=0.2)
    distances = TransportDistances.of_pilots(pilots, validation)
    near = 0.99 * mixtures() + 0.01 / 3
    _, start = distances.measure_from(mixtures(), None)
    assert start is not None
    one, _ = distances.measure_from(near, start)
    other, _ = TransportDistances.of_pilots(pilots, validation).measure_from(near, start)
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(one.gradient, other.gradient)
    cold, _ = distances.measure_from(near, None)
    assert one.iterations.sum() < cold.iterations.sum()
    np.testing.assert_allclose(one.value, cold.value, rtol=0, atol=2e-5)


def test_a_tight_tolerance_is_reached_in_truth() -> None:
    """Asked for 1e-8, float32 kernels would report what they cannot tell."""
    pilots, validation = pool()
    rough, fine = (
        measure(mixtures(), pilots, validation, TransportSettings(tolerance=1e-8, dtype=dtype))
        for dtype in ("float32", "float64")
    )
    assert rough.converged.all()
    np.testing.assert_allclose(rough.value, fine.value, rtol=1e-12)
