"""Nearest neighbours in the validation set, and how its own samples compare with one another."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.profiles.repeats import Repeats, contents
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import ValidationFeatures

NEIGHBOURS = 5
NEAR = 0.25
"""Of the usual distance to the nearest neighbours in validation: less is a near-duplicate."""
ROUNDING = 4 * float(np.finfo(np.float32).eps)
"""Of a sample's norm: validation samples closer than that count as one in the reference."""
MIN_SCALE = 1e-9
"""Of the largest standard deviation: a feature that varies less is not scaled up."""

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reference:
    """The validation set without its own duplicates, and how its samples compare.

    Attributes
    ----------
    positions : (v,), where the samples are in the validation set.
    points : (v, d), scaled and centred features; of samples that are the same, the first.
    centre, scale : (d,), what was subtracted, and what the rest was divided by.
    labels : (v,) integer classes, or None.
    spacing : (v,), mean distance to the nearest other samples.
    outlyingness : (v,), `outlyingness` of each sample against the others.
    predicted : (v,), the class that the nearest others vote for, or None without classes.
    near_radius : points closer than this are near-duplicates.
    near_by_chance : share of the samples that have another one within `near_radius`.
    repeats : which samples of the validation set are the same.
    unseen : whether `points` are as an embedder shows samples that it was not fitted to.
    """

    positions: Indices
    points: Floats
    centre: Floats
    scale: Floats
    labels: Indices | None
    spacing: Floats
    outlyingness: Floats
    predicted: Indices | None
    near_radius: float
    near_by_chance: float
    repeats: Repeats
    unseen: bool = True

    @staticmethod
    def of(validation: ValidationFeatures, *, standardize: bool = False) -> "Reference":
        """The reference that a validation set gives; copies within the set change nothing.

        Parameters
        ----------
        standardize : divide each feature by its standard deviation, as suits raw columns.

        Raises
        ------
        InputError
            If it has fewer than two different samples.
        """
        distinct = _different_rows(validation.features, validation.labels)
        features = validation.features[distinct].astype(np.float64)
        labels = classes_of(validation.labels)
        labels = None if labels is None else labels[distinct]
        centre, scale = features.mean(axis=0), np.ones(features.shape[1])
        if standardize:
            deviation = features.std(axis=0)
            scale = np.where(deviation > MIN_SCALE * deviation.max(), deviation, 1.0)
        points = (features - centre) / scale
        first = _without_repeats(points, np.linalg.norm(features / scale, axis=1), labels)
        if len(first) < 2:
            raise InputError(
                "provider profiles compare pilots with how validation samples differ from one "
                f"another, which needs 2 or more different samples; got {len(first)}. Add "
                "samples to the validation set"
            )
        points, labels = points[first], None if labels is None else labels[first]
        distance, index = nearest(points, points, min(NEIGHBOURS, len(points) - 1), skip_own=True)
        spacing = distance.mean(axis=1)
        radius = NEAR * float(np.median(distance[:, 0]))
        return Reference(
            positions=distinct[first],
            points=points,
            centre=centre,
            scale=scale,
            labels=labels,
            spacing=spacing,
            outlyingness=outlyingness(distance, index, spacing),
            predicted=None if labels is None else vote(labels[index]),
            near_radius=radius,
            near_by_chance=float((distance[:, 0] <= radius).mean()),
            repeats=Repeats.of(contents(validation)),
        )

    def place(self, features: NDArray[Any]) -> Floats:
        """Features (n, d) in the coordinates of `points`."""
        return np.asarray((features - self.centre) / self.scale, dtype=np.float64)

    @property
    def voted(self) -> Indices:
        """`predicted` of a reference with classes."""
        assert self.predicted is not None
        return self.predicted

    @property
    def neighbours(self) -> int:
        """How many neighbours vote."""
        return min(NEIGHBOURS, len(self.points) - 1)

    @property
    def classes(self) -> Indices:
        """The classes of the validation set, sorted; empty without classes."""
        return np.unique(self.labels) if self.labels is not None else np.empty(0, dtype=np.int64)

    @property
    def rare_classes(self) -> Indices:
        """Classes with no more than `NEIGHBOURS` samples, too few to form a majority."""
        if self.labels is None:
            return np.empty(0, dtype=np.int64)
        classes, counts = np.unique(self.labels, return_counts=True)
        return np.asarray(classes[counts <= NEIGHBOURS])


def _different_rows(features: NDArray[Any], labels: NDArray[Any] | None) -> Indices:
    """Positions of the rows that equal no earlier one, in features and label."""
    target = np.zeros(len(features)) if labels is None else np.asarray(labels, dtype=np.float64)
    rows = np.column_stack([features, target])
    return np.sort(np.unique(rows, axis=0, return_index=True)[1])


def _without_repeats(points: Floats, sizes: Floats, labels: Indices | None) -> Indices:
    """Positions of the points that repeat no earlier one of the same label, up to rounding.

    Parameters
    ----------
    sizes : (n,), norms of the features that were rounded, in the units of `points`.
    """
    distinct = np.arange(len(points))
    while len(distinct) > 1:
        count = min(NEIGHBOURS, len(distinct) - 1)
        distance, index = nearest(points[distinct], points[distinct], count, skip_own=True)
        repeats = (distance <= ROUNDING * sizes[distinct, None]) & (
            index < np.arange(len(distinct))[:, None]
        )
        if labels is not None:
            repeats &= labels[distinct[index]] == labels[distinct, None]
        if not repeats.any():
            break
        distinct = distinct[~repeats.any(axis=1)]
    return distinct


def classes_of(labels: NDArray[Any] | None) -> Indices | None:
    """Labels that are classes, else None."""
    if labels is None or not np.issubdtype(labels.dtype, np.integer):
        return None
    return labels.astype(np.int64)


def nearest(
    points: Floats, among: Floats, count: int, *, skip_own: bool = False
) -> tuple[Floats, Indices]:
    """Distances to the nearest of `among`, and their indices, each (n, count), nearest first.

    Parameters
    ----------
    skip_own : `points` is `among`, and no point is its own neighbour.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(among)
    distance, index = search.kneighbors(None if skip_own else points)
    return np.asarray(distance, dtype=np.float64), np.asarray(index, dtype=np.int64)


def outlyingness(distance: Floats, index: Indices, spacing: Floats) -> Floats:
    """How much farther a sample is from its neighbours than they are from theirs, (n,).

    mean_k d(x, x'_k) / mean_k spacing(x'_k): about 1 for a sample of the reference, whatever the
    density where it lies. A local outlier factor (Breunig et al., 2000) with the spacing of the
    reference.
    """
    floor = max(float(np.median(spacing)) * 1e-3, float(np.finfo(np.float64).tiny))
    ratio = distance.mean(axis=1) / np.maximum(spacing[index].mean(axis=1), floor)
    return np.asarray(ratio)


def vote(labels: Indices) -> Indices:
    """The most frequent class of each row (n, k); of equally frequent ones, the nearest."""
    agrees = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)
    first = np.argmax(agrees, axis=1)
    return np.asarray(labels[np.arange(len(labels)), first])
