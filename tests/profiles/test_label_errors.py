"""Shares of wrong labels and outliers against what was planted in real digits."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from projektor_ray.errors import InputError
from projektor_ray.profiles import Profile, Reference, profiles
from projektor_ray.profiles.neighbours import nearest, vote
from projektor_ray.transport import PilotFeatures, ValidationFeatures
from tests.helpers.profile_data import Planted, digits

SEEDS = range(12)


def profile(planted: Planted) -> Profile:
    (found,) = profiles(planted.pilot, Reference.of(planted.validation))
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
    (found,) = profiles(pilot, Reference.of(planted.validation))
    assert found.covered == (0, 1, 2)
    assert found.missing == (3, 4, 5, 6, 7, 8, 9)
    assert found.wrong_labels is not None
    assert found.wrong_labels.value < 0.02
    assert found.outliers.value < 0.04


def test_classes_that_validation_lacks_are_told_apart_from_wrong_labels() -> None:
    planted = digits(2)
    labels = np.asarray(planted.pilot.labels).copy()
    labels[:40] += 2**32
    pilot = PilotFeatures(planted.pilot.features, labels, planted.pilot.provider)
    (found,) = profiles(pilot, Reference.of(planted.validation))
    assert found.unknown == pytest.approx(0.1)
    assert found.wrong_labels is not None
    assert found.wrong_labels.value < 0.02


def test_validation_samples_in_a_pilot_are_counted() -> None:
    planted = digits(3)
    pixels = planted.pilot.features.copy()
    pixels[:7] = planted.validation.features[:7]
    pilot = PilotFeatures(pixels, planted.pilot.labels, planted.pilot.provider)
    assert profile(planted).in_validation == 0
    (found,) = profiles(pilot, Reference.of(planted.validation))
    assert found.in_validation == 7


def test_what_features_cannot_tell_is_not_told() -> None:
    """Features without a trace of the class; and labels that are no classes."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 300)
    blind = ValidationFeatures(random.normal(size=(300, 4)), labels)
    pilot = PilotFeatures(random.normal(size=(80, 4)), labels[:80], np.zeros(80, dtype=np.int64))
    (found,) = profiles(pilot, Reference.of(blind))
    assert found.wrong_labels is None
    real = ValidationFeatures(blind.features, labels / 2)
    targets = PilotFeatures(pilot.features, labels[:80] / 2, pilot.provider)
    (found,) = profiles(targets, Reference.of(real))
    assert found.wrong_labels is None
    assert found.covered == found.missing == ()


def test_each_provider_has_its_own_profile() -> None:
    one, other = digits(4), digits(4, wrong=0.6)
    both = PilotFeatures(
        np.concatenate([one.pilot.features, other.pilot.features]),
        np.concatenate([np.asarray(one.pilot.labels), np.asarray(other.pilot.labels)]),
        np.repeat([2, 5], 400),
    )
    first, second = profiles(both, Reference.of(one.validation))
    assert (first.provider, second.provider) == (2, 5)
    assert first.wrong_labels == profile(one).wrong_labels
    assert second.wrong_labels == profile(other).wrong_labels


def test_a_validation_set_of_one_sample_is_refused() -> None:
    with pytest.raises(InputError, match="2 or more; got 1"):
        Reference.of(ValidationFeatures(np.ones((1, 3))))


def test_neighbours_are_the_nearest_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projektor_ray.profiles.neighbours.BLOCK_ENTRIES", 100)
    random = np.random.default_rng(5)
    left, right = random.normal(size=(37, 6)), random.normal(size=(29, 6))
    distance, index = nearest(left, right, 4)
    expected = cdist(left, right)
    np.testing.assert_allclose(distance, np.sort(expected, axis=1)[:, :4])
    np.testing.assert_array_equal(index, np.argsort(expected, axis=1)[:, :4])
    own, _ = nearest(left, left, 1, skip_own=True)
    among = cdist(left, left) + np.diag(np.full(37, np.inf))
    np.testing.assert_allclose(own[:, 0], among.min(axis=1))


def test_votes_go_to_the_most_frequent_class_and_of_equals_to_the_nearest() -> None:
    labels = np.array([[3, 1, 1], [2, 0, 5], [4, 7, 4]])
    assert vote(labels).tolist() == [1, 2, 4]
