import sys
from subprocess import run

import numpy as np
import pytest

from projektor_ray.errors import InputError
from projektor_ray.transport import (
    Distances,
    PilotFeatures,
    TransportDistances,
    TransportSettings,
    ValidationFeatures,
    measure,
)
from projektor_ray.transport.problem import dtype_of, plan_solve
from projektor_ray.transport.sharding import even_share, subsample
from tests.helpers.problems import mixtures, pool, shards_of, spread
from tests.helpers.transport_checks import assert_distances_sound

PRECISE = TransportSettings(tolerance=1e-9, dtype="float64")


@pytest.mark.parametrize("parts", [[[0, 1, 2]], [[0], [1, 2]], [[2], [0], [1]]])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    ("epsilon", "dtype", "tolerance"),
    [
        (0.1, "float32", 1e-3),
        (0.02, "float32", 1e-3),
        (0.02, "float32", 1e-6),
        (0.1, "float64", 1e-3),
        (0.02, "float64", 1e-9),
    ],
)
def test_shards_give_the_single_process_result(
    parts: list[list[int]], keep: bool, epsilon: float, dtype: str, tolerance: float
) -> None:
    """Providers with many samples next to a class, and with few."""
    pilots, validation = pool((150, 40, 20), noise=0.2)
    settings = TransportSettings.model_validate(
        {"epsilon": epsilon, "dtype": dtype, "tolerance": tolerance}
    )
    single = measure(mixtures(), pilots, validation, settings)
    call = shards_of(pilots, validation, parts, keep=keep, dtype=dtype_of(settings))
    sharded = spread(call, validation, settings)(mixtures())
    assert_distances_sound(sharded, mixtures())
    assert_equal(sharded, single)


@pytest.mark.parametrize("epsilon", [0.1, 0.02, 0.005])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_mixtures_measured_apart_are_as_in_one_batch(epsilon: float, dtype: str) -> None:
    """Two at a time, and alone. Acceleration makes much of a last bit, so that bits must agree."""
    pilots, validation = pool((150, 40, 20), 200, noise=0.2)
    settings = TransportSettings.model_validate({"epsilon": epsilon, "dtype": dtype})
    many = mixtures(count=20)
    whole = measure(many, pilots, validation, settings)
    for first in (*range(10), 19):
        apart = measure(many[first::10], pilots, validation, settings)
        assert_equal(apart, whole.take(np.arange(first, len(many), 10)), 1e-12)


def assert_equal(found: Distances, expected: Distances, within: float = 1e-6) -> None:
    np.testing.assert_array_equal(found.iterations, expected.iterations)
    np.testing.assert_allclose(found.value, expected.value, rtol=within)
    near = within * np.abs(expected.gradient).max()
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=0, atol=near)


def test_a_shard_that_is_rebuilt_between_rounds_changes_nothing() -> None:
    pilots, validation = pool()
    settings = TransportSettings()
    steady = shards_of(pilots, validation, [[0], [1, 2]], keep=True)

    def forgetful(method: str, *arguments: object) -> list[object]:
        call = shards_of(pilots, validation, [[0], [1, 2]], keep=True)
        return list(call(method, *arguments))

    one, other = (spread(call, validation, settings)(mixtures()) for call in (steady, forgetful))
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(one.gradient, other.gradient)


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
    assert dense.pool.plan.layout == "dense"
    monkeypatch.setattr("projektor_ray.transport.kernel.BLOCK_ELEMENTS", 28 * 7)
    monkeypatch.setattr("projektor_ray.transport.self_term.BLOCK_ELEMENTS", 75 * 7)
    monkeypatch.setattr("projektor_ray.transport.memory._too_narrow", lambda *_: True)
    blocked = TransportDistances.of_pilots(pilots, validation, settings)
    assert blocked.pool.plan.layout == "blocked"
    one, other = dense(mixtures()), blocked(mixtures())
    assert_distances_sound(other, mixtures())
    np.testing.assert_allclose(one.value, other.value, rtol=0, atol=2e-6)
    np.testing.assert_allclose(one.gradient, other.gradient, rtol=0, atol=1e-4)


@pytest.mark.parametrize("epsilon", [0.1, 0.02, 0.005])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_mass_that_must_cross_between_far_classes_gets_there(epsilon: float, noise: float) -> None:
    pilots, validation = pool(noise=noise, apart=1.5)
    found = measure(mixtures(), pilots, validation, TransportSettings(epsilon=epsilon))
    assert_distances_sound(found, mixtures())
    assert found.iterations.max() < 200


def test_float32_is_float64_within_the_tolerance() -> None:
    pilots, validation = pool(noise=0.2)
    for epsilon in (0.5, 0.1, 0.02):
        one = measure(mixtures(), pilots, validation, TransportSettings(epsilon=epsilon))
        fine = PRECISE.model_copy(update={"epsilon": epsilon})
        other = measure(mixtures(), pilots, validation, fine)
        assert_distances_sound(one, mixtures())
        np.testing.assert_allclose(one.value, other.value, rtol=0, atol=2e-5)


def test_an_oracle_goes_on_from_where_it_was() -> None:
    pilots, validation = pool()
    settings = TransportSettings(epsilon=0.02)
    oracle = TransportDistances.of_pilots(pilots, validation, settings)
    first = oracle(mixtures())
    near = 0.99 * mixtures() + 0.01 / 3
    warm, cold = oracle(near), measure(near, pilots, validation, settings)
    assert warm.iterations.sum() < cold.iterations.sum()
    assert (oracle(near).iterations <= 2).all()
    np.testing.assert_allclose(warm.value, cold.value, rtol=0, atol=2e-5)
    assert first.iterations.shape == (7,)


