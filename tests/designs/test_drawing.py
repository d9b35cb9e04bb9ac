"""Drawing D(N, p): exact rounding, and draws that depend on their identity only."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from projektor_ray.designs.drawing import draw, largest_feasible_size, round_counts
from projektor_ray.errors import InputError

shares = st.integers(1, 40).flatmap(
    lambda m: hnp.arrays(np.float64, m, elements=st.floats(0, 1)).filter(lambda p: p.sum() > 1e-3)
)


SIZES = np.array([50, 40, 30])


NAMES = ["a", "b", "c"]


@given(shares, st.integers(0, 10**9))
@settings(max_examples=300)
def test_rounding_sums_to_size_and_stays_within_one(raw: np.ndarray, size: int) -> None:
    p = raw / raw.sum()
    names = [f"p{i:02d}" for i in range(len(p))]
    counts = round_counts(p, size, names)
    assert counts.sum() == size
    assert (counts >= 0).all()
    assert (np.abs(counts - p * size) <= 1 + 1e-9 * size).all()


@given(shares, st.integers(1, 10_000), st.randoms(use_true_random=False))
def test_rounding_follows_the_name_not_the_position(raw: np.ndarray, size: int, random) -> None:
    p = raw / raw.sum()
    names = [f"p{i:02d}" for i in range(len(p))]
    order = list(range(len(p)))
    random.shuffle(order)
    counts = round_counts(p, size, names)
    permuted = round_counts(p[order], size, [names[i] for i in order])
    assert permuted.tolist() == counts[order].tolist()


def test_a_tie_goes_to_the_name_that_sorts_first() -> None:
    assert round_counts(np.array([0.5, 0.5]), 3, ["b", "a"]).tolist() == [1, 2]
    thirds = np.full(3, 1 / 3)
    assert round_counts(thirds, 100, ["c", "a", "b"]).tolist() == [33, 34, 33]


def test_a_drawn_set_depends_on_its_identity_only() -> None:
    p = np.array([0.2, 0.5, 0.3])
    drawn = draw(p, 40, 7, SIZES, NAMES)
    again = draw(p[::-1], 40, 7, SIZES[::-1], NAMES[::-1])[::-1]
    for index, other, size in zip(drawn, again, SIZES, strict=True):
        np.testing.assert_array_equal(index, other)
        assert len(set(index.tolist())) == len(index)
        assert index.max() < size
    assert [len(index) for index in drawn] == [8, 20, 12]


@pytest.mark.parametrize(("size", "seed"), [(40, 8), (41, 7)])
def test_another_size_or_seed_draws_another_set(size: int, seed: int) -> None:
    p = np.array([0.2, 0.5, 0.3])
    drawn = draw(p, 40, 7, SIZES, NAMES)
    other = draw(p, size, seed, SIZES, NAMES)
    assert drawn[1].tolist() != other[1].tolist()


def test_an_unused_provider_does_not_change_the_draw() -> None:
    with_c = draw(np.array([0.4, 0.6, 0.0]), 30, 1, SIZES, NAMES)
    without = draw(np.array([0.4, 0.6]), 30, 1, SIZES[:2], NAMES[:2])
    for index, other in zip(with_c, without, strict=False):
        np.testing.assert_array_equal(index, other)
    assert len(with_c[2]) == 0


def test_a_pilot_too_small_names_the_largest_feasible_size() -> None:
    p = np.array([0.0, 0.0, 1.0])
    with pytest.raises(InputError, match=r"'c' has revealed 30 .* is 30"):
        draw(p, 31, 0, SIZES, NAMES)
    assert largest_feasible_size(np.array([0.5, 0.5, 0.0]), SIZES) == 80
    drawn = draw(p, 100, 0, SIZES, NAMES, replacement=True)
    assert len(drawn[2]) == 100
    assert drawn[2].max() < 30
