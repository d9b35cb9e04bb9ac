"""Pilots of few samples, few classes or few values get a profile, and no false accusation."""

from collections.abc import Callable

import numpy as np
import pytest

from projektor_ray.profiles import Reference, duplicates_within, pilot_profiles
from projektor_ray.transport import PilotFeatures, ValidationFeatures

Drawn = tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray | None]
"""Features and labels of validation, and of the pilot: from one population, so without a flaw."""


def blobs(stream: np.random.Generator, counts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat(np.arange(len(counts)), counts)
    return 5.0 * np.eye(6)[labels] + stream.normal(size=(len(labels), 6)), labels


def both(known: list[int], pilot: list[int]) -> Callable[[np.random.Generator], Drawn]:
    return lambda stream: (*blobs(stream, known), *blobs(stream, pilot))


def unlabelled(stream: np.random.Generator) -> Drawn:
    return stream.normal(size=(80, 3)), None, stream.normal(size=(50, 3)), None


def targets(stream: np.random.Generator) -> Drawn:
    known, pilot = stream.normal(size=(80, 3)), stream.normal(size=(50, 3))
    return known, known.sum(axis=1), pilot, pilot.sum(axis=1)


def constant_feature(stream: np.random.Generator) -> Drawn:
    known, labels, pilot, given = both([40, 40], [30, 30])(stream)
    known[:, -1] = pilot[:, -1] = 7.0
    return known, labels, pilot, given


def all_constant_but_two(stream: np.random.Generator) -> Drawn:
    known, pilot = np.zeros((60, 3)), np.zeros((40, 3))
    known[:5, 0] = pilot[:4, 0] = 1.0
    return known, None, pilot, None


def few_values(stream: np.random.Generator) -> Drawn:
    known, pilot = stream.integers(0, 2, (200, 3)), stream.integers(0, 2, (100, 3))
    return known.astype(float), known[:, 0], pilot.astype(float), pilot[:, 0]


def huge(stream: np.random.Generator) -> Drawn:
    known, labels, pilot, given = both([40, 40], [30, 30])(stream)
    return known * 1e12 + 1e15, labels, pilot * 1e12 + 1e15, given


def two_samples(stream: np.random.Generator) -> Drawn:
    return (*blobs(stream, [1, 1]), *blobs(stream, [3, 3]))


CASES = {
    "rare in validation": both([1, 40, 40], [20, 20, 20]),
    "rare in the pilot": both([40, 40, 40], [1, 30, 30]),
    "missing in the pilot": both([40, 40, 40], [0, 30, 30]),
    "missing in validation": both([0, 40, 40], [30, 30, 30]),
    "nothing in common": both([40, 40], [0, 0, 30, 30]),
    "all classes rare": both([2, 2, 2, 2], [20, 20, 20, 20]),
    "one class": both([60], [40]),
    "one class in the pilot": both([40, 40], [50]),
    "one class in validation": both([40], [20, 20]),
    "three samples": both([40, 40], [2, 1]),
    "one sample": both([40, 40], [1]),
    "one sample of a rare class": both([1, 40], [1]),
    "more classes than samples": both([6] * 6, [1] * 6),
    "no labels": unlabelled,
    "continuous targets": targets,
    "a constant feature": constant_feature,
    "nearly all rows equal": all_constant_but_two,
    "three columns of 0 and 1": few_values,
    "huge numbers": huge,
    "two validation samples": two_samples,
}


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_pilots_without_a_flaw_are_not_accused(case: str, standardize: bool) -> None:
    accused = {"wrong": 0, "outliers": 0, "leaked": 0}
    for seed in range(4):
        known, labels, pilot, given = CASES[case](np.random.default_rng(seed))
        reference = Reference.of(ValidationFeatures(known, labels), standardize=standardize)
        shown = PilotFeatures(pilot, given, np.zeros(len(pilot), dtype=np.int64))
        (found,) = pilot_profiles(shown, reference)
        duplicates_within(shown, reference)
        accused["wrong"] += found.wrong_labels is not None and found.wrong_labels.low > 0.05
        accused["outliers"] += found.outliers is not None and found.outliers.low > 0.1
        accused["leaked"] += found.duplicates_in_validation > 3 * found.duplicates_by_chance
    if case in ("missing in validation", "nothing in common", "one class in validation"):
        assert found.unknown > 0.3, "samples of unknown classes are outliers rightly"
        del accused["outliers"]
    assert max(accused.values()) <= 1, accused
