"""Planted copies, exact and slightly changed, within pilots and between providers."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from projektor_ray.profiles import Reference, duplicates_between, duplicates_within, merged
from projektor_ray.profiles.duplicates import close_pairs
from projektor_ray.transport import PilotFeatures
from tests.helpers.profile_data import digits


def pilots(features: NDArray[np.float32], provider: NDArray[np.int64]) -> PilotFeatures:
    return PilotFeatures(features, None, provider)


def planted() -> tuple[PilotFeatures, Reference, set[tuple[int, int, int]]]:
    """Three providers of 100 digits; 0 repeats itself, 2 has samples of 0, slightly changed."""
    found = digits(0, size=300)
    random = np.random.default_rng(1)
    features, provider = found.pilot.features.copy(), np.repeat(np.arange(3), 100)
    features[50:60] = features[0:10]
    features[60] = features[0]
    features[200:220] = features[20:40] + random.normal(scale=0.3, size=(20, 64))
    expected = {(0, 50 + k, 0) for k in range(11)}
    expected |= {(0, 20 + k, 2) for k in range(20)} | {(2, k, 0) for k in range(20)}
    return pilots(features, provider), Reference.of(found.validation), expected


def as_set(rows: NDArray[np.int64]) -> set[tuple[int, ...]]:
    assert len(rows) == len({tuple(row) for row in rows.tolist()}), "rows must be unique"
    return {tuple(row) for row in rows.tolist()}


def test_planted_copies_are_found_and_no_others() -> None:
    held, reference, expected = planted()
    found = duplicates_within(held, reference.centre, reference.copy_radius)
    assert as_set(found) == expected


@pytest.mark.parametrize("shards", [[[0], [1], [2]], [[0, 2], [1]], [[2, 0, 1]], [[1, 0], [2]]])
def test_shards_find_what_one_process_finds(shards: list[list[int]]) -> None:
    held, reference, expected = planted()
    parts = []
    for names in shards:
        index = np.concatenate([np.flatnonzero(held.provider == name) for name in names])
        parts.append(pilots(held.features[index], held.provider[index]))
    about = (reference.centre, reference.copy_radius)
    found = [duplicates_within(part, *about) for part in parts]
    found += [duplicates_between(a, b, *about) for a, b in itertools.combinations(parts, 2)]
    assert as_set(merged(found)) == expected


@pytest.mark.parametrize("block", [7, 10**6])
@pytest.mark.parametrize("radius", [0.0, 0.8, 2.0, 100.0])
def test_close_pairs_are_those_of_the_whole_matrix(
    monkeypatch: pytest.MonkeyPatch, block: int, radius: float
) -> None:
    monkeypatch.setattr("projektor_ray.profiles.neighbours.BLOCK_ENTRIES", block)
    random = np.random.default_rng(2)
    left, right = random.normal(size=(60, 3)) * [5, 1, 1], random.normal(size=(40, 3))
    right[:5] = left[10:15]
    found = {
        pair
        for rows, columns in close_pairs(left, right, radius)
        for pair in zip(rows.tolist(), columns.tolist(), strict=True)
    }
    assert found == set(
        zip(*(x.tolist() for x in np.nonzero(cdist(left, right) <= radius + 1e-9)), strict=True)
    )


def test_points_all_alike_are_all_copies() -> None:
    held = pilots(np.ones((6, 2), dtype=np.float32), np.array([0, 0, 0, 1, 1, 1]))
    found = duplicates_within(held, np.zeros(2), 0.0)
    own = {(i, k, i) for i in (0, 1) for k in (1, 2)}
    assert as_set(found) == own | {(i, k, 1 - i) for i in (0, 1) for k in range(3)}


def test_no_copies_is_an_empty_table() -> None:
    assert merged([]).shape == (0, 3)
