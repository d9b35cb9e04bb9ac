"""The Sobol design: low-discrepancy mixtures, uniform on the simplex.

Nested: a design of more mixtures begins with the design of fewer, so that the probes of a smaller
study are reused.
"""

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator


def sobol(providers: int, count: int, *, support: int | None = None, seed: int = 0) -> Floats:
    """Low-discrepancy mixtures, uniform on the simplex: scrambled Sobol points u ∈ (0, 1)^k.

    `p_j = e_j / Σ_l e_l` with `e_j = −ln(1 − u_j)`, which is Dirichlet(1, …, 1). With `support` k
    below m each mixture has shares of k providers only; every provider is in as many mixtures as
    any other, up to one.

    Returns
    -------
    array, shape (count, m): the first mixtures of any longer design of the same seed.
    """
    used = providers if support is None else min(support, providers)
    if count < 1 or used < 1:
        raise InputError(
            "a sobol design needs at least 1 mixture, 1 provider and a support of 1 or more; "
            f"got {count} mixtures, {providers} providers, a support of {used}"
        )
    from scipy.stats import qmc  # slow to import, and no worker places a design

    points = qmc.Sobol(used, scramble=True, rng=generator("sobol", providers, used, seed))
    uniform = points.random_base2((count - 1).bit_length())[:count]
    exponential = -np.log1p(-np.clip(uniform, 1e-12, 1 - 1e-12))
    shares = exponential / exponential.sum(axis=1, keepdims=True)
    if used == providers:
        return np.asarray(shares)
    design = np.zeros((count, providers))
    chosen = _balanced_supports(providers, count, used, seed)
    np.put_along_axis(design, chosen, shares, axis=1)
    return design


def _balanced_supports(providers: int, count: int, support: int, seed: int) -> NDArray[np.intp]:
    """Which providers each mixture uses, (count, support): always those used least so far."""
    stream = generator("supports", providers, support, seed)
    uses = np.zeros(providers)
    chosen = np.empty((count, support), dtype=np.intp)
    for row in chosen:
        row[:] = np.lexsort([stream.random(providers), uses])[:support]
        uses[row] += 1
    return chosen
