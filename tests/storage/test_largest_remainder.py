"""Whole samples from shares: they sum to the size, and ties go by name."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from projektor_ray.storage.largest_remainder import round_counts

shares = st.integers(1, 40).flatmap(
    lambda m: hnp.arrays(np.float64, m, elements=st.floats(0, 1)).filter(lambda p: p.sum() > 1e-3)
)


@given(shares, st.integers(0, 10**15))
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
    assert round_counts(np.array([0.0, 1.0]), 7, ["a", "b"]).tolist() == [0, 7]
