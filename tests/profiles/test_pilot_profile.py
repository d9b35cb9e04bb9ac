"""Shares of wrong labels and outliers against what was planted in real digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projektor_ray.profiles import PilotProfile, Reference, pilot_profiles
from projektor_ray.transport import PilotFeatures, ValidationFeatures
from tests.helpers.profile_data import Planted, digits

SEEDS = range(12)


def profile(planted: Planted) -> PilotProfile:
    (found,) = pilot_profiles(planted.pilot, Reference.of(planted.validation))
    return found


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("wrong", [0.0, 0.05, 0.3, 0.6])
def test_shares_of_wrong_labels_and_outliers_are_found(wrong: float, noise: float) -> None:
    """Errors stay within a few points, and 90 % intervals hold nearly all of what was planted."""
    label_errors, outlier_errors, covered = [], [], []
    for seed in SEEDS:
        planted = digits(seed, wrong=wrong, noise=noise)
        found = profile(planted)
        assert found.wrong_labels is not None
        assert found.outliers is not None
        truth = planted.wrong[~planted.noise].mean()
        label_errors.append(found.wrong_labels.value - truth)
        outlier_errors.append(found.outliers.value - planted.noise.mean())
        covered += [
            found.wrong_labels.low <= truth <= found.wrong_labels.high,
            found.outliers.low <= planted.noise.mean() <= found.outliers.high,
        ]
    assert abs(np.mean(label_errors)) < 0.01
    assert np.abs(label_errors).max() < 0.035
    assert abs(np.mean(outlier_errors)) < 0.01
    assert np.abs(outlier_errors).max() < 0.035
    assert np.mean(covered) >= 0.87


def test_labels_moved_to_the_next_class_are_found_as_well() -> None:
    planted = digits(0, wrong=0.3, swap=True)
    found = profile(planted)
    assert found.wrong_labels is not None
    assert found.wrong_labels.value == pytest.approx(planted.wrong.mean(), abs=0.03)


def test_a_pilot_of_some_classes_only_has_no_more_wrong_labels_or_outliers() -> None:
    planted = digits(1, size=900)
    kept = np.flatnonzero(np.asarray(planted.pilot.labels) < 3)
    pilot = PilotFeatures(
        planted.pilot.features[kept],
        np.asarray(planted.pilot.labels)[kept],
        planted.pilot.provider[kept],
    )
    (found,) = pilot_profiles(pilot, Reference.of(planted.validation))
    assert found.covered == (0, 1, 2)
    assert found.missing == (3, 4, 5, 6, 7, 8, 9)
    assert found.wrong_labels is not None
    assert found.wrong_labels.value < 0.02
    assert found.outliers is not None
    assert found.outliers.value < 0.04


def test_classes_that_validation_lacks_are_told_apart_from_wrong_labels() -> None:
    planted = digits(2)
    labels = np.asarray(planted.pilot.labels).copy()
    labels[:40] += 2**32
    pilot = PilotFeatures(planted.pilot.features, labels, planted.pilot.provider)
    (found,) = pilot_profiles(pilot, Reference.of(planted.validation))
    assert found.unknown == pytest.approx(0.1)
    assert found.wrong_labels is not None
    assert found.wrong_labels.value < 0.02


def test_validation_samples_in_a_pilot_are_counted() -> None:
    planted = digits(3)
    pixels = planted.pilot.features.copy()
    pixels[:7] = planted.validation.features[:7]
    pixels[7:10] = planted.validation.features[7:10] + 0.01
    pilot = PilotFeatures(pixels, planted.pilot.labels, planted.pilot.provider)
    assert profile(planted).duplicates_in_validation == 0
    (found,) = pilot_profiles(pilot, Reference.of(planted.validation))
    assert found.duplicates_in_validation == 7
    assert found.near_duplicates_in_validation == 3


def test_near_duplicates_by_chance_are_as_many_as_independent_draws_give() -> None:
    """Samples on a coarse grid are often near one another, which accuses nobody."""
    near, chance = [], []
    for seed in range(20):
        random = np.random.default_rng(seed)
        points = random.exponential(size=(900, 1)) ** 3
        pilot = PilotFeatures(points[400:], None, np.zeros(500, dtype=np.int64))
        (found,) = pilot_profiles(pilot, Reference.of(ValidationFeatures(points[:400])))
        near.append(found.near_duplicates_in_validation)
        chance.append(found.near_duplicates_by_chance)
    assert np.mean(near) > 20
    assert np.mean(chance) == pytest.approx(np.mean(near), rel=0.1)


@pytest.mark.parametrize("rare", [1, 3, 5])
def test_a_class_that_is_rare_in_validation_makes_no_clean_pilot_look_wrong(rare: int) -> None:
    planted = digits(5, size=900)
    labels = np.asarray(planted.validation.labels)
    kept = np.concatenate([np.flatnonzero(labels == 0)[:rare], np.flatnonzero(labels != 0)])
    validation = ValidationFeatures(planted.validation.features[kept], labels[kept])
    (found,) = pilot_profiles(planted.pilot, Reference.of(validation))
    assert found.wrong_labels is not None
    assert found.outliers is not None
    assert found.wrong_labels.low == 0
    assert found.wrong_labels.value < 0.03
    assert found.outliers.low == 0


def test_a_pilot_of_rare_classes_cannot_be_judged() -> None:
    planted = digits(5, size=900)
    labels = np.asarray(planted.validation.labels)
    kept = np.concatenate([np.flatnonzero(labels == 0)[:3], np.flatnonzero(labels != 0)])
    validation = ValidationFeatures(planted.validation.features[kept], labels[kept])
    zeros = np.flatnonzero(np.asarray(planted.pilot.labels) == 0)
    pilot = PilotFeatures(
        planted.pilot.features[zeros],
        np.asarray(planted.pilot.labels)[zeros],
        planted.pilot.provider[zeros],
    )
    (found,) = pilot_profiles(pilot, Reference.of(validation))
    assert found.wrong_labels is None
    assert found.outliers is None


@given(
    copies=st.integers(1, 3),
    seed=st.integers(0, 3),
    wrong=st.sampled_from([0.0, 0.2]),
    only=st.floats(0.1, 1.0),
)
@settings(max_examples=8, deadline=None)
def test_copies_within_validation_change_no_estimate(
    copies: int, seed: int, wrong: float, only: float
) -> None:
    """Some rows repeated, all rows repeated: no share, distance to neighbours or count changes."""
    planted = digits(seed, wrong=wrong, noise=0.1)
    pixels = planted.pilot.features.copy()
    pixels[:30] = planted.validation.features[:30] + 0.05
    pixels[30:45] = planted.validation.features[30:45]
    pilot = PilotFeatures(pixels, planted.pilot.labels, planted.pilot.provider)
    known, labels = planted.validation.features, np.asarray(planted.validation.labels)
    more = np.tile(np.arange(int(only * len(labels))), copies)
    copied = ValidationFeatures(
        np.concatenate([known, known[more]]), np.concatenate([labels, labels[more]])
    )
    (once,) = pilot_profiles(pilot, Reference.of(planted.validation))
    (again,) = pilot_profiles(pilot, Reference.of(copied))
    assert once.duplicates_in_validation == 15
    assert once.near_duplicates_in_validation == 30
    assert again == once


def test_wrong_labels_of_a_rare_class_are_no_outliers() -> None:
    """Validation has one sample of a class: others of it are far, whatever their label."""
    low, errors = [], []
    for seed in range(8):
        planted = digits(seed, wrong=0.4)
        labels = np.asarray(planted.validation.labels)
        kept = np.concatenate([np.flatnonzero(labels == 0)[:1], np.flatnonzero(labels != 0)])
        validation = ValidationFeatures(planted.validation.features[kept], labels[kept])
        (found,) = pilot_profiles(planted.pilot, Reference.of(validation))
        assert found.outliers is not None
        low.append(found.outliers.low)
        if found.wrong_labels is not None:
            errors.append(found.wrong_labels.value - planted.wrong.mean())
    assert np.mean(np.array(low) == 0) >= 0.7
    assert len(errors) >= 5
    assert abs(np.mean(errors)) < 0.02


def test_each_validation_row_twice_changes_nothing() -> None:
    planted = digits(6, wrong=0.2, noise=0.1)
    pixels = planted.pilot.features.copy()
    pixels[:50] = planted.validation.features[:50] + 0.05
    pilot = PilotFeatures(pixels, planted.pilot.labels, planted.pilot.provider)
    twice = ValidationFeatures(
        np.repeat(planted.validation.features, 2, axis=0),
        np.repeat(np.asarray(planted.validation.labels), 2),
    )
    (once,) = pilot_profiles(pilot, Reference.of(planted.validation))
    (copied,) = pilot_profiles(pilot, Reference.of(twice))
    assert once.near_duplicates_in_validation == 50
    assert copied.near_duplicates_in_validation == 50
    assert copied.outliers == once.outliers
    assert copied.wrong_labels == once.wrong_labels


def test_what_features_cannot_tell_is_not_told() -> None:
    """Features without a trace of the class; and labels that are no classes."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 300)
    blind = ValidationFeatures(random.normal(size=(300, 4)), labels)
    pilot = PilotFeatures(random.normal(size=(80, 4)), labels[:80], np.zeros(80, dtype=np.int64))
    (found,) = pilot_profiles(pilot, Reference.of(blind))
    assert found.wrong_labels is None
    real = ValidationFeatures(blind.features, labels / 2)
    targets = PilotFeatures(pilot.features, labels[:80] / 2, pilot.provider)
    (found,) = pilot_profiles(targets, Reference.of(real))
    assert found.wrong_labels is None
    assert found.covered == found.missing == ()


def test_each_provider_has_its_own_profile() -> None:
    one, other = digits(4), digits(4, wrong=0.6)
    both = PilotFeatures(
        np.concatenate([one.pilot.features, other.pilot.features]),
        np.concatenate([np.asarray(one.pilot.labels), np.asarray(other.pilot.labels)]),
        np.repeat([2, 5], 400),
    )
    first, second = pilot_profiles(both, Reference.of(one.validation))
    assert (first.provider, second.provider) == (2, 5)
    assert first.wrong_labels == profile(one).wrong_labels
    assert second.wrong_labels == profile(other).wrong_labels
