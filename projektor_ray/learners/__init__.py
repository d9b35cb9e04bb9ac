"""Learners: train on a drawn set, measure on the validation set."""

from projektor_ray.learners.base import Learner, TrainsMany
from projektor_ray.learners.builder import build_learner
from projektor_ray.learners.config import LearnerConfig
from projektor_ray.learners.metrics import METRICS, Metric

__all__ = ["METRICS", "Learner", "LearnerConfig", "Metric", "TrainsMany", "build_learner"]
