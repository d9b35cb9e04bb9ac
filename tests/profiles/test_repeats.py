"""Samples are the same where all their values are, as they were read; all others are only near."""

import numpy as np
import pytest
from numpy.typing import NDArray

from projektor_ray.profiles import Reference, duplicates_within, pilot_profiles
from projektor_ray.profiles.repeats import Repeats
from projektor_ray.storage.hashing import row_digests
from projektor_ray.transport import PilotFeatures, ValidationFeatures

COPIES, SIZE = 12, 60


def continuous(stream: np.random.Generator, count: int) -> NDArray[np.float32]:
    return stream.normal(size=(count, 5)).astype(np.float32)


def sparse(stream: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Counts of words, of which most are 0."""
    return stream.poisson(0.2, size=(count, 80)).astype(np.float32)


def images(stream: np.random.Generator, count: int) -> NDArray[np.uint8]:
    return stream.integers(0, 256, size=(count, 4, 4, 3)).astype(np.uint8)


def one_value(samples: NDArray[np.generic]) -> NDArray[np.generic]:
    """Each sample with one value moved by as little as its type allows."""
    moved = samples.copy().reshape(len(samples), -1)
    moved[:, -1] = (
        np.nextafter(moved[:, -1], np.inf)
        if np.issubdtype(moved.dtype, np.floating)
        else moved[:, -1] ^ 1
    )
    return moved.reshape(samples.shape)


def flat(samples: NDArray[np.generic]) -> NDArray[np.float32]:
    """What an embedder gives: float32, so that it does not tell last bits apart."""
    return samples.reshape(len(samples), -1).astype(np.float32)


@pytest.mark.parametrize("draw", [continuous, sparse, images])
@pytest.mark.parametrize("exact", [True, False])
def test_exact_means_equal_in_every_value(draw, exact: bool) -> None:  # type: ignore[no-untyped-def]
    stream = np.random.default_rng(0)
    known, pilot = draw(stream, 150), draw(stream, SIZE)
    copies = known[:COPIES] if exact else one_value(known[:COPIES])
    pilot[:COPIES] = copies
    pilot[-1] = pilot[-2] if exact else one_value(pilot[-2:-1])[0]
    reference = Reference.of(
        ValidationFeatures(flat(known), None, row_digests(known)), standardize=True
    )
    shown = PilotFeatures(flat(pilot), None, np.zeros(SIZE, dtype=np.int64), row_digests(pilot))
    (found,) = pilot_profiles(shown, reference)
    equal, near = (COPIES, 0) if exact else (0, COPIES)
    if draw is sparse and not exact:
        assert found.duplicates_in_validation == 0
    else:
        assert found.duplicates_in_validation == equal
        assert found.near_duplicates_in_validation == near
    assert [SIZE - 1, int(exact)] in duplicates_within(shown, reference)[:, [1, 3]].tolist()


def test_differences_that_the_embedder_loses_are_near_duplicates() -> None:
    """float64 columns are embedded as float32, where the last bits are equal."""
    stream = np.random.default_rng(1)
    known, pilot = stream.normal(size=(150, 5)), stream.normal(size=(SIZE, 5))
    pilot[:COPIES] = one_value(known[:COPIES])
    np.testing.assert_array_equal(flat(pilot[:COPIES]), flat(known[:COPIES]))
    reference = Reference.of(ValidationFeatures(flat(known), None, row_digests(known)))
    shown = PilotFeatures(flat(pilot), None, np.zeros(SIZE, dtype=np.int64), row_digests(pilot))
    (found,) = pilot_profiles(shown, reference)
    assert found.duplicates_in_validation == 0
    assert found.near_duplicates_in_validation == COPIES


def test_hashes_of_rows_follow_values_and_not_types() -> None:
    stream = np.random.default_rng(2)
    single = continuous(stream, 3000)
    single[0, 0] = -0.0
    again = single.astype(np.float64).astype(np.float32)
    for other in (again, single.astype(np.float64), np.asfortranarray(single), single + 0.0):
        np.testing.assert_array_equal(row_digests(other), row_digests(single))
    double = stream.normal(size=(3000, 5))
    assert not np.isin(row_digests(double.astype(np.float32)), row_digests(double)).any()
    assert len(np.unique(row_digests(double))) == 3000
    assert len(row_digests(double[:0])) == 0


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_copies_of_validation_are_no_chance_and_values_on_a_grid_are(copies: int) -> None:
    stream = np.random.default_rng(3)
    fine = np.repeat(stream.normal(size=(100, 2)), copies, axis=0)
    coarse = stream.integers(0, 5, size=(300, 2)).astype(np.float64)
    for known, pilot, expected in (
        (fine, stream.normal(size=(200, 2)), 0.0),
        (coarse, stream.integers(0, 5, size=(200, 2)).astype(np.float64), 1.0),
    ):
        by_chance = Repeats.of(row_digests(known)).by_chance(Repeats.of(row_digests(pilot)))
        assert by_chance == pytest.approx(expected, abs=0.01)
    rate = Repeats.of(row_digests(coarse[:40])).by_chance(Repeats.of(row_digests(coarse[40:])))
    assert rate == pytest.approx(1 - (1 - 1 / 25) ** 40, abs=0.1)
