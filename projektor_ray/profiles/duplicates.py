"""Duplicates and near-duplicates within a pilot and between pilots."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.neighbours import Indices, Reference
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import PilotFeatures

BLOCK = 2048
"""Samples that are looked up at once."""


def duplicates_within(pilots: PilotFeatures, reference: Reference) -> Indices:
    """Near-duplicates among pilots of one shard: unique rows (provider, sample, other provider,
    exact), shape (K, 4).

    A row states that this sample of this provider has a near-duplicate in the other provider's
    pilot, and whether an exact one (1 or 0). Of duplicates within one pilot, where both providers
    are the same, each but the first has a row. Samples are counted within their pilot.
    """
    side = _Side(pilots, reference)
    rows = [side.repeats()]
    for one, other, exact in _close(side.points, side.points, reference):
        keep = (side.provider[one] != side.provider[other]) | (side.first[one] > side.first[other])
        rows += [side.rows(one[keep], side.provider[other[keep]], exact[keep])]
    return merge_duplicates(rows)


def duplicates_between(left: PilotFeatures, right: PilotFeatures, reference: Reference) -> Indices:
    """Near-duplicates between pilots of two shards, which hold different providers: as
    `duplicates_within`, with rows for both sides."""
    one_side, other_side = _Side(left, reference), _Side(right, reference)
    rows = []
    for one, other, exact in _close(one_side.points, other_side.points, reference):
        rows += [
            one_side.rows(one, other_side.provider[other], exact),
            other_side.rows(other, one_side.provider[one], exact),
        ]
    return merge_duplicates(rows)


def merge_duplicates(parts: list[Indices]) -> Indices:
    """Unique rows of all parts; a sample with an exact duplicate has no row for a near one."""
    rows = np.concatenate([np.empty((0, 4), dtype=np.int64), *parts])
    rows = rows[np.lexsort((-rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:, :3] != rows[:-1, :3]).any(axis=1)
    return np.asarray(rows[first])


class _Side:
    """Pilots of one shard, each distinct point of each provider once.

    Attributes
    ----------
    points : (u, d), the distinct points of each provider.
    provider : (u,), whose they are.
    first : (u,), the first sample of the provider that is this point.
    """

    def __init__(self, pilots: PilotFeatures, reference: Reference) -> None:
        own = [np.flatnonzero(pilots.provider == one) for one in np.unique(pilots.provider)]
        sample = np.empty(len(pilots.provider), dtype=np.int64)
        for positions in own:
            sample[positions] = np.arange(len(positions))
        keys = np.column_stack([pilots.provider, pilots.features])
        _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        self._group, self._sample = group.reshape(-1), sample
        self._order = np.argsort(self._group, kind="stable")
        self._offsets = np.searchsorted(self._group[self._order], np.arange(len(first) + 1))
        self.points = reference.place(pilots.features[first])
        self.provider = pilots.provider[first].astype(np.int64)
        self.first = sample[first]

    def rows(self, distinct: Indices, other: Indices, exact: NDArray[np.bool_]) -> Indices:
        """Rows for all samples that are these distinct points."""
        counts = self._offsets[distinct + 1] - self._offsets[distinct]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        members = self._order[np.repeat(self._offsets[distinct], counts) + within]
        columns = [np.repeat(self.provider[distinct], counts), self._sample[members]]
        columns += [np.repeat(other, counts), np.repeat(exact, counts).astype(np.int64)]
        return np.unique(np.column_stack(columns), axis=0)

    def repeats(self) -> Indices:
        """Rows for the samples that equal an earlier one of their own pilot."""
        later = np.flatnonzero(self._sample != self.first[self._group])
        provider = self.provider[self._group[later]]
        exact = np.ones(len(later), dtype=np.int64)
        return np.column_stack([provider, self._sample[later], provider, exact])


def _close(
    left: Floats, right: Floats, reference: Reference
) -> Iterator[tuple[Indices, Indices, NDArray[np.bool_]]]:
    """All pairs with ‖x − x'‖ ≤ `near_radius`, block by block: indices, and whether exact."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(radius=reference.near_radius).fit(right)
    for start in range(0, len(left), BLOCK):
        distance, index = search.radius_neighbors(left[start : start + BLOCK])
        one = np.repeat(np.arange(start, start + len(index)), [len(near) for near in index])
        yield (
            one,
            np.concatenate(index).astype(np.int64),
            np.concatenate(distance) <= reference.same_radius,
        )
