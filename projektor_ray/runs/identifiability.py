"""Which effects a table of mixtures cannot identify, by shares and by distances."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.storage.array_types import Floats

TOLERANCE = 1e-8
SAME_EFFECT = 1e-6


UnidentifiedKind = Literal["absent", "constant", "tied", "constant_distance", "linear_distance"]


@dataclass(frozen=True)
class Unidentified:
    """An effect that the rows of a table cannot tell.

    Attributes
    ----------
    kind : `absent`: providers without a share anywhere; `constant`: providers whose share never
        changes; `tied`: providers whose shares only change together, see `_tied`;
        `constant_distance`, `linear_distance`: distances that are constant, or linear in the
        shares by more than chance.
    providers : whose effects; none for distances.
    rows : of the table.
    """

    kind: UnidentifiedKind
    providers: tuple[str, ...]
    rows: int


def unidentified(
    mixtures: Floats, providers: Sequence[str], distances: Floats | None = None
) -> list[Unidentified]:
    """What these mixtures (k, m) and distances (k,) cannot tell; empty if they tell all."""
    absent = unseen(mixtures)
    constant = (np.ptp(mixtures, axis=0) <= TOLERANCE) & ~absent
    varies = ~(absent | constant)
    tied = np.zeros(len(providers), dtype=bool)
    tied[varies] = _tied(mixtures[:, varies])
    masks: dict[UnidentifiedKind, NDArray[np.bool_]] = {
        "absent": absent,
        "constant": constant,
        "tied": tied,
    }
    names = np.array(providers, dtype=object)
    kinds: list[tuple[UnidentifiedKind, tuple[str, ...]]] = [
        (kind, tuple(names[mask])) for kind, mask in masks.items() if mask.any()
    ]
    if distances is not None:
        kinds += [(kind, ()) for kind in _idle_distance(mixtures, distances)]
    return [Unidentified(kind, own, len(mixtures)) for kind, own in kinds]


def _idle_distance(mixtures: Floats, distances: Floats) -> list[UnidentifiedKind]:
    """Whether distances are constant, or linear in the shares by more than chance."""
    centred = distances - distances.mean()
    if np.ptp(distances) <= TOLERANCE * max(abs(float(distances.mean())), 1.0):
        return ["constant_distance"]
    shares = mixtures - mixtures.mean(axis=0)
    if len(np.unique(mixtures, axis=0)) <= np.linalg.matrix_rank(shares) + 1:
        return []
    left = centred - shares @ np.linalg.lstsq(shares, centred, rcond=None)[0]
    linear = np.abs(left).max() <= TOLERANCE * np.abs(centred).max()
    return ["linear_distance"] if linear else []


def unseen(mixtures: Floats) -> NDArray[np.bool_]:
    """Which providers have no share in any row, shape (m,)."""
    return np.asarray(mixtures.max(axis=0) <= TOLERANCE)


def _tied(shares: Floats) -> NDArray[np.bool_]:
    """Which columns have effects that differ from the others' by something unknown.

    Two providers' effects differ by something known where `e_i − e_j` is orthogonal to the null
    space of the centred shares: where their rows of its basis are equal. The largest class of such
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
