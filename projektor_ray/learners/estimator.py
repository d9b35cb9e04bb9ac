"""Any scikit-learn estimator as a learner."""

import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data import Samples
from projektor_ray.errors import InputError, nearest
from projektor_ray.learners.imports import load_class
from projektor_ray.learners.learner import Learner, Metrics
from projektor_ray.learners.metrics import class_metrics, regression_metrics

VERSION = 1


class Estimator(Learner):
    """A scikit-learn classifier or regressor, fitted in one thread.

    Its `random_state`, where it has one that the settings do not fix, is the probe's seed. Images
    are flattened to [0, 1]. A drawn set of one class predicts that class.

    Raises
    ------
    InputError
        If there is no such estimator, or it has no such parameter or refuses its value.
    """

    def __init__(self, path: str, settings: dict[str, Any]) -> None:
        from sklearn.base import is_classifier, is_regressor

        self.path = path
        self._class = load_class(path)
        self._settings = dict(settings)
        if not (hasattr(self._class, "fit") and hasattr(self._class, "predict")):
            raise self._no_estimator()
        parameters = inspect.signature(self._class).parameters
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        for name in settings:
            if name not in parameters and not takes_any:
                raise InputError(f"{path} has no parameter {name!r}; {nearest(name, parameters)}")
        self._seeded = "random_state" in parameters and "random_state" not in settings
        estimator = self._build(0)
        self._classifies = bool(is_classifier(estimator))
        if not (self._classifies or is_regressor(estimator)):
            raise self._no_estimator()

    def _no_estimator(self) -> InputError:
        return InputError(
            f"{self.path} is no scikit-learn classifier or regressor, such as "
            "sklearn.linear_model.LogisticRegression"
        )

    def _build(self, seed: int) -> Any:
        own = {"random_state": seed} if self._seeded else {}
        try:
            estimator = self._class(**self._settings, **own)
            if hasattr(estimator, "_validate_params"):
                estimator._validate_params()
        except (TypeError, ValueError) as failure:
            raise InputError(f"{self.path} cannot be built: {failure}") from None
        return estimator

    def measure(self, train: Samples, validations: Sequence[Samples], seed: int) -> list[Metrics]:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        wanted = "classes" if self._classifies else "regression"
        for one in (train, *validations):
            if one.target != wanted:
                use = "train" if one is train else "measure"
                raise InputError(
                    f"{self.path} needs labels of the kind {wanted}; got {one.target} to {use} on"
                )
        estimator = self._build(seed % 2**32)
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._classifies:
                return _classify(estimator, train, validations)
            estimator.fit(_features(train), train.labels)
            return [
                regression_metrics(_labels(one), np.asarray(estimator.predict(_features(one))))
                for one in validations
            ]


def _classify(estimator: Any, train: Samples, validations: Sequence[Samples]) -> list[Metrics]:
    classes, encoded = np.unique(_labels(train), return_inverse=True)
    if len(classes) > 1:
        estimator.fit(_features(train), encoded)
    return [_measured(estimator, classes, one) for one in validations]


def _measured(estimator: Any, classes: NDArray[Any], validation: Samples) -> Metrics:
    """Of an estimator that was fitted to places among the classes; of one class it is not asked."""
    labels, count = _labels(validation), len(validation)
    if len(classes) == 1:
        return class_metrics(labels, np.repeat(classes, count), np.ones((count, 1)), classes)
    features = _features(validation)
    predicted = classes[np.asarray(estimator.predict(features), dtype=np.int64)]
    if not hasattr(estimator, "predict_proba"):
        return class_metrics(labels, predicted)
    return class_metrics(labels, predicted, np.asarray(estimator.predict_proba(features)), classes)


def _features(samples: Samples) -> NDArray[Any]:
    if samples.inputs.ndim == 4:
        return samples.inputs.reshape(len(samples), -1).astype(np.float32) / 255
    return samples.inputs


def _labels(samples: Samples) -> NDArray[Any]:
    return np.asarray(samples.labels)
