"""The largest remainder method: from the shares of a mixture to whole samples."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from projektor_ray.storage.array_types import Floats

SHARE_TOLERANCE = 1e-12
"""Rounding noise in a share that may not take a sample away …"""
SAMPLE_TOLERANCE = 0.01
"""… of so much of a sample at most: a provider of billions may not get samples for noise."""
REMAINDER_DIGITS = 6


def round_counts(mixture: Floats, size: int, names: Sequence[str]) -> NDArray[np.int64]:
    """Whole samples |S_i| of each provider that sum to exactly `size`: largest remainder of p·N.

    Ties go to the provider whose name sorts first, never to a position. Remainders are compared
    to 6 decimals, so that rounding noise in a share cannot decide a tie.

    Returns
    -------
    array, shape (m,): integers, each within 1 of p_i N, zero where p_i is zero.
    """
    exact = np.asarray(mixture, dtype=np.float64) * (size / np.sum(mixture))
    counts = np.floor(exact + min(SHARE_TOLERANCE * size, SAMPLE_TOLERANCE)).astype(np.int64)
    remainders = np.round(exact - counts, REMAINDER_DIGITS)
    order = sorted(range(len(counts)), key=lambda i: (-remainders[i], names[i]))
    short = size - int(counts.sum())
    for i in order[:short] if short > 0 else [i for i in order[::-1] if counts[i] > 0][:-short]:
        counts[i] += np.sign(short)
    return counts
