"""Exact optimal transport by POT's network simplex, for small pilots."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats

MAX_ENTRIES = 2.5e7
"""Entries of the cost up to which a network simplex takes no more than minutes for a mixture."""


def solve_exact(
    cost: Floats, weights: Floats, target: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """W(a, b) = min_P ⟨P, C⟩ over couplings P of a and b, for every row a of `weights` (B, n).

    Parameters
    ----------
    cost : (n, v), C.
    target : (v,), b.

    Returns
    -------
    Values (B,); source potentials (B, n), f_i = min_j C_ij − g_j, defined also where a is 0;
    whether the simplex reached the optimum (B,).

    Raises
    ------
    InputError
        If the cost is too large for exact transport.
    """
    import ot

    if cost.size > MAX_ENTRIES:
        raise InputError(
            f"exact transport takes up to {MAX_ENTRIES:,.0f} pairs of points; these pilots and "
            f"validation set have {cost.shape[0]:,} × {cost.shape[1]:,}. Use method: sinkhorn, or "
            "smaller pilots"
        )
    values, potentials, optimal = [], [], []
    for row in weights:
        present = np.flatnonzero(row)
        log: dict[str, Any]
        value, log = ot.emd2(
            row[present] / row[present].sum(),
            target,
            np.ascontiguousarray(cost[present]),
            numItermax=10_000_000,
            log=True,
        )
        values.append(float(value))
        potentials.append((cost - np.asarray(log["v"])[None, :]).min(axis=1))
        optimal.append(log["warning"] is None)
    return np.array(values), np.stack(potentials), np.array(optimal)
