"""The ground cost against its formula, term by term."""

import numpy as np
import pytest
import torch

from projektor_ray.errors import InputError
from projektor_ray.transport import PilotFeatures, ValidationFeatures, measure
from projektor_ray.transport.ground_cost import (
    GroundCost,
    LabelledPoints,
    cost_units,
    pilot_moments,
    pilot_points,
    validation_points,
)
from projektor_ray.transport.label_distance import class_distances
from tests.helpers.problems import mixtures, pool

CPU = torch.device("cpu")


def whole_cost(
    pilots: PilotFeatures, validation: ValidationFeatures, weight: float = 3.0
) -> np.ndarray:
    units = cost_units(pilot_moments(pilots, validation), validation, weight, "exact")
    left, right = pilot_points(pilots, validation, units), validation_points(validation, units)
    cost = GroundCost(left, right, units, torch.float64, CPU)
    rows = torch.arange(cost.shape[0])
    return torch.cat([cost.rows(slice(0, 2)), cost.rows(rows[2:])]).numpy()


def feature_term(pilots: PilotFeatures, validation: ValidationFeatures) -> np.ndarray:
    apart = pilots.features[:, None] - validation.features[None]
    squares = (apart**2).sum(axis=2)
    return np.asarray(squares / squares.mean())


def test_features_alone_have_mean_one() -> None:
    pilots, validation = pool()
    cost = whole_cost(pilots, validation, weight=0.0)
    np.testing.assert_allclose(cost, feature_term(pilots, validation), rtol=1e-9, atol=1e-12)
    unlabelled = PilotFeatures(pilots.features, None, pilots.provider)
    np.testing.assert_array_equal(cost, whole_cost(unlabelled, validation))


def test_label_term_is_per_provider_and_label() -> None:
    pilots, validation = pool(noise=0.3)
    assert pilots.labels is not None
    assert validation.labels is not None
    scale = ((pilots.features[:, None] - validation.features[None]) ** 2).sum(axis=2).mean()
    label_term = whole_cost(pilots, validation) - feature_term(pilots, validation)
    for row in (0, 30, 70):
        same = (pilots.provider == pilots.provider[row]) & (pilots.labels == pilots.labels[row])
        for column in (0, 1, 2):
            others = validation.labels == validation.labels[column]
            expected = class_distances(
                [pilots.features[same]], [validation.features[others]], "exact"
            )
            assert label_term[row, column] == pytest.approx(3 * expected[0, 0] / scale, rel=1e-8)


def test_regression_targets_enter_in_units_of_their_own_mean() -> None:
    pilots, validation = pool()
    rng = np.random.default_rng(0)
    own, theirs = rng.normal(size=len(pilots.provider)) * 50, rng.normal(size=28) * 20 + 7
    squares = (own[:, None] - theirs[None]) ** 2
    cost = whole_cost(
        PilotFeatures(pilots.features, own, pilots.provider),
        ValidationFeatures(validation.features, theirs),
    )
    expected = feature_term(pilots, validation) + 3 * squares / squares.mean()
    np.testing.assert_allclose(cost, expected, rtol=1e-8)
    np.testing.assert_allclose(cost.mean(), 4.0, rtol=1e-9)


@pytest.mark.parametrize("weight", [0.0, 3.0, 300.0])
@pytest.mark.parametrize("regression", [True, False])
def test_the_magnitude_bounds_the_cost_closely(weight: float, *, regression: bool) -> None:
    """With the label term, which dominates at the largest weight; of pilots themselves, too."""
    pilots, validation = pool(noise=0.3)
    if regression:
        pilots = PilotFeatures(pilots.features, np.asarray(pilots.labels) * 0.5, pilots.provider)
        validation = ValidationFeatures(validation.features, np.asarray(validation.labels) * 0.5)
    units = cost_units(pilot_moments(pilots, validation), validation, weight, "exact")
    left, right = pilot_points(pilots, validation, units), validation_points(validation, units)
    for others in (left, right):
        cost = GroundCost(left, others, units, torch.float64, CPU)
        largest = float(cost.rows(slice(None)).max())
        assert largest <= cost.magnitude <= 4 * largest


def test_constant_targets_and_identical_points_cost_nothing() -> None:
    points = np.ones((3, 2))
    pilots = PilotFeatures(points, np.full(3, 2.0), np.zeros(3, dtype=int))
    cost = whole_cost(pilots, ValidationFeatures(points, np.full(3, 2.0)))
    np.testing.assert_array_equal(cost, 0)


def test_classes_that_validation_lacks_and_classes_of_one_sample() -> None:
    pilots, validation = pool()
    labels = np.asarray(pilots.labels).copy()
    labels[3] = 99
    cost = whole_cost(PilotFeatures(pilots.features, labels, pilots.provider), validation)
    assert np.isfinite(cost).all()
    assert (cost >= 0).all()


def test_moments_of_shards_add_up() -> None:
    pilots, validation = pool()
    whole = pilot_moments(pilots, validation)
    parts = []
    for provider in range(3):
        own = pilots.provider == provider
        parts.append(
            pilot_moments(
                PilotFeatures(
                    pilots.features[own], np.asarray(pilots.labels)[own], pilots.provider[own]
                ),
                validation,
            )
        )
    total = parts[0] + parts[1] + parts[2]
    assert total.count == whole.count
    assert total.feature_spread == pytest.approx(whole.feature_spread, rel=1e-12)
    assert total.group_sizes == whole.group_sizes


def test_points_join_and_thin_with_their_groups() -> None:
    first = LabelledPoints(np.arange(4.0)[:, None], np.array([1, 0, 1, 0]))
    second = LabelledPoints(np.arange(4.0, 6.0)[:, None], np.array([0, 0]))
    joined = LabelledPoints.concatenate([first, second])
    assert [group[:, 0].tolist() for group in joined.groups()] == [[1, 3], [0, 2], [4, 5]]
    thinned = joined.take(np.array([0, 5]))
    assert [group[:, 0].tolist() for group in thinned.groups()] == [[0], [5]]


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_features_whose_squares_are_lost_are_refused(scale: float) -> None:
    pilots, validation = pool()
    far = PilotFeatures(pilots.features.astype(np.float64) * scale, pilots.labels, pilots.provider)
    validation = type(validation)(validation.features.astype(np.float64) * scale, validation.labels)
    with pytest.raises(InputError, match="too large or too small"):
        measure(mixtures(), far, validation)
