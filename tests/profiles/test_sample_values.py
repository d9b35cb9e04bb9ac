"""Values of samples: as derivatives, and against what was planted in real digits."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score

from projektor_ray.profiles.sample_values import calibrated, sample_values
from projektor_ray.transport import (
    PilotFeatures,
    TransportSettings,
    ValidationFeatures,
    pilot_moments,
    sinkhorn,
)
from tests.helpers.profile_data import Planted, digits

SETTINGS = TransportSettings(dtype="float64", tolerance=1e-7)


def values(planted: Planted, settings: TransportSettings = SETTINGS) -> np.ndarray:
    moments = pilot_moments(planted.pilot, planted.validation)
    (found,) = sample_values(planted.pilot, planted.validation, moments, settings)
    return found.values


def test_a_value_is_the_derivative_of_the_distance_along_the_samples_weight() -> None:
    """Central differences of OT_ε, of a cost computed apart: features alone, two classes."""
    random = np.random.default_rng(0)
    features, target = random.normal(size=(9, 3)), random.normal(0.5, 1, size=(12, 3))
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2])
    pilot = PilotFeatures(features, labels, np.full(9, 4))
    blind = ValidationFeatures(target, None)
    (found,) = sample_values(pilot, blind, pilot_moments(pilot, blind), SETTINGS)
    assert found.provider == 4
    cost = cdist(features, target, "sqeuclidean")
    cost = torch.tensor(cost / cost.mean())
    step = 1e-4
    for x in range(9):
        others = (labels == labels[x]) & (np.arange(9) != x)
        others = others if others.any() else np.arange(9) != x
        weights = np.full((9, 2), 1 / 9)
        for column, sign in enumerate((1, -1)):
            weights[x, column] += sign * step
            weights[others, column] -= sign * step / others.sum()
        even = torch.full((12,), 1 / 12, dtype=torch.float64)
        solved = sinkhorn(cost, torch.tensor(weights), even, SETTINGS.epsilon, tolerance=1e-9)
        slope = float(solved.value[0] - solved.value[1]) / (2 * step)
        assert found.values[x] == pytest.approx(-slope, abs=1e-4)


@pytest.mark.parametrize(("wrong", "least"), [(0.05, 0.9), (0.3, 0.95), (0.6, 0.93)])
def test_wrong_labels_are_worth_less(wrong: float, least: float) -> None:
    """The chance that a wrong label is ranked below a right one."""
    found = [digits(seed, wrong=wrong) for seed in range(3)]
    assert np.mean([roc_auc_score(one.wrong, -values(one)) for one in found]) > least


def test_noise_is_worth_less() -> None:
    planted = digits(0, noise=0.1)
    assert roc_auc_score(planted.noise, -values(planted)) > 0.95


def test_pilots_are_valued_apart() -> None:
    one, other = digits(1, wrong=0.3, size=60), digits(2, size=50)
    both = PilotFeatures(
        np.concatenate([one.pilot.features, other.pilot.features]),
        np.concatenate([np.asarray(one.pilot.labels), np.asarray(other.pilot.labels)]),
        np.repeat([3, 7], [60, 50]),
    )
    moments = pilot_moments(both, one.validation)
    found = sample_values(both, one.validation, moments, SETTINGS)
    assert [(values.provider, len(values.values)) for values in found] == [(3, 60), (7, 50)]
    (alone,) = sample_values(one.pilot, one.validation, moments, SETTINGS)
    np.testing.assert_allclose(found[0].values, alone.values, atol=1e-9)
    worst = found[0].least_valuable(3)
    assert found[0].values[list(worst)].tolist() == sorted(found[0].values)[:3]


def test_a_sample_is_held_against_the_others_of_its_class() -> None:
    potentials = np.array([1.0, 2.0, 6.0, 5.0])
    of_classes = calibrated(potentials, np.array([0, 0, 0, 1]))
    np.testing.assert_allclose(of_classes, [3.0, 1.5, -4.5, -2.0])
    np.testing.assert_allclose(calibrated(potentials, None), calibrated(potentials, np.zeros(4)))
    np.testing.assert_allclose(calibrated(potentials, None)[0], 13 / 3 - 1)
    assert calibrated(np.array([2.0]), None).tolist() == [0.0]
