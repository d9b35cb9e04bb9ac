"""Near-copies within a pilot and between providers, found by blocks."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.neighbours import Indices, blocks, squared_distances
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport import PilotFeatures

WIDTH = 4096
"""Columns of a block."""
SLACK = 1e-6
"""Of the largest norm: what rounding may add to the distance of equal points."""


def duplicates_within(pilots: PilotFeatures, centre: Floats, radius: float) -> Indices:
    """Near-copies among pilots of one shard: unique rows (provider, sample, other provider).

    A row says that this sample of this provider has a near-copy in the other provider's pilot. Of
    copies within one pilot, where both providers are the same, each but the first has a row.
    Samples are counted within their pilot.
    """
    points, numbers = pilots.features - centre, _numbers(pilots.provider)
    found = []
    for rows, columns in close_pairs(points, points, radius):
        one, other = pilots.provider[rows], pilots.provider[columns]
        kept = (one != other) | (rows > columns)
        found.append(_rows(one[kept], numbers[rows[kept]], other[kept]))
    return merged(found)


def duplicates_between(
    left: PilotFeatures, right: PilotFeatures, centre: Floats, radius: float
) -> Indices:
    """Near-copies between pilots of two shards, which hold different providers: as
    `duplicates_within`, with rows for both sides."""
    left_numbers, right_numbers = _numbers(left.provider), _numbers(right.provider)
    found = []
    for rows, columns in close_pairs(left.features - centre, right.features - centre, radius):
        one, other = left.provider[rows], right.provider[columns]
        found.append(_rows(one, left_numbers[rows], other))
        found.append(_rows(other, right_numbers[columns], one))
    return merged(found)


def merged(parts: list[Indices]) -> Indices:
    """Unique rows of all parts."""
    if not parts:
        return np.empty((0, 3), dtype=np.int64)
    return np.asarray(np.unique(np.concatenate(parts), axis=0))


def close_pairs(left: Floats, right: Floats, radius: float) -> Iterator[tuple[Indices, Indices]]:
    """Indices of all pairs with ‖x − x'‖ ≤ radius, block by block.

    Points are sorted by their projection on the direction in which they spread most; it shortens
    distances, so a block need only look at points whose projection is within the radius.
    """
    axis = _main_direction(left)
    left_order, right_order = np.argsort(left @ axis), np.argsort(right @ axis)
    left_along, right_along = (left @ axis)[left_order], (right @ axis)[right_order]
    largest = max(float(np.sqrt((x**2).sum(axis=1).max())) for x in (left, right))
    reach = radius + SLACK * largest
    for rows in blocks(len(left), WIDTH):
        start = np.searchsorted(right_along, left_along[rows.start] - reach, "left")
        stop = np.searchsorted(right_along, left_along[rows.stop - 1] + reach, "right")
        for piece in blocks(int(stop - start), rows.stop - rows.start):
            columns = right_order[start + piece.start : start + piece.stop]
            near = squared_distances(left[left_order[rows]], right[columns]) <= reach**2
            one, other = np.nonzero(near)
            yield left_order[rows][one], columns[other]


def _main_direction(points: Floats) -> Floats:
    """A unit vector along the largest spread, by a few power steps; any would be right."""
    centred = points - points.mean(axis=0)
    direction = np.ones(points.shape[1]) / np.sqrt(points.shape[1])
    for _ in range(5):
        step = centred.T @ (centred @ direction)
        length = float(np.linalg.norm(step))
        if length == 0:
            break
        direction = step / length
    return np.asarray(direction)


def _numbers(provider: NDArray[np.int64]) -> Indices:
    """Each sample's number within its own pilot."""
    numbers = np.empty(len(provider), dtype=np.int64)
    for one in np.unique(provider):
        own = np.flatnonzero(provider == one)
        numbers[own] = np.arange(len(own))
    return numbers


def _rows(provider: Indices, sample: Indices, other: Indices) -> Indices:
    return np.unique(np.column_stack([provider, sample, other]), axis=0)
