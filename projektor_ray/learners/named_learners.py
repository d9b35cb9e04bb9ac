"""Learners by name."""

from collections.abc import Sequence
from typing import Any

from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError, LearnerError, nearest
from projektor_ray.learners.imports import load_callable, source_digest
from projektor_ray.learners.inputs import Standardized
from projektor_ray.learners.learner import Learner, Metrics
from projektor_ray.learners.learner_config import LearnerConfig
from projektor_ray.learners.metrics import Metric

NETWORKS = ("small_cnn", "resnet18", "resnet50")


def build_learner(config: LearnerConfig) -> Learner:
    """The learner that a configuration names, its settings checked; nothing is trained.

    Raises
    ------
    InputError
        If the learner is unknown, or a setting is unknown or cannot be used.
    """
    learner = _named_learner(config)
    return Standardized(learner) if config.input == "standardized" else learner


def _named_learner(config: LearnerConfig) -> Learner:
    if ":" in config.name:
        return Custom(config.name, config.settings)
    if config.name in NETWORKS:
        if config.input != "raw":
            raise InputError(
                f"the learner {config.name} takes images; learner.input: {config.input} gives it "
                "features. Drop learner.input"
            )
        from projektor_ray.learners.network import NetworkLearner

        return NetworkLearner(config.name, config.settings)
    _check_known(config.name)
    from projektor_ray.learners.estimator import Estimator

    return Estimator(config.name, config.settings)


def check_metric(config: LearnerConfig, metric: Metric) -> None:
    """Refuse a metric that the learner cannot have.

    Raises
    ------
    InputError
        If a regressor is asked for a metric of classes, or a classifier for one of a regression.
    """
    learner = build_learner(config)
    inner = learner.learner if isinstance(learner, Standardized) else learner
    classifies = getattr(inner, "classifies", None)
    if classifies is not None and classifies != (metric.target == "classes"):
        kind = "classifier" if classifies else "regressor"
        raise InputError(
            f"the metric {metric.name} needs labels of the kind {metric.target}, but the learner "
            f"{config.name} is a {kind}. Choose another metric or another learner"
        )


def learner_identity(config: LearnerConfig) -> dict[str, Any]:
    """What determines a training, besides its data and seed: name, settings, code version, input.

    Raises
    ------
    InputError
        If the learner is unknown.
    """
    version = _code_version(config.name)
    identity = {"name": config.name, "settings": config.settings, "code": version}
    return identity if config.input == "raw" else {**identity, "input": config.input}


def _code_version(name: str) -> str:
    """The version of the code of the learner of that name."""
    if ":" in name:
        return source_digest(name)
    if name in NETWORKS:
        from projektor_ray.learners.network_settings import VERSION

        return str(VERSION)
    _check_known(name)
    from projektor_ray.learners.estimator import VERSION as ESTIMATOR_VERSION

    return str(ESTIMATOR_VERSION)


def _check_known(name: str) -> None:
    if "." not in name:
        raise InputError(
            f"unknown learner {name!r}; {nearest(name, NETWORKS)}, a scikit-learn estimator by "
            "import path (sklearn.linear_model.LogisticRegression), or module:callable"
        )


class Custom(Learner):
    """A learner of the user's own: `(train, validation, seed, settings) → {metric: value}`.

    It may return a function instead, validation → {metric: value}: with several validation sets
    that one is asked for each of them, after one training; the learner is else called for each.

    Raises
    ------
    InputError
        If the callable cannot be imported.
    LearnerError
        When called, if it does not return finite numbers by name.
    """

    def __init__(self, reference: str, settings: dict[str, Any]) -> None:
        self.reference = reference
        self._callable = load_callable(reference)
        self._settings = settings

    def measure(self, train: Samples, validations: Sequence[Samples], seed: int) -> list[Metrics]:
        first, *others = validations
        returned = self._train(train, first, seed)
        if callable(returned):
            return [self._metrics(returned(one)) for one in validations]
        again = [self._train(train, one, seed) for one in others]
        return [self._metrics(one) for one in (returned, *again)]

    def _train(self, train: Samples, validation: Samples, seed: int) -> Any:
        return self._callable(train, validation, seed, dict(self._settings))

    def _metrics(self, returned: Any) -> Metrics:
        try:
            return {str(name): float(value) for name, value in dict(returned).items()}
        except (TypeError, ValueError):
            raise LearnerError(
                f"{self.reference} must return {{metric: value}}, a dictionary of numbers; got "
                f"{returned!r}"
            ) from None
