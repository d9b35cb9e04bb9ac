"""Predictors of the metric at one scale, by name, and the choice among them."""

from projektor_ray.predictors.choice import Choice, choose, restore
from projektor_ray.predictors.predictor import FitReport, Predictor, Probes, student_quantile
from projektor_ray.predictors.registry import PREDICTORS

__all__ = [
    "PREDICTORS",
    "Choice",
    "FitReport",
    "Predictor",
    "Probes",
    "choose",
    "restore",
    "student_quantile",
]
