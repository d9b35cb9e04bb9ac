"""Designs, rounding and drawing."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from projektor_ray.designs.drawing import (
    check_mixtures,
    draw,
    largest_feasible_size,
    mixture_id,
    round_counts,
    simplex_lattice,
)
from projektor_ray.errors import InputError

shares = st.integers(1, 40).flatmap(
    lambda m: hnp.arrays(np.float64, m, elements=st.floats(0, 1)).filter(lambda p: p.sum() > 1e-3)
)


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


@pytest.mark.parametrize(("providers", "levels"), [(1, 3), (2, 5), (3, 10), (4, 4), (6, 2)])
def test_lattice_is_every_multiple_once(providers: int, levels: int) -> None:
    lattice = simplex_lattice(providers, levels)
    assert lattice.shape == (comb(levels + providers - 1, providers - 1), providers)
    np.testing.assert_allclose(lattice.sum(axis=1), 1)
    assert len(np.unique(lattice, axis=0)) == len(lattice)
    np.testing.assert_array_equal(lattice * levels, np.rint(lattice * levels))


def test_the_papers_grid_has_66_mixtures() -> None:
    assert len(simplex_lattice(3, 10)) == 66


def test_a_lattice_too_large_is_refused() -> None:
    with pytest.raises(InputError, match="fewer levels"):
        simplex_lattice(50, 10)
    with pytest.raises(InputError, match="at least 1"):
        simplex_lattice(0, 1)


@pytest.mark.parametrize(
    "wrong", [[[0.5, 0.6]], [[-0.1, 1.1]], [[np.nan, 1.0]], [[0.0, 0.0]], [[50, 50]]]
)
def test_mixtures_off_the_simplex_are_refused(wrong: list[list[float]]) -> None:
    with pytest.raises(InputError, match="sum to 1"):
        check_mixtures(np.array(wrong), 2)


def test_mixtures_over_other_providers_are_refused() -> None:
    with pytest.raises(InputError, match="3 providers"):
        check_mixtures(np.array([[0.5, 0.5]]), 3)
    with pytest.raises(InputError, match=r"B of 1 or more; got shape \(0, 3\)"):
        check_mixtures(np.empty((0, 3)), 3)


@pytest.mark.parametrize("wrong", [np.array([[0.5 + 0j, 0.5]]), np.array([["0.5", "half"]])])
def test_shares_that_are_no_real_numbers_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match="must be real numbers"):
        check_mixtures(wrong, 2)


PILOTS = [("a", "hash-a"), ("b", "hash-b"), ("c", "hash-c")]


def test_identity_ignores_order_and_unused_providers() -> None:
    p = np.array([0.3, 0.7, 0.0])
    identity = mixture_id(p, PILOTS)
    assert mixture_id(p[::-1], PILOTS[::-1]) == identity
    assert mixture_id(p[:2], PILOTS[:2]) == identity
    assert mixture_id(np.array([0.1 + 0.2, 0.7, 0.0]), PILOTS) == identity


def test_identity_changes_with_content_and_share() -> None:
    p = np.array([0.3, 0.7, 0.0])
    changed = [("a", "hash-a"), ("b", "another"), ("c", "hash-c")]
    others = {
        mixture_id(p, changed),
        mixture_id(np.array([0.7, 0.3, 0.0]), PILOTS),
        mixture_id(np.array([0.31, 0.69, 0.0]), PILOTS),
    }
    assert len(others | {mixture_id(p, PILOTS)}) == 4


SIZES = np.array([50, 40, 30])
NAMES = ["a", "b", "c"]


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
