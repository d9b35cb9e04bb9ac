"""Neighbours against all pairs' distances; copies within validation change nothing."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from projektor_ray.errors import InputError
from projektor_ray.profiles import Reference
from projektor_ray.profiles.neighbours import nearest, vote
from projektor_ray.transport import ValidationFeatures
from tests.helpers.profile_data import digits


def test_neighbours_are_the_nearest() -> None:
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


def test_a_validation_set_of_one_different_sample_is_refused() -> None:
    for count in (1, 7):
        with pytest.raises(InputError, match="got 1"):
            Reference.of(ValidationFeatures(np.ones((count, 3))))


@pytest.mark.parametrize("jitter", [0.0, 1e-7])
@pytest.mark.parametrize("standardize", [False, True])
def test_copies_within_validation_change_nothing(jitter: float, standardize: bool) -> None:
    once = digits(0).validation
    stream = np.random.default_rng(1)
    again = once.features * (1 + jitter * stream.normal(size=once.features.shape))
    twice = ValidationFeatures(
        np.concatenate([once.features, again]), np.tile(np.asarray(once.labels), 2)
    )
    plain, copied = (Reference.of(one, standardize=standardize) for one in (once, twice))
    assert len(copied.points) == len(plain.points)
    np.testing.assert_allclose(copied.points, plain.points, atol=1e-5)
    # Pixels are whole numbers: of neighbours equally far, rounding may choose another.
    assert np.mean(np.abs(copied.outlyingness - plain.outlyingness)) < 1e-3
    assert np.mean(copied.predicted != plain.predicted) <= 0.01
    assert copied.near_radius == pytest.approx(plain.near_radius, rel=1e-4)
    assert copied.near_by_chance == plain.near_by_chance


def test_standardised_features_have_no_units() -> None:
    once = digits(0).validation
    scales = np.geomspace(1e-3, 1e4, once.features.shape[1])
    plain = Reference.of(once, standardize=True)
    scaled = Reference.of(ValidationFeatures(once.features * scales, once.labels), standardize=True)
    np.testing.assert_allclose(scaled.points, plain.points, atol=1e-4)
    np.testing.assert_array_equal(scaled.predicted, plain.predicted)
