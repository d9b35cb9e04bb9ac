"""Duplicates and near-duplicates within a pilot and between pilots."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.neighbours import Indices, Reference
from projektor_ray.profiles.repeats import contents
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import PilotFeatures

BLOCK = 2048
"""Samples that are looked up at once."""


def duplicates_within(pilots: PilotFeatures, reference: Reference) -> Indices:
    """Near-duplicates among pilots of one shard: unique rows (provider, sample, other provider,
    exact), shape (K, 4).

    A row states that this sample of this provider has a near-duplicate in the other provider's
    pilot, and whether an exact one (1 or 0): equal in every value as both were read. Of duplicates
    within one pilot, where both providers are the same, each but the first has a row. Samples are
    counted within their pilot.
    """
    near, equal = _near_groups(pilots), _equal_groups(pilots)
    rows = [near.repeats(exact=False), equal.repeats(exact=True)]
    points = reference.place(pilots.features[near.positions])
    for one, other in _close(points, points, reference):
        keep = near.provider[one] != near.provider[other]
        keep |= near.first[one] > near.first[other]
        rows.append(near.rows(one[keep], near.provider[other[keep]], exact=False))
    one, other = _equal(pilots, equal, pilots, equal)
    keep = equal.provider[one] != equal.provider[other]
    rows.append(equal.rows(one[keep], equal.provider[other[keep]], exact=True))
    return merge_duplicates(rows)


def duplicates_between(left: PilotFeatures, right: PilotFeatures, reference: Reference) -> Indices:
    """Near-duplicates between pilots of two shards, which hold different providers: as
    `duplicates_within`, with rows for both sides."""
    one_side, other_side = _near_groups(left), _near_groups(right)
    one_points = reference.place(left.features[one_side.positions])
    other_points = reference.place(right.features[other_side.positions])
    rows = []
    for one, other in _close(one_points, other_points, reference):
        rows.append(one_side.rows(one, other_side.provider[other], exact=False))
        rows.append(other_side.rows(other, one_side.provider[one], exact=False))
    one_side, other_side = _equal_groups(left), _equal_groups(right)
    one, other = _equal(left, one_side, right, other_side)
    rows.append(one_side.rows(one, other_side.provider[other], exact=True))
    rows.append(other_side.rows(other, one_side.provider[one], exact=True))
    return merge_duplicates(rows)


def merge_duplicates(parts: list[Indices]) -> Indices:
    """Unique rows of all parts; a sample with an exact duplicate has no row for a near one."""
    rows = np.concatenate([np.empty((0, 4), dtype=np.int64), *parts])
    rows = rows[np.lexsort((-rows[:, 3], rows[:, 2], rows[:, 1], rows[:, 0]))]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:, :3] != rows[:-1, :3]).any(axis=1)
    return np.asarray(rows[first])


class _Groups:
    """Samples of each provider that are alike.

    Attributes
    ----------
    positions : (u,), of the first sample of each group among all pilots.
    provider : (u,), whose they are.
    first : (u,), the number of that sample within its provider's pilot.
    """

    def __init__(self, provider: NDArray[np.int64], alike: NDArray[Any]) -> None:
        sample = np.empty(len(provider), dtype=np.int64)
        for one in np.unique(provider):
            own = np.flatnonzero(provider == one)
            sample[own] = np.arange(len(own))
        keys = np.column_stack([provider, alike])
        _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        self._group, self._sample = group.reshape(-1), sample
        self._order = np.argsort(self._group, kind="stable")
        self._offsets = np.searchsorted(self._group[self._order], np.arange(len(first) + 1))
        self.positions = first
        self.provider = provider[first].astype(np.int64)
        self.first = sample[first]

    def rows(self, groups: Indices, other: Indices, *, exact: bool) -> Indices:
        """Rows for all samples of these groups."""
        counts = self._offsets[groups + 1] - self._offsets[groups]
        members = self._order[_ranges(self._offsets[groups], counts)]
        columns = [np.repeat(self.provider[groups], counts), self._sample[members]]
        columns += [np.repeat(other, counts), np.full(len(members), int(exact))]
        return np.unique(np.column_stack(columns), axis=0)

    def repeats(self, *, exact: bool) -> Indices:
        """Rows for the samples that are like an earlier one of their own pilot."""
        later = np.flatnonzero(self._sample != self.first[self._group])
        provider = self.provider[self._group[later]]
        columns = [provider, self._sample[later], provider, np.full(len(later), int(exact))]
        return np.column_stack(columns)


def _near_groups(pilots: PilotFeatures) -> _Groups:
    """Of equal features: of many equal samples no pairs are searched for."""
    return _Groups(pilots.provider, pilots.features)


def _equal_groups(pilots: PilotFeatures) -> _Groups:
    return _Groups(pilots.provider, contents(pilots).view(np.int64))


def _close(left: Floats, right: Floats, reference: Reference) -> Iterator[tuple[Indices, Indices]]:
    """Indices of all pairs with ‖x − x'‖ ≤ `near_radius`, block by block."""
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(radius=reference.near_radius).fit(right)
    for start in range(0, len(left), BLOCK):
        _, index = search.radius_neighbors(left[start : start + BLOCK])
        one = np.repeat(np.arange(start, start + len(index)), [len(near) for near in index])
        yield one, np.concatenate(index).astype(np.int64)


def _equal(
    left: PilotFeatures, of_left: _Groups, right: PilotFeatures, of_right: _Groups
) -> tuple[Indices, Indices]:
    """Indices of all pairs of groups whose samples are equal."""
    one, other = contents(left)[of_left.positions], contents(right)[of_right.positions]
    order = np.argsort(other, kind="stable")
    starts = np.searchsorted(other[order], one, side="left")
    counts = np.searchsorted(other[order], one, side="right") - starts
    return np.repeat(np.arange(len(one)), counts), order[_ranges(starts, counts)]


def _ranges(starts: Indices, counts: Indices) -> Indices:
    """start, …, start + count − 1 of each, one after the other."""
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.asarray(np.repeat(starts, counts) + np.arange(counts.sum()) - before)
