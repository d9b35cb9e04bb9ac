"""The label distance: W² between a provider's samples of one class and a validation class.

A group of samples is an array (k, d) of points in the ground cost's units.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from scipy.spatial.distance import cdist

from projektor_ray.storage.array_types import Floats
from projektor_ray.transport.transport_settings import LabelDistance

Groups = Sequence[Floats]
LabelKind = Literal["exact", "bures", "diagonal"]

EXACT_BUDGET = 2e7
"""Entries of couplings, summed over class pairs, up to which exact W² takes seconds."""
BURES_BUDGET = 2e9
"""Σ over class pairs of (smaller of d and group size)³ up to which covariances take seconds."""


def choose_kind(
    requested: LabelDistance, left: Sequence[int], right: Sequence[int], dimension: int
) -> LabelKind:
    """The requested kind of W², or the most precise one that the group sizes allow (`auto`)."""
    if requested != "auto":
        return requested
    if float(np.sum(left)) * float(np.sum(right)) <= EXACT_BUDGET:
        return "exact"
    rank = min(dimension, max(*left, *right))
    return "bures" if len(left) * len(right) * float(rank) ** 3 <= BURES_BUDGET else "diagonal"


def class_distances(left: Groups, right: Groups, kind: LabelKind) -> Floats:
    """W² of every left group to every right group, shape (len(left), len(right)).

    `exact` is the optimum over couplings of the points. `bures` is W² of Gaussians with the groups'
    means and covariances, ‖m₁ − m₂‖² + tr(S₁ + S₂ − 2 (S₁^½ S₂ S₁^½)^½). `diagonal` uses the
    diagonals of the covariances only, ‖m₁ − m₂‖² + ‖σ₁ − σ₂‖².
    """
    if kind == "exact":
        return np.array([[_exact(one, other) for other in right] for one in left])
    means = cdist(_stack(left, "mean"), _stack(right, "mean"), "sqeuclidean")
    if kind == "diagonal":
        deviations = cdist(_stack(left, "std"), _stack(right, "std"), "sqeuclidean")
        return np.asarray(means + deviations)
    left_roots, right_roots = [_root(g) for g in left], [_root(g) for g in right]
    bures = np.array([[_bures(one, other) for other in right_roots] for one in left_roots])
    return np.asarray(means + bures)


def _stack(groups: Groups, statistic: Literal["mean", "std"]) -> Floats:
    return np.stack([getattr(group, statistic)(axis=0) for group in groups])


def _exact(one: Floats, other: Floats) -> float:
    import ot

    cost = cdist(one, other, "sqeuclidean")
    if 1 in cost.shape:
        return float(cost.mean())
    return float(ot.emd2([], [], cost, numItermax=10_000_000))


def _root(group: Floats) -> torch.Tensor:
    """R with RᵀR the group's covariance, of at most d rows."""
    centred = torch.from_numpy((group - group.mean(axis=0)) / np.sqrt(len(group)))
    return centred if len(group) <= group.shape[1] else torch.linalg.qr(centred, mode="r")[1]


def _bures(one: torch.Tensor, other: torch.Tensor) -> float:
    """tr(S₁ + S₂ − 2 (S₁^½ S₂ S₁^½)^½); the last trace is the nuclear norm of R₁R₂ᵀ."""
    cross = torch.linalg.svdvals(one @ other.T).sum()
    return max(0.0, float((one**2).sum() + (other**2).sum() - 2 * cross))
