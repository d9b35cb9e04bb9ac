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
