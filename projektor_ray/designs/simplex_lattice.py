"""The simplex lattice: all mixtures whose shares are multiples of one step."""

from itertools import combinations
from math import comb

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats

LARGEST_DESIGN = 100_000


def simplex_lattice(providers: int, levels: int) -> Floats:
    """All mixtures whose shares are multiples of 1 / levels: the {m, levels} simplex lattice.

    Returns
    -------
    array, shape (C(levels + m − 1, m − 1), m): vertices first in each coordinate's order. The
    paper's grid for three providers is `levels = 10`: 66 mixtures.

    Raises
    ------
    InputError
        If `providers` or `levels` is below 1, or the lattice would exceed 100,000 mixtures.
    """
    if providers < 1 or levels < 1:
        raise InputError(
            "a simplex lattice needs at least 1 provider and 1 level; "
            f"got {providers} providers, {levels} levels"
        )
    count = comb(levels + providers - 1, providers - 1)
    if count > LARGEST_DESIGN:
        raise InputError(
            f"a lattice of {levels} levels over {providers} providers has {count:,} mixtures, more "
            f"than {LARGEST_DESIGN:,}; use fewer levels, or list the mixtures themselves"
        )
    bars = np.array(list(combinations(range(levels + providers - 1), providers - 1)), dtype=int)
    bars = bars.reshape(count, providers - 1)
    edges = np.hstack([np.full((count, 1), -1), bars, np.full((count, 1), levels + providers - 1)])
    parts = np.diff(edges, axis=1) - 1
    return np.asarray(parts[::-1] / levels, dtype=np.float64)
