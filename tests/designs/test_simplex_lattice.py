"""The simplex lattice holds every multiple once."""

from math import comb

import numpy as np
import pytest

from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.errors import InputError


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
