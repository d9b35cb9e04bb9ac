"""Metrics against scikit-learn and by hand."""

import numpy as np
import pytest
import sklearn.metrics as oracle

from projektor_ray.errors import LearnerError
from projektor_ray.learners.metrics import METRICS, class_metrics, regression_metrics

random = np.random.default_rng(0)


def test_class_metrics_are_scikit_learns() -> None:
    labels = random.integers(0, 4, size=60)
    probabilities = random.dirichlet(np.ones(4), size=60)
    predicted = probabilities.argmax(axis=1)
    found = class_metrics(labels, predicted, probabilities, np.arange(4))
    expected = {
        "accuracy": oracle.accuracy_score(labels, predicted),
        "balanced_accuracy": oracle.balanced_accuracy_score(labels, predicted),
        "f1_macro": oracle.f1_score(labels, predicted, average="macro"),
        "log_loss": oracle.log_loss(labels, probabilities),
    }
    assert found == pytest.approx(expected)


def test_classes_that_were_not_learned_count_as_missed() -> None:
    labels, classes = np.array([0, 0, 5, 9]), np.array([0, 7])
    found = class_metrics(labels, np.array([0, 7, 0, 0]), np.full((4, 2), 0.5), classes)
    assert found["accuracy"] == 0.25
    assert found["balanced_accuracy"] == pytest.approx(0.5 / 3)
    clipped = -np.log(np.finfo(np.float64).eps)
    assert found["log_loss"] == pytest.approx((2 * np.log(2) + 2 * clipped) / 4)


def test_without_probabilities_there_is_no_log_loss() -> None:
    assert "log_loss" not in class_metrics(np.array([0, 1]), np.array([0, 1]))


def test_regression_metrics_by_hand() -> None:
    found = regression_metrics(np.array([0.0, 2.0]), np.array([1.0, 2.0]))
    assert found == pytest.approx({"rmse": np.sqrt(0.5), "mae": 0.5, "r2": 0.5})
    assert "r2" not in regression_metrics(np.array([1.0]), np.array([1.0]))


def test_predictions_that_are_not_finite_are_refused() -> None:
    with pytest.raises(LearnerError, match=r"1 of 2 .*diverged"):
        regression_metrics(np.zeros(2), np.array([0.0, np.nan]))
    with pytest.raises(LearnerError, match="diverged"):
        class_metrics(np.zeros(1, int), np.zeros(1, int), np.full((1, 1), np.nan), np.zeros(1, int))


def test_metrics_are_known_by_their_names_with_their_range() -> None:
    found = class_metrics(np.array([0, 1]), np.array([0, 1]), np.eye(2), np.arange(2))
    found |= regression_metrics(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert set(found) == set(METRICS)
    for name, value in found.items():
        best = METRICS[name].high if METRICS[name].maximize else METRICS[name].low
        assert value == pytest.approx(best)
