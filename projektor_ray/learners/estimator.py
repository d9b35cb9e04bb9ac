"""Any estimator with scikit-learn's interface as a learner."""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError, nearest
from projektor_ray.learners.imports import load_factory
from projektor_ray.learners.learner import Learner, Metrics
from projektor_ray.learners.metrics import class_metrics, regression_metrics

VERSION = 1


class Estimator(Learner):
    """A classifier or regressor with scikit-learn's interface, fitted in one thread.

    The import path names a class (scikit-learn, LightGBM, XGBoost, CatBoost, …) or a function that
    returns an estimator, such as a pipeline; the settings are its arguments. Its `random_state`,
    where it has one that the settings do not fix, is the probe's seed. Labels are numbered from 0
    to k − 1 among the classes of the drawn set. Images are flattened to [0, 1]. A drawn set of one
    class predicts that class.

    Raises
    ------
    InputError
        If there is no such estimator, or it has no such parameter or refuses its value.
    """

    def __init__(self, path: str, settings: dict[str, Any]) -> None:
        from sklearn.base import is_classifier, is_regressor

        self.path = path
        self._factory = load_factory(path)
        self._settings = dict(settings)
        try:
            parameters = inspect.signature(self._factory).parameters
        except ValueError:  # a class of a C extension tells no signature
            parameters = inspect.signature(lambda **settings: settings).parameters
        takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        for name in settings:
            if name not in parameters and not takes_any:
                raise InputError(f"{path} has no parameter {name!r}; {nearest(name, parameters)}")
        self._seeded = "random_state" in parameters and "random_state" not in settings
        estimator = self._build(0)
        try:
            self.classifies = bool(is_classifier(estimator))
            usable = self.classifies or bool(is_regressor(estimator))
        except AttributeError:
            usable = False
        if not (usable and hasattr(estimator, "fit") and hasattr(estimator, "predict")):
            raise InputError(
                f"the learner {path} must be a classifier or regressor with scikit-learn's "
                "interface, such as sklearn.linear_model.LogisticRegression, or a function that "
                f"returns one; found {type(estimator).__name__}. A function "
                "(train, validation, seed, settings) is named module:callable"
            )

    def _build(self, seed: int) -> Any:
        random_state = {"random_state": seed} if self._seeded else {}
        try:
            estimator = self._factory(**self._settings, **random_state)
            if hasattr(estimator, "_parameter_constraints"):
                estimator._validate_params()
        except (TypeError, ValueError) as failure:
            raise InputError(f"{self.path} cannot be built: {failure}") from None
        return estimator

    def measure(self, train: Samples, validations: Sequence[Samples], seed: int) -> list[Metrics]:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        wanted = "classes" if self.classifies else "regression"
        for one in (train, *validations):
            if one.target != wanted:
                use = "train" if one is train else "measure"
                raise InputError(
                    f"{self.path} needs labels of the kind {wanted}; got {one.target} to {use} on"
                )
        estimator = self._build(seed % 2**32)
        with threadpool_limits(limits=1):
            if self.classifies:
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
