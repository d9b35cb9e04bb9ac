"""Nearest neighbours by blocks, and what the validation set says of itself as a reference."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport import ValidationFeatures

NEIGHBOURS = 5
COPY_RADIUS = 0.25
"""Of the median distance between nearest neighbours in validation: nearer is a near-copy."""
BLOCK_ENTRIES = 4_000_000
"""Distances held at once."""

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reference:
    """The validation set, and what its own samples look like, each against the others.

    Attributes
    ----------
    points : (v, d), centred features.
    centre : (d,), what was taken off.
    labels : (v,) integer classes, or None.
    reach : (v,), mean distance to the nearest others.
    oddity : (v,), `oddity` of each sample against the others.
    predicted : (v,), the class that the nearest others vote for, or None without classes.
    copy_radius : features closer than this are near-copies.
    """

    points: Floats
    centre: Floats
    labels: Indices | None
    reach: Floats
    oddity: Floats
    predicted: Indices | None
    copy_radius: float

    @staticmethod
    def of(validation: ValidationFeatures) -> "Reference":
        """The reference that a validation set gives.

        Raises
        ------
        InputError
            If it has fewer than two samples.
        """
        if len(validation.features) < 2:
            raise InputError(
                "provider cards hold pilots against how validation samples differ among "
                f"themselves, which needs 2 or more; got {len(validation.features)}"
            )
        centre = validation.features.mean(axis=0, dtype=np.float64)
        points = validation.features - centre
        distance, index = nearest(points, points, min(NEIGHBOURS, len(points) - 1), skip_own=True)
        labels = classes_of(validation.labels)
        reach = distance.mean(axis=1)
        return Reference(
            points=points,
            centre=centre,
            labels=labels,
            reach=reach,
            oddity=oddity(distance, index, reach),
            predicted=None if labels is None else vote(labels[index]),
            copy_radius=COPY_RADIUS * float(np.median(distance[:, 0])),
        )

    @property
    def neighbours(self) -> int:
        """How many neighbours are looked at."""
        return min(NEIGHBOURS, len(self.points) - 1)

    @property
    def classes(self) -> Indices:
        """The classes of the validation set, sorted; empty without classes."""
        return np.unique(self.labels) if self.labels is not None else np.empty(0, dtype=np.int64)


def classes_of(labels: NDArray[Any] | None) -> Indices | None:
    """Labels that are classes, else None."""
    if labels is None or not np.issubdtype(labels.dtype, np.integer):
        return None
    return labels.astype(np.int64)


def blocks(rows: int, columns: int) -> Iterator[slice]:
    """Slices of rows such that rows × columns stays within `BLOCK_ENTRIES`."""
    step = max(1, BLOCK_ENTRIES // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))


def squared_distances(left: Floats, right: Floats) -> Floats:
    """‖x − x'‖² of all pairs, (len(left), len(right)); both sides centred alike."""
    found = left @ right.T
    found *= -2
    found += np.sum(left**2, axis=1)[:, None]
    found += np.sum(right**2, axis=1)
    return np.asarray(np.maximum(found, 0, out=found))


def nearest(
    points: Floats, among: Floats, count: int, *, skip_own: bool = False
) -> tuple[Floats, Indices]:
    """Distances to the nearest of `among`, and their indices, each (n, count), nearest first.

    Parameters
    ----------
    skip_own : `points` is `among`, and no point is its own neighbour.
    """
    distance = np.empty((len(points), count))
    index = np.empty((len(points), count), dtype=np.int64)
    for rows in blocks(len(points), len(among)):
        found = squared_distances(points[rows], among)
        if skip_own:
            found[np.arange(len(found)), np.arange(rows.start, rows.stop)] = np.inf
        kept = np.argpartition(found, count - 1, axis=1)[:, :count]
        near = np.take_along_axis(found, kept, axis=1)
        order = np.lexsort((kept, near), axis=1)
        distance[rows] = np.sqrt(np.take_along_axis(near, order, axis=1))
        index[rows] = np.take_along_axis(kept, order, axis=1)
    return distance, index


def oddity(distance: Floats, index: Indices, reach: Floats) -> Floats:
    """How much farther than its neighbours a sample is from its neighbours, (n,).

    mean_k d(x, x'_k) / mean_k reach(x'_k): about 1 for a sample of the reference, whatever the
    density where it lies. A local outlier factor with the reference's reach.
    """
    floor = max(float(np.median(reach)) * 1e-3, float(np.finfo(np.float64).tiny))
    ratio = distance.mean(axis=1) / np.maximum(reach[index].mean(axis=1), floor)
    return np.asarray(ratio)


def vote(labels: Indices) -> Indices:
    """The most frequent class of each row (n, k); of equally frequent ones, the nearest."""
    agrees = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)
    first = np.argmax(agrees, axis=1)
    return np.asarray(labels[np.arange(len(labels)), first])
