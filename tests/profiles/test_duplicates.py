"""Planted duplicates, exact and nearly so, within pilots and between providers."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from projektor_ray.profiles import (
    Reference,
    duplicates_between,
    duplicates_within,
    merge_duplicates,
)
from projektor_ray.profiles.neighbours import Indices
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import PilotFeatures
from tests.helpers.profile_data import digits

Rows = set[tuple[int, ...]]


def pilots(features: Floats, provider: Indices) -> PilotFeatures:
    return PilotFeatures(features, None, provider)


def planted() -> tuple[PilotFeatures, Reference, Rows]:
    """Three providers of 100 digits; 0 repeats itself, 2 has samples of 0, slightly changed."""
    source = digits(0, size=300)
    random = np.random.default_rng(1)
    features, provider = source.pilot.features.copy(), np.repeat(np.arange(3), 100)
    features[50:60] = features[0:10]
    features[60] = features[0]
    features[200:220] = features[20:40] + random.normal(scale=0.3, size=(20, 64))
    features[220] = features[3]
    expected = {(0, 50 + k, 0, 1) for k in range(11)}
    expected |= {(0, 20 + k, 2, 0) for k in range(20)} | {(2, k, 0, 0) for k in range(20)}
    expected |= {(2, 20, 0, 1), (0, 3, 2, 1), (0, 53, 2, 1)}
    return pilots(features, provider), Reference.of(source.validation), expected


def as_set(rows: Indices) -> Rows:
    assert len(rows) == len({tuple(row) for row in rows.tolist()}), "rows must be unique"
    return {tuple(row) for row in rows.tolist()}


def brute_force(every: PilotFeatures, reference: Reference) -> Rows:
    """From all pairs' distances."""
    points, provider = reference.place(every.features), every.provider
    number = np.concatenate([np.arange((provider == p).sum()) for p in np.unique(provider)])
    apart = cdist(points, points)
    rows: dict[tuple[int, ...], int] = {}
    for one, other in zip(*np.nonzero(apart <= reference.near_radius), strict=True):
        if one == other or (provider[one] == provider[other] and number[one] < number[other]):
            continue
        key = (int(provider[one]), int(number[one]), int(provider[other]))
        exact = int((every.features[one] == every.features[other]).all())
        rows[key] = max(rows.get(key, 0), exact)
    return {(*key, exact) for key, exact in rows.items()}


def test_planted_duplicates_are_found_and_no_others() -> None:
    every, reference, expected = planted()
    assert as_set(duplicates_within(every, reference)) == expected
    assert brute_force(every, reference) == expected


@pytest.mark.parametrize("shards", [[[0], [1], [2]], [[0, 2], [1]], [[2, 0, 1]], [[1, 0], [2]]])
def test_shards_find_what_one_process_finds(shards: list[list[int]]) -> None:
    every, reference, expected = planted()
    parts = []
    for names in shards:
        index = np.concatenate([np.flatnonzero(every.provider == name) for name in names])
        parts.append(pilots(every.features[index], every.provider[index]))
    found = [duplicates_within(part, reference) for part in parts]
    found += [duplicates_between(a, b, reference) for a, b in itertools.combinations(parts, 2)]
    assert as_set(merge_duplicates(found)) == expected


@pytest.mark.parametrize("seed", range(5))
def test_dense_points_agree_with_brute_force(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Points on a coarse grid with jitter: many equal, many near, blocks of seven."""
    monkeypatch.setattr("projektor_ray.profiles.duplicates.BLOCK", 7)
    random = np.random.default_rng(seed)
    features = random.integers(0, 4, (90, 2)) + random.choice([0.0, 0.01], (90, 2))
    every = pilots(features, np.sort(random.integers(0, 3, 90)))
    _, reference, _ = planted()
    reference = Reference.of(digits(seed).validation)
    flat = Reference(
        positions=reference.positions,
        points=reference.points[:, :2],
        centre=np.zeros(2),
        scale=np.ones(2),
        labels=None,
        spacing=reference.spacing,
        outlyingness=reference.outlyingness,
        predicted=None,
        near_radius=1.0,
        near_by_chance=0.0,
        repeats=reference.repeats,
    )
    found = as_set(duplicates_within(every, flat))
    assert len(found) > 50
    assert found == brute_force(every, flat)


def test_many_equal_samples_take_no_pairs() -> None:
    """Four billion pairs of equal samples would not fit in memory."""
    _, reference, _ = planted()
    count = 60_000
    every = pilots(np.ones((count, 64)), np.zeros(count, dtype=np.int64))
    found = duplicates_within(every, reference)
    assert len(found) == count - 1
    assert found[:, 3].all()


def test_no_duplicates_is_an_empty_table() -> None:
    assert merge_duplicates([]).shape == (0, 4)
