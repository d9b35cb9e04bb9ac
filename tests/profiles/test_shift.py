"""Shifted features are no wrong labels: what an affine map explains is told, all else is not."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from projektor_ray.profiles import PilotProfile, Reference, pilot_profiles
from projektor_ray.profiles.label_errors import union
from projektor_ray.profiles.neighbours import Indices
from projektor_ray.profiles.prevalence import Share
from projektor_ray.profiles.shift import Placed, aligned, is_shifted
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import PilotFeatures, ValidationFeatures

CLASSES, DIMENSION = 4, 6
MEANS = 4.0 * np.eye(CLASSES, DIMENSION)

Shift = Callable[[Floats, np.random.Generator], Floats]


def affine(points: Floats, stream: np.random.Generator) -> Floats:
    """Another gain and offset of each feature."""
    gain = np.exp(0.2 * stream.normal(size=DIMENSION))
    return np.asarray(gain * points + 1.5 * stream.normal(size=DIMENSION))


def noisy(points: Floats, stream: np.random.Generator) -> Floats:
    return points + 1.5 * stream.normal(size=points.shape)


def none(points: Floats, stream: np.random.Generator) -> Floats:
    return points


def samples(
    stream: np.random.Generator, count: int, classes: int = CLASSES
) -> tuple[Floats, Indices]:
    labels = stream.integers(0, classes, count)
    return MEANS[labels] + stream.normal(size=(count, DIMENSION)), labels


def judged(shift: Shift, wrong: float, seed: int, classes: int = CLASSES) -> PilotProfile:
    stream = np.random.default_rng(seed)
    known, pilot = samples(stream, 300), samples(stream, 300, classes)
    flawed = stream.random(300) < wrong
    labels = (pilot[1] + flawed * stream.integers(1, CLASSES, 300)) % CLASSES
    shown = PilotFeatures(shift(pilot[0], stream), labels, np.zeros(300, dtype=np.int64))
    (found,) = pilot_profiles(shown, Reference.of(ValidationFeatures(*known)))
    return found


@pytest.mark.parametrize("wrong", [0.0, 0.2])
@pytest.mark.parametrize("shift", [affine, noisy])
def test_intervals_hold_the_share_though_features_are_shifted(shift: Shift, wrong: float) -> None:
    found = [judged(shift, wrong, seed).wrong_labels for seed in range(12)]
    known = [one for one in found if one is not None]
    missed = [one for one in known if not one.low - 0.01 <= wrong <= one.high + 0.01]
    assert len(missed) <= 2
    assert len(known) >= (4 if shift is affine else 0)


def test_the_interval_is_that_of_both_readings() -> None:
    narrow, wide = Share(0.1, 0.08, 0.12), Share(0.3, 0.05, 0.4)
    assert union([wide, narrow]) == Share(0.1, 0.05, 0.4)
    assert union([None, narrow]) is None
    assert union([narrow, None]) is None
    assert union([Share(0.6, 0.5, 0.7), narrow]) is None


def test_few_samples_of_many_classes_are_not_stretched() -> None:
    stream = np.random.default_rng(3)
    means = 8.0 * np.eye(20)

    def drawn(count: int) -> tuple[Floats, Indices]:
        labels = stream.integers(0, 20, count)
        return means[labels] + stream.normal(size=(count, 20)), labels

    reference = Reference.of(ValidationFeatures(*drawn(2000)))
    plain = Placed.of(reference.place(drawn(200)[0]), np.ones(200, dtype=bool), reference)
    limit = float(np.quantile(reference.outlyingness, 0.98))
    back = aligned(plain, reference, limit)
    gains = [np.polyfit(plain.points[:, i], back.points[:, i], 1)[0] for i in range(20)]
    assert abs(np.mean(gains) - 1) < 0.05


@pytest.mark.parametrize("classes", [CLASSES, 2])
def test_other_shares_of_classes_are_no_shift(classes: int) -> None:
    found = [judged(none, 0.2, seed, classes).wrong_labels for seed in range(12)]
    assert sum(one is None for one in found) <= 1


def test_an_affine_map_is_found_and_undone() -> None:
    stream = np.random.default_rng(0)
    reference = Reference.of(ValidationFeatures(*samples(stream, 600)))
    points, labels = samples(stream, 600)
    everything = np.ones(600, dtype=bool)
    plain = Placed.of(reference.place(points), everything, reference)
    moved = Placed.of(reference.place(1.3 * points + 0.8), everything, reference)
    limit = float(np.quantile(reference.outlyingness, 0.98))
    assert not is_shifted(plain, reference, limit)
    assert is_shifted(moved, reference, limit)
    back = aligned(moved, reference, limit)
    assert not is_shifted(back, reference, limit)
    assert np.abs(back.points - plain.points).mean() < 0.2
    assert (back.voted == labels).mean() >= (plain.voted == labels).mean() - 0.01


def test_a_learnt_reference_is_not_compared() -> None:
    """Validation's samples lie otherwise than all others where the embedder was fitted to them."""
    stream = np.random.default_rng(1)
    reference = Reference.of(ValidationFeatures(*samples(stream, 300)))
    points = reference.place(samples(stream, 300)[0] + 2)
    moved = Placed.of(points, np.ones(300, dtype=bool), reference)
    assert is_shifted(moved, reference, np.inf)
    assert not is_shifted(moved, replace(reference, unseen=False), np.inf)
