"""The maximin design: each mixture as far as possible from those chosen before.

Nested: a design of more mixtures begins with the design of fewer, so that the probes of a smaller
study are reused. Over more providers it begins with a base design, whose mixtures are trained.
"""

import numpy as np
from numpy.typing import NDArray

from projektor_ray.designs.candidates import candidates, check_count
from projektor_ray.storage.array_types import Floats

TIE_DIGITS = 9


def maximin(candidates: Floats, count: int, base: Floats | None = None) -> NDArray[np.intp]:
    """Farthest-point design in √p: the k-centre of Gonzalez (1985), within twice the optimum.

    The first is the candidate nearest to the centroid of the simplex; each further one has the
    largest Hellinger distance to its nearest chosen one. Ties go to the earlier candidate.

    Parameters
    ----------
    candidates : shape (q, m).
    base : mixtures that count as chosen already, shape (b, m); with any of them, the first
        candidate is the one farthest from them.

    Returns
    -------
    array, shape (count,): indices, in the order chosen.
    """
    base = candidates[:0] if base is None else base
    check_count(count, 0 if len(base) else 1, len(candidates))
    roots = np.sqrt(candidates)
    nearest = np.full(len(roots), np.inf)
    for root in np.sqrt(base):
        nearest = np.minimum(nearest, _squared_distance(roots, root))
    chosen: list[int] = []
    while len(chosen) < count:
        nothing_chosen = np.isinf(nearest).all()
        score = roots.sum(axis=1) if nothing_chosen else nearest
        chosen.append(int(np.argmax(np.round(score, TIE_DIGITS))))
        nearest = np.minimum(nearest, _squared_distance(roots, roots[chosen[-1]]))
        # A chosen candidate is at distance 0, as is one equal to it: never before the others.
        nearest[chosen[-1]] = -1.0
    return np.array(chosen, dtype=np.intp)


def _squared_distance(roots: Floats, root: Floats) -> Floats:
    return np.asarray(((roots - root) ** 2).sum(axis=1))


def maximin_design(providers: int, count: int, base: Floats | None = None) -> Floats:
    """`maximin` over the `candidates`: count mixtures beside those of a base, shape (count, m).

    Raises
    ------
    InputError
        If there are not so many candidates.
    """
    grid = candidates(providers)
    return np.asarray(grid[maximin(grid, count, base)])
