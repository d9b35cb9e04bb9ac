"""The metric at a size nobody trained at: models of all scales at once, and their choice."""

from projektor_ray.projection.box_cox import BoxCox
from projektor_ray.projection.ceiling import ClassShares
from projektor_ray.projection.choose import ChoiceReason, FittedModels, check_options, choose_model
from projektor_ray.projection.far_runs import FarRun
from projektor_ray.projection.grouped import Grouped, provider_groups
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.joint_power import JointPower
from projektor_ray.projection.log_linear import (
    LogLinear,
    noise_gain,
    project,
    scale_weights,
)
from projektor_ray.projection.no_projection import NoProjection
from projektor_ray.projection.per_scale import decider
from projektor_ray.projection.saturating import Saturating
from projektor_ray.projection.scale_model import ScaleModel
from projektor_ray.projection.scale_models import (
    SCALE_MODELS,
    restore_scale_model,
    scale_model_class,
)

__all__ = [
    "SCALE_MODELS",
    "BoxCox",
    "ChoiceReason",
    "ClassShares",
    "FarRun",
    "FittedModels",
    "Grouped",
    "Joint",
    "JointPower",
    "LogLinear",
    "NoProjection",
    "Saturating",
    "ScaleModel",
    "check_options",
    "choose_model",
    "decider",
    "noise_gain",
    "project",
    "provider_groups",
    "restore_scale_model",
    "scale_model_class",
    "scale_weights",
]
