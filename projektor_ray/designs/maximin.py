"""The maximin design: each mixture as far as possible from those chosen before.

Nested: a design of more mixtures begins with the design of fewer, so that the probes of a smaller
study are reused.
"""

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.candidates import candidates, check_count
from projektor_ray.storage.array_types import Floats

TIE_DIGITS = 9


def maximin(candidates: Floats, count: int) -> NDArray[np.intp]:
    """Farthest-point design in √p: the k-centre of Gonzalez (1985), within twice the optimum.

    The first is the candidate nearest to the centroid of the simplex; each further one has the
    largest Hellinger distance to its nearest chosen one. Ties go to the earlier candidate.

    Returns
    -------
    array, shape (count,): indices, in the order chosen.
    """
    check_count(count, 1, len(candidates))
    roots = np.sqrt(candidates)
    first = int(np.argmax(np.round(roots.sum(axis=1), TIE_DIGITS)))
    chosen, nearest = [first], _squared_distance(roots, first)
    while len(chosen) < count:
        # A chosen candidate is at distance 0, as is one equal to it: never before the others.
        nearest[chosen[-1]] = -1.0
        chosen.append(int(np.argmax(np.round(nearest, TIE_DIGITS))))
        nearest = np.where(
            nearest < 0, nearest, np.minimum(nearest, _squared_distance(roots, chosen[-1]))
        )
    return np.array(chosen)


def _squared_distance(roots: Floats, index: int) -> Floats:
    return np.asarray(((roots - roots[index]) ** 2).sum(axis=1))


def maximin_design(providers: int, count: int) -> Floats:
    """`maximin` over the `candidates`, shape (count, m).

    Raises
    ------
    InputError
        If there are not so many candidates.
    """
    grid = candidates(providers)
    return np.asarray(grid[maximin(grid, count)])
