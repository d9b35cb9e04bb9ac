"""Predictors of the metric at one scale, by name."""

from projektor_ray.predictors.predictor import FitReport, Predictor, student_quantile
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.registry import PREDICTORS, restore

__all__ = [
    "PREDICTORS",
    "FitReport",
    "Predictor",
    "ProbeArrays",
    "restore",
    "student_quantile",
]
