"""Mixtures as points of the simplex: checks, identities, and each one once.

A mixture `p` is a point of the simplex over the `m` providers, which are sorted by name; a batch
of mixtures has shape `(B, m)`.
"""

from collections.abc import Sequence

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import digest

SHARE_DIGITS = 12
"""Shares are identified to this many decimals, so that 0.1 + 0.2 is the same mixture as 0.3."""
SIMPLEX_TOLERANCE = 1e-6


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
        which = "got" if len(mixtures) == 1 else f"mixture {first} is"
        raise InputError(
            "a mixture's shares must be 0 or more and sum to 1; "
            f"{which} ({shares}), which sums to {sums[first]:g}"
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


def distinct(design: Floats) -> Floats:
    """Each mixture once, in the order of first occurrence."""
    _, first = np.unique(np.round(design, SHARE_DIGITS), axis=0, return_index=True)
    return np.asarray(design[np.sort(first)])