def test_more_mixtures_than_memory_takes_at_once_are_solved_in_turns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pilots, validation = pool()
    whole = measure(mixtures(), pilots, validation, PRECISE)
    monkeypatch.setattr("projektor_ray.transport.problem.USUAL_BATCH", 3)
    oracle = TransportDistances.of_pilots(pilots, validation, PRECISE)
    assert oracle.pool.plan.mixtures == 3
    turns = oracle(mixtures())
    np.testing.assert_allclose(turns.value, whole.value, rtol=1e-7)
    np.testing.assert_allclose(turns.gradient, whole.gradient, atol=1e-6)


def test_a_thinned_self_term_is_near_the_whole_one() -> None:
    pilots, validation = pool((400, 300, 350), 200)
    whole = measure(mixtures(), pilots, validation)
    thinned = measure(mixtures(), pilots, validation, TransportSettings(self_term_points=500))
    moved = np.ptp(whole.value)
    assert 0 < np.abs(thinned.value - whole.value).max() < 0.1 * moved


def test_thinning_keeps_as_many_of_each_provider() -> None:
    """Beside a large provider a small one loses nothing, and its distance does not move."""
    pilots, validation = pool((400, 40, 60), 100)
    assert even_share(np.array([400, 40, 60]), 220) == 120
    whole = measure(np.eye(3), pilots, validation)
    thinned = measure(np.eye(3), pilots, validation, TransportSettings(self_term_points=220))
    np.testing.assert_allclose(thinned.value[1:], whole.value[1:], rtol=1e-6)
    assert thinned.value[0] != whole.value[0]


@pytest.mark.parametrize(
    ("sizes", "points", "most"),
    [([100, 1, 10], 30, 19), ([5, 5], 100, 5), ([9, 9, 9], 4, 2), ([1, 1], 10, 2)],
)
def test_an_even_share_is_the_largest_that_fits(sizes: list[int], points: int, most: int) -> None:
    assert even_share(np.array(sizes), points) == most


def test_thinning_is_of_each_provider_alone_and_blind_to_order() -> None:
    provider = np.repeat([0, 1, 2], [100, 1, 10])
    index = subsample(provider, 8)
    assert np.bincount(provider[index]).tolist() == [8, 1, 8]
    alone = subsample(provider[100:], 8) + 100
    assert set(index[index >= 100]) == set(alone)
    assert len(subsample(provider, 100)) == 111
    classes = np.arange(1000) % 10
    assert len(set(classes[subsample(np.zeros(1000, dtype=np.int64), 100)])) == 10


def test_exact_gradient_holds_against_differences() -> None:
    pilots, validation = pool((7, 1, 9), 8)
    settings = TransportSettings(method="exact")
    mixture, step = np.array([0.311, 0.262, 0.427]), 1e-6
    at = measure(mixture[None], pilots, validation, settings)
    for direction in np.eye(3) - mixture:
        ahead, behind = measure(
            mixture + step * np.stack([direction, -direction]), pilots, validation, settings
        ).value
        assert at.gradient[0] @ direction == pytest.approx((ahead - behind) / (2 * step), abs=1e-6)
    assert at.converged.all()


def test_exact_at_vertices_is_the_one_sided_derivative() -> None:
    """No part of 5 or 6 points weighs as much as a part of 7: potentials are unique."""
    pilots, validation = pool((5, 1, 6), 7, seed=3)
    settings = TransportSettings(method="exact", label_weight=0)
    found = measure(np.eye(3), pilots, validation, settings)
    step = 1e-7
    for vertex in range(3):
        for other in range(3):
            towards = np.eye(3)[other] - np.eye(3)[vertex]
            moved = measure(
                (np.eye(3)[vertex] + step * towards)[None], pilots, validation, settings
            )
            slope = (moved.value[0] - found.value[vertex]) / step
            assert slope == pytest.approx(found.gradient[vertex] @ towards, abs=1e-5)


def test_entropic_nears_exact_as_epsilon_falls() -> None:
    pilots, validation = pool()
    exact = measure(mixtures(), pilots, validation, TransportSettings(method="exact"))
    fine = TransportSettings(epsilon=1e-3, debiased=False, dtype="float64", max_iterations=5000)
    entropic = measure(mixtures(), pilots, validation, fine)
    assert entropic.converged.all()
    np.testing.assert_allclose(entropic.value, exact.value, atol=5e-3)


def test_refusals() -> None:
    pilots, validation = pool()
    skipping = PilotFeatures(pilots.features, pilots.labels, pilots.provider * 2)
    with pytest.raises(InputError, match="every provider needs"):
        measure(np.eye(5), skipping, validation)
    with pytest.raises(InputError, match="expected mixtures over 3 providers"):
        measure(np.eye(4), pilots, validation)
    with pytest.raises(InputError, match="device must be"):
        measure(np.eye(3), pilots, validation, TransportSettings(device="nowhere"))
    exact = TransportSettings(method="exact", memory_limit_gb=0.1)
    with pytest.raises(InputError, match="exact transport holds the whole cost"):
        plan_solve(3000, ValidationFeatures(np.zeros((1000, 8))), exact, actors=2)


def test_settings_load_no_numerics() -> None:
    code = (
        "import sys; from projektor_ray.transport import TransportSettings; "
        "TransportSettings(); assert not {'torch', 'ot', 'scipy'} & set(sys.modules)"
    )
    run([sys.executable, "-c", code], check=True)
