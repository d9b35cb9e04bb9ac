"""The family of a learner: how its accuracy goes on growing beyond the largest scale."""

from typing import Any, get_args

from projektor_ray.errors import InputError, nearest
from projektor_ray.learners.imports import load_callable, load_factory
from projektor_ray.learners.learner_config import LearnerConfig, LearnerFamily
from projektor_ray.learners.named_learners import NETWORKS

UNKNOWN: LearnerFamily = "unknown"
ATTRIBUTE = "learner_family"
"""Of a user's own learner: the family that it says."""
BY_PATH: dict[str, LearnerFamily] = {
    "sklearn.linear_model": "saturating",
    "sklearn.naive_bayes": "saturating",
    "sklearn.discriminant_analysis": "saturating",
    "sklearn.svm": "flexible",
    "sklearn.svm.LinearSVC": "saturating",
    "sklearn.svm.LinearSVR": "saturating",
    "sklearn.tree": "flexible",
    "sklearn.ensemble": "flexible",
    "sklearn.neighbors": "flexible",
    "sklearn.neighbors.NearestCentroid": "saturating",
    "sklearn.neural_network": "flexible",
    "sklearn.gaussian_process": "flexible",
    "lightgbm": "flexible",
    "xgboost": "flexible",
    "catboost": "flexible",
}
"""Import path of an estimator, or of a package of estimators, to their family; the longest counts.

The families are those of public learning curves, LCDB 1.0 (`docs/decisions/projection.md`)."""


def learner_family(config: LearnerConfig) -> LearnerFamily:
    """The family of the configured learner.

    That which the configuration names; else that of a known learner; else what the user's own
    callable says by its attribute `learner_family`; else `unknown`.

    Raises
    ------
    InputError
        If the callable cannot be imported, or says a family that there is not.
    """
    if config.family is not None:
        return config.family
    if config.name in NETWORKS:
        return "network"
    parts = config.name.split(".")
    for length in range(len(parts), 0, -1):
        known = BY_PATH.get(".".join(parts[:length]))
        if known is not None:
            return known
    return _declared_by_callable(config.name)


def _declared_by_callable(name: str) -> LearnerFamily:
    learner: Any = load_callable(name) if ":" in name else load_factory(name)
    family = getattr(learner, ATTRIBUTE, UNKNOWN)
    families: tuple[LearnerFamily, ...] = get_args(LearnerFamily)
    if family not in families:
        raise InputError(
            f"{name} has the learner_family {family!r}; {nearest(str(family), families)}"
        )
    return next(one for one in families if one == family)
