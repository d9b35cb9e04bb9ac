"""A study: its configuration, and what the configuration asks of the pilots that were revealed."""

from projektor_ray.study.configuration import StudyConfig
from projektor_ray.study.probes import ProbesConfig
from projektor_ray.study.resolve import resolve
from projektor_ray.study.selection import SelectionConfig
from projektor_ray.study.sellers import ProviderConfig, TierConfig
from projektor_ray.study.sets import UNNAMED, SetSummary
from projektor_ray.study.values import Probe, Study

__all__ = [
    "UNNAMED",
    "Probe",
    "ProbesConfig",
    "ProviderConfig",
    "SelectionConfig",
    "SetSummary",
    "Study",
    "StudyConfig",
    "TierConfig",
    "resolve",
]
