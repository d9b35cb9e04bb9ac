"""The farthest-point design, against the best radius of all subsets."""

from itertools import combinations

import numpy as np
import pytest

from projektor_ray.designs.maximin import maximin
from projektor_ray.designs.simplex_lattice import simplex_lattice


def radius(pool: np.ndarray, chosen: np.ndarray) -> float:
    roots = np.sqrt(pool)
    return float(np.sqrt(((roots[:, None] - roots[chosen]) ** 2).sum(axis=2)).min(axis=1).max())


@pytest.mark.parametrize("count", [2, 3, 4])
def test_maximin_is_within_twice_the_best_radius(count: int) -> None:
    pool = simplex_lattice(3, 5)
    best = min(radius(pool, np.array(c)) for c in combinations(range(len(pool)), count))
    assert radius(pool, maximin(pool, count)) <= 2 * best + 1e-12


def test_maximin_takes_all_in_the_end_and_begins_alike() -> None:
    pool = simplex_lattice(3, 4)
    every = maximin(pool, len(pool))
    assert sorted(every) == list(range(len(pool)))
    np.testing.assert_array_equal(maximin(pool, 5), every[:5])


@pytest.mark.parametrize("count", [0, 1, 5])
def test_from_a_base_each_is_the_farthest_and_a_longer_design_begins_alike(count: int) -> None:
    pool, base = simplex_lattice(3, 6), np.array([[0.5, 0.5, 0], [1, 0, 0], [0.3, 0.7, 0]])
    chosen = maximin(pool, count, base)
    for place, index in enumerate(chosen):
        before = np.vstack([base, pool[chosen[:place]]])
        radii = [min(np.sqrt(((np.sqrt(p) - np.sqrt(b)) ** 2).sum()) for b in before) for p in pool]
        assert radii[index] == pytest.approx(max(radii), abs=1e-8)
    np.testing.assert_array_equal(maximin(pool, 7, base)[:count], chosen)


def test_a_design_continued_from_its_beginning_is_the_design() -> None:
    pool = simplex_lattice(4, 5)
    whole = maximin(pool, 12)
    np.testing.assert_array_equal(maximin(pool, 7, pool[whole[:5]]), whole[5:])
