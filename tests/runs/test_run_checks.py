"""Sizes that are nearly the same count as one."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projektor_ray.projection import choose_model
from projektor_ray.runs import Runs
from projektor_ray.runs.run_checks import NEAR_SIZES, join_near_sizes

SIZES = st.lists(st.integers(1, 10_000), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("sizes", "joined"),
    [
        ([500, 2000, 2000, 1998], [500, 2000, 2000, 2000]),
        ([1998, 2000], [2000, 2000]),
        ([1000, 1050], [1000, 1050]),
        ([1000, 1049, 1099], [1000, 1099, 1099]),
        ([1000, 1049, 1049, 1099], [1049, 1049, 1049, 1049]),
        ([1000, 1000, 1049, 1060, 1099, 1099], [1000, 1000, 1099, 1099, 1099, 1099]),
    ],
)
def test_near_sizes_are_joined(sizes: list[int], joined: list[int]) -> None:
    np.testing.assert_array_equal(join_near_sizes(np.array(sizes, dtype=float)), joined)


@given(SIZES)
def test_joined_sizes_are_near_the_read_ones_and_occur(sizes: list[int]) -> None:
    read = np.array(sizes, dtype=float)
    joined = join_near_sizes(read)
    assert set(joined) <= set(read)
    assert (np.maximum(read / joined, joined / read) < NEAR_SIZES).all()
    stay = np.unique(joined)
    assert (stay[1:] >= NEAR_SIZES * stay[:-1]).all()
    np.testing.assert_array_equal(join_near_sizes(joined), joined)


def test_token_counts_with_noise_are_projected_as_exact_ones_are() -> None:
    random = np.random.default_rng(0)
    web = np.tile(np.linspace(0.1, 0.9, 9), 2)
    sizes = np.repeat([500_000, 2_000_000], 9)
    table = {
        "web": web,
        "code": 1 - web,
        "accuracy": 0.5 + 0.1 * web + 0.03 * np.log(sizes / 500_000) + random.normal(0, 0.004, 18),
    }
    exact = Runs.read(pa.table({**table, "size": sizes}))
    noisy = Runs.read(pa.table({**table, "size": np.where(web > 0.45, sizes, sizes * 999 // 1000)}))
    assert noisy.scales == exact.scales == (500_000, 2_000_000)
    assert noisy.reading is not None
    assert noisy.reading.joined_sizes == 8
    mixtures, size = np.array([[0.5, 0.5]]), 5_000_000
    one, other = (
        choose_model(runs.arrays(), (0.0, 1.0)).model.interval(mixtures, None, size)
        for runs in (exact, noisy)
    )
    np.testing.assert_allclose(one, other)
