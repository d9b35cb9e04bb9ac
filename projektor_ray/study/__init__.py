"""A study: its configuration, and what the configuration asks of the pilots that were revealed."""

from projektor_ray.study.checks import resolve
from projektor_ray.study.config import StudyConfig, read_study
from projektor_ray.study.fitted import FittedStudy, open_study
from projektor_ray.study.predictions import Prediction, Purchase
from projektor_ray.study.probe import Probe
from projektor_ray.study.probes_config import ProbesConfig, SecondStageConfig
from projektor_ray.study.provider_config import ProviderConfig, TierConfig
from projektor_ray.study.selection_config import SelectionConfig
from projektor_ray.study.study import Study
from projektor_ray.study.validation_sets import UNNAMED, SetSummary

__all__ = [
    "UNNAMED",
    "FittedStudy",
    "Prediction",
    "Probe",
    "ProbesConfig",
    "ProviderConfig",
    "Purchase",
    "SecondStageConfig",
    "SelectionConfig",
    "SetSummary",
    "Study",
    "StudyConfig",
    "TierConfig",
    "open_study",
    "read_study",
    "resolve",
]
