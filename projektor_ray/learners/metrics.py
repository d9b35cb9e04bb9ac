"""The metrics that a learner returns, and their direction and range."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.samples import Target
from projektor_ray.errors import LearnerError
from projektor_ray.storage.array_types import Floats


@dataclass(frozen=True)
class Metric:
    """One number that says how good a trained learner is on the validation set.

    Attributes
    ----------
    target : the kind of labels that it compares.
    maximize : whether more is better.
    low, high : the range of its values.
    """

    name: str
    target: Target
    maximize: bool
    low: float
    high: float

    @property
    def direction(self) -> Literal["maximize", "minimize"]:
        return "maximize" if self.maximize else "minimize"


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "classes", True, 0.0, 1.0),
        Metric("balanced_accuracy", "classes", True, 0.0, 1.0),
        Metric("f1_macro", "classes", True, 0.0, 1.0),
        Metric("log_loss", "classes", False, 0.0, math.inf),
        Metric("rmse", "regression", False, 0.0, math.inf),
        Metric("mae", "regression", False, 0.0, math.inf),
        Metric("r2", "regression", True, -math.inf, 1.0),
    )
}
"""All means over classes are over the classes of the validation set; `log_loss` is in nats."""


def class_metrics(
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[Any] | None = None,
    classes: NDArray[np.int64] | None = None,
) -> dict[str, float]:
    """Metrics of predicted classes.

    Parameters
    ----------
    labels, predicted : shape (v,).
    probabilities : of `classes`, shape (v, k), rows sum to 1; `log_loss` needs them.
    classes : shape (k,), ascending. A class that is not among them has probability 0, which
        `log_loss` clips to the smallest step of float64.

    Raises
    ------
    LearnerError
        If a probability is not finite.
    """
    from sklearn.metrics import accuracy_score, f1_score, recall_score

    over: dict[str, Any] = {
        "labels": np.unique(labels),
        "average": "macro",
        "zero_division": 0.0,
    }
    metrics = {
        "accuracy": float(accuracy_score(labels, predicted)),
        "balanced_accuracy": float(recall_score(labels, predicted, **over)),
        "f1_macro": float(f1_score(labels, predicted, **over)),
    }
    if probabilities is not None and classes is not None:
        metrics["log_loss"] = _log_loss(labels, probabilities, classes)
    return metrics


def _log_loss(
    labels: NDArray[np.int64], probabilities: NDArray[Any], classes: NDArray[np.int64]
) -> float:
    _check_finite(probabilities)
    place = np.searchsorted(classes, labels).clip(max=len(classes) - 1)
    given = probabilities.astype(np.float64)[np.arange(len(labels)), place]
    right = np.where(classes[place] == labels, given, 0.0)
    return float(-np.log(np.clip(right, np.finfo(np.float64).eps, 1.0)).mean())


def regression_metrics(target: Floats, predicted: Floats) -> dict[str, float]:
    """Metrics of a predicted regression target, both of shape (v,).

    Raises
    ------
    LearnerError
        If a prediction is not finite.
    """
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    _check_finite(predicted)
    metrics = {
        "rmse": math.sqrt(mean_squared_error(target, predicted)),
        "mae": float(mean_absolute_error(target, predicted)),
    }
    if len(target) > 1:
        metrics["r2"] = float(r2_score(target, predicted))
    return metrics


def constant_metrics(labels: NDArray[Any]) -> dict[str, float]:
    """Metrics of a prediction that is the same for all samples, from the labels alone, (v,).

    Of classes the most frequent one, with all classes' frequencies as probabilities; of a
    regression target the mean.
    """
    if not np.issubdtype(labels.dtype, np.integer):
        return regression_metrics(labels, np.full(len(labels), labels.mean()))
    classes, counts = np.unique(labels, return_counts=True)
    predicted = np.full(len(labels), classes[counts.argmax()])
    frequencies = np.tile(counts / counts.sum(), (len(labels), 1))
    return class_metrics(labels, predicted, frequencies, classes)


def _check_finite(predictions: NDArray[Any]) -> None:
    bad = np.count_nonzero(~np.isfinite(predictions))
    if bad:
        raise LearnerError(
            f"{bad} of {predictions.size} predictions on the validation set are not finite: the "
            "training diverged; lower its learning rate or scale the features"
        )
