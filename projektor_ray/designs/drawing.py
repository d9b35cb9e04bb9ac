"""The simplex of mixtures: designs, exact rounding of p·N, and drawing D(N, p).

A mixture `p` is a point of the simplex over the `m` providers, which are sorted by name; a batch
of mixtures has shape `(B, m)`.
"""

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import digest, generator

SHARE_DIGITS = 12
"""Shares are identified to this many decimals, so that 0.1 + 0.2 is the same mixture as 0.3."""
SIMPLEX_TOLERANCE = 1e-6
REMAINDER_DIGITS = 6
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


def check_mixtures(mixtures: Floats, providers: int) -> Floats:
    """Mixtures of shape (B, m), each renormalised to sum to 1 exactly up to rounding.

    Raises
    ------
    InputError
        Unless there is a mixture, every share is a real number, finite and 0 or more, and every
        mixture sums to 1 within 1e-6.
    """
    mixtures = np.atleast_2d(np.asarray(mixtures))
    if mixtures.ndim != 2 or mixtures.shape[1] != providers or len(mixtures) == 0:
        raise InputError(
            f"expected mixtures over {providers} providers, shape (B, {providers}) with B of 1 or "
            f"more; got shape {mixtures.shape}"
        )
    if mixtures.dtype.kind not in "biuf":
        raise InputError(f"shares of mixtures must be real numbers; got {mixtures.dtype}")
    mixtures = mixtures.astype(np.float64)
    sums = mixtures.sum(axis=1)
    off = ~(np.isfinite(mixtures).all(axis=1) & (mixtures >= 0).all(axis=1))
    off |= ~(np.abs(sums - 1) <= SIMPLEX_TOLERANCE)
    if off.any():
        first = int(np.flatnonzero(off)[0])
        shares = ", ".join(f"{share:g}" for share in mixtures[first])
        raise InputError(
            "a mixture's shares must be 0 or more and sum to 1; "
            f"mixture {first} is ({shares}), which sums to {sums[first]:g}"
            + (": it is in per cent, divide it by 100" if abs(sums[first] - 100) < 1 else "")
        )
    return np.asarray(mixtures / sums[:, None])


def mixture_id(mixture: Floats, pilots: Sequence[tuple[str, str]]) -> str:
    """Identity of a mixture of pilots: independent of the order in which providers are listed.

    A provider with a share of zero has no part in it, so that a study keeps its rows when a
    provider is added or an unused one is withdrawn.

    Parameters
    ----------
    mixture : array, shape (m,).
    pilots : (provider name, content hash of its pilot), one for each share.
    """
    parts = [
        [name, content, round(float(share), SHARE_DIGITS)]
        for share, (name, content) in zip(mixture, pilots, strict=True)
        if round(float(share), SHARE_DIGITS) > 0
    ]
    return digest("mixture", sorted(parts))


def round_counts(mixture: Floats, size: int, names: Sequence[str]) -> NDArray[np.int64]:
    """Whole samples |S_i| of each provider that sum to exactly `size`: largest remainder of p·N.

    Ties go to the provider whose name sorts first, never to a position. Remainders are compared
    to 6 decimals, so that rounding noise in a share cannot decide a tie.

    Returns
    -------
    array, shape (m,): integers, each within 1 of p_i N, zero where p_i is zero.
    """
    exact = np.asarray(mixture, dtype=np.float64) * (size / np.sum(mixture))
    counts = np.floor(exact + 10.0**-SHARE_DIGITS * size).astype(np.int64)
    remainders = np.round(exact - counts, REMAINDER_DIGITS)
    order = sorted(range(len(counts)), key=lambda i: (-remainders[i], names[i]))
    short = size - int(counts.sum())
    for i in order[:short] if short > 0 else [i for i in order[::-1] if counts[i] > 0][:-short]:
        counts[i] += np.sign(short)
    return counts


def largest_feasible_size(mixture: Floats, pilot_sizes: NDArray[np.int64]) -> int:
    """Largest N with p_i N ≤ n_i for every provider: what can be drawn without replacement."""
    used = np.asarray(mixture) > 0
    return int(np.floor(np.min(np.asarray(pilot_sizes)[used] / np.asarray(mixture)[used]) + 1e-9))


def draw(
    mixture: Floats,
    size: int,
    seed: int,
    pilot_sizes: NDArray[np.int64],
    names: Sequence[str],
    *,
    replacement: bool = False,
) -> list[NDArray[np.int64]]:
    """The drawn set D(N, p): for each provider, which samples of its pilot are in it.

    Depends on (seed, size, mixture, provider name) alone. Without replacement within a pilot;
    where `replacement` is allowed and p_i N exceeds the pilot, with replacement from that pilot.

    Returns
    -------
    list of m index arrays, each of shape (|S_i|,), whose lengths sum to `size`.

    Raises
    ------
    InputError
        If a provider has fewer samples than asked and replacement is not allowed; names the
        largest feasible size.
    """
    counts = round_counts(mixture, size, names)
    shares = sorted(
        [name, round(float(share), SHARE_DIGITS)]
        for share, name in zip(mixture, names, strict=True)
        if share > 0
    )
    drawn = []
    for count, available, name in zip(counts, pilot_sizes, names, strict=True):
        if count > available and not replacement:
            raise InputError(
                f"provider {name!r} has revealed {available} samples, but a mixture of size {size} "
                f"asks {count} of it; the largest size that this mixture can be drawn at is "
                f"{largest_feasible_size(mixture, pilot_sizes)}. Use smaller scales, mixtures with "
                "less of this provider, a larger pilot, or allow replacement"
            )
        stream = generator("draw", seed, size, shares, name)
        drawn.append(stream.choice(int(available), int(count), replace=bool(count > available)))
    return drawn
