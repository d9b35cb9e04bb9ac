"""Learners: train on a drawn set, measure on the validation set."""

from projektor_ray.learners.learner import Learner
from projektor_ray.learners.learner_config import LearnerConfig
from projektor_ray.learners.learner_family import learner_family
from projektor_ray.learners.metrics import METRICS, Metric
from projektor_ray.learners.named_learners import build_learner, check_metric, learner_identity

__all__ = [
    "METRICS",
    "Learner",
    "LearnerConfig",
    "Metric",
    "build_learner",
    "check_metric",
    "learner_family",
    "learner_identity",
]
