"""Transport over shards against one process, and the subsample of the self-term."""

from functools import cache

import numpy as np
import pytest

from projektor_ray.transport import Distances, TransportSettings, measure
from projektor_ray.transport.problem import kernel_dtype
from projektor_ray.transport.sharding import samples_per_provider, subsample
from tests.helpers.problems import mixtures, pool, shards_of, spread
from tests.helpers.transport_checks import assert_distances_equal, assert_distances_sound

POOL = pool((150, 40, 20), noise=0.2)


@cache
def in_one_process(settings: str) -> Distances:
    """The distances of the pool, for settings as JSON."""
    return measure(mixtures(), *POOL, TransportSettings.model_validate_json(settings))


@pytest.mark.parametrize("parts", [[[0, 1, 2]], [[0], [1, 2]], [[2], [0], [1]]])
@pytest.mark.parametrize("store", [True, False])
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
    parts: list[list[int]], store: bool, epsilon: float, dtype: str, tolerance: float
) -> None:
    """Providers with many samples next to a class, and with few."""
    pilots, validation = POOL
    settings = TransportSettings.model_validate(
        {"epsilon": epsilon, "dtype": dtype, "tolerance": tolerance}
    )
    single = in_one_process(settings.model_dump_json())
    call = shards_of(pilots, validation, parts, store=store, dtype=kernel_dtype(settings))
    sharded = spread(call, validation, settings)(mixtures())
    assert_distances_sound(sharded, mixtures())
    assert_distances_equal(sharded, single)


def test_a_shard_that_is_rebuilt_between_rounds_changes_nothing() -> None:
    pilots, validation = pool()
    settings = TransportSettings()
    steady = shards_of(pilots, validation, [[0], [1, 2]], store=True)

    def forgetful(method: str, *arguments: object) -> list[object]:
        call = shards_of(pilots, validation, [[0], [1, 2]], store=True)
        return list(call(method, *arguments))

    one, other = (spread(call, validation, settings)(mixtures()) for call in (steady, forgetful))
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(one.gradient, other.gradient)


def test_a_thinned_self_term_is_near_the_whole_one() -> None:
    pilots, validation = pool((400, 300, 350), 200)
    whole = measure(mixtures(), pilots, validation)
    thinned = measure(mixtures(), pilots, validation, TransportSettings(self_term_points=500))
    moved = np.ptp(whole.value)
    assert 0 < np.abs(thinned.value - whole.value).max() < 0.1 * moved


def test_thinning_keeps_as_many_of_each_provider() -> None:
    """Beside a large provider a small one loses nothing, and its distance does not move."""
    pilots, validation = pool((400, 40, 60), 100)
    assert samples_per_provider(np.array([400, 40, 60]), 220) == 120
    whole = measure(np.eye(3), pilots, validation)
    thinned = measure(np.eye(3), pilots, validation, TransportSettings(self_term_points=220))
    np.testing.assert_allclose(thinned.value[1:], whole.value[1:], rtol=1e-6)
    assert thinned.value[0] != whole.value[0]


@pytest.mark.parametrize(
    ("sizes", "points", "most"),
    [([100, 1, 10], 30, 19), ([5, 5], 100, 5), ([9, 9, 9], 4, 2), ([1, 1], 10, 2)],
)
def test_an_even_share_is_the_largest_that_fits(sizes: list[int], points: int, most: int) -> None:
    assert samples_per_provider(np.array(sizes), points) == most


def test_thinning_is_of_each_provider_alone_and_blind_to_order() -> None:
    provider = np.repeat([0, 1, 2], [100, 1, 10])
    index = subsample(provider, 8)
    assert np.bincount(provider[index]).tolist() == [8, 1, 8]
    alone = subsample(provider[100:], 8) + 100
    assert set(index[index >= 100]) == set(alone)
    assert len(subsample(provider, 100)) == 111
    classes = np.arange(1000) % 10
    assert len(set(classes[subsample(np.zeros(1000, dtype=np.int64), 100)])) == 10
