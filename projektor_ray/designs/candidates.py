"""Candidates for designs, and how many mixtures a design has by default."""

import numpy as np

from projektor_ray.designs.simplex_centroid import simplex_centroid
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.designs.sobol import sobol
from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats

LARGEST_GRID = 4
"""Most providers that a lattice is the default for; its size grows as a power of their number."""
CANDIDATE_LEVELS = {1: 1, 2: 100, 3: 20, 4: 12}
"""Levels of the lattice of candidates, for as many providers."""
CANDIDATES_PER_PROVIDER = 32
SPARSE_SUPPORT = 4
"""Providers with a share in a candidate for many providers: a purchase rarely has more."""


def candidates(providers: int) -> Floats:
    """Mixtures to choose a design from; their number is linear in m beyond four providers.

    A fine lattice up to m = 4. Beyond it the `simplex_centroid`, and `sobol` mixtures of at most
    four providers each. The same whatever is chosen of them.
    """
    if providers <= LARGEST_GRID:
        return simplex_lattice(providers, CANDIDATE_LEVELS[providers])
    few = sobol(providers, CANDIDATES_PER_PROVIDER * providers, support=SPARSE_SUPPORT)
    return np.vstack([simplex_centroid(providers), few])


def default_count(providers: int) -> int:
    """4m + 1 mixtures: twice the 2m coefficients of PQ that the distance does not carry."""
    return 4 * providers + 1 if providers > 1 else 1


def default_adaptive(providers: int) -> tuple[int, int]:
    """Mixtures of an adaptive design: 2m + 2 at first, at most 7m + 1 (for m = 3, 8 and 22)."""
    return (2 * providers + 2, 7 * providers + 1) if providers > 1 else (1, 1)


def check_count(count: int, fewest: int, most: int) -> None:
    """Refuse a number of mixtures that a design cannot have."""
    if not fewest <= count <= most:
        raise InputError(
            f"this design can have {fewest} to {most} mixtures; got {count}. "
            "Set probes.n_mixtures within that, or list the mixtures themselves"
        )
