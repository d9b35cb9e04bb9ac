"""What a table of mixtures cannot tell, said in words."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from projektor_ray.storage.array_types import Floats

TOLERANCE = 1e-8
SAME_EFFECT = 1e-6
SHOWN = 6


def unidentified(
    mixtures: Floats, providers: Sequence[str], distances: Floats | None = None
) -> list[str]:
    """A sentence for each thing that these mixtures (k, m) cannot tell; none if they tell all.

    Named are providers without a share anywhere, providers whose share never changes, and groups
    whose shares only move together (see `_tied`); and distances (k,) that tell nothing.
    """
    sentences = []
    absent = mixtures.max(axis=0) <= TOLERANCE
    fixed = (np.ptp(mixtures, axis=0) <= TOLERANCE) & ~absent
    if absent.any():
        sentences.append(
            f"No row has any of {_names(providers, absent)}, so its effect is unknown. Train "
            "mixtures that contain it."
        )
    if fixed.any():
        sentences.append(
            f"The share of {_names(providers, fixed)} is the same in all rows, so its effect "
            "cannot be separated from the constant. Vary it."
        )
    varies = ~(absent | fixed)
    tied = np.zeros(len(providers), dtype=bool)
    tied[varies] = _tied(mixtures[:, varies])
    if tied.any():
        sentences.append(
            f"The shares of {_names(providers, tied)} only change together, so no predictor that "
            "is linear in them can separate their effects. Train more mixtures "
            f"({len(mixtures)} rows), or vary the shares independently."
        )
    return sentences if distances is None else [*sentences, *_idle(mixtures, distances)]


def _idle(mixtures: Floats, distances: Floats) -> list[str]:
    """What to say of distances that are constant, or linear in the shares by more than chance."""
    centred = distances - distances.mean()
    if np.ptp(distances) <= TOLERANCE * max(abs(float(distances.mean())), 1.0):
        return [
            "The distance is the same in all rows: no predictor learns from it, and 'cs' uses "
            "nothing else. Check the measurement."
        ]
    shares = mixtures - mixtures.mean(axis=0)
    if len(np.unique(mixtures, axis=0)) <= np.linalg.matrix_rank(shares) + 1:
        return []
    left = centred - shares @ np.linalg.lstsq(shares, centred, rcond=None)[0]
    if np.abs(left).max() > TOLERANCE * np.abs(centred).max():
        return []
    return [
        "The distance is a linear function of the shares in these rows: no predictor that is "
        "linear in both can separate their effects."
    ]


def unseen(mixtures: Floats) -> NDArray[np.bool_]:
    """Which providers have no share in any row, shape (m,)."""
    return np.asarray(mixtures.max(axis=0) <= TOLERANCE)


def _tied(shares: Floats) -> NDArray[np.bool_]:
    """Which columns have effects that differ from the others' by something unknown.

    Two providers' effects can be told apart where `e_i − e_j` is orthogonal to the null space of
    the centred shares: where their rows of its basis are equal. The largest class of such
    providers is what the others are measured against.
    """
    m = shares.shape[1]
    if m < 3:
        return np.zeros(m, dtype=bool)
    _, singular, vectors = np.linalg.svd(shares - shares.mean(axis=0), full_matrices=True)
    null = vectors[int(np.sum(singular > TOLERANCE * singular[0])) :].T
    squares = np.sum(null**2, axis=1)
    apart = np.maximum(squares[:, None] + squares - 2 * null @ null.T, 0.0)
    same = apart < SAME_EFFECT**2
    most_tied = int(np.argmax(same.sum(axis=1)))
    return ~same[most_tied] if same[most_tied].sum() > 1 else np.ones(m, dtype=bool)


def _names(providers: Sequence[str], which: NDArray[np.bool_]) -> str:
    names = [name for name, chosen in zip(providers, which, strict=True) if chosen]
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else "")
