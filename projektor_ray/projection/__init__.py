"""The metric at a size nobody trained at: Eq. 3, and models of all scales at once."""

from projektor_ray.projection.base import ScaleModel
from projektor_ray.projection.law import noise_gain, project, scale_weights
from projektor_ray.projection.per_scale import LogLinear, NoProjection
from projektor_ray.projection.registry import SCALE_MODELS, restore_scale_model

__all__ = [
    "SCALE_MODELS",
    "LogLinear",
    "NoProjection",
    "ScaleModel",
    "noise_gain",
    "project",
    "restore_scale_model",
    "scale_weights",
]
