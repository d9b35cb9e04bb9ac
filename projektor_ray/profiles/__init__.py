"""What a pilot tells of its provider, compared with the validation set."""

from projektor_ray.profiles.duplicates import (
    duplicates_between,
    duplicates_within,
    merge_duplicates,
)
from projektor_ray.profiles.held_out import held_out
from projektor_ray.profiles.neighbours import Reference
from projektor_ray.profiles.pilot_profile import PilotProfile, pilot_profiles
from projektor_ray.profiles.prevalence import Share
from projektor_ray.profiles.provider_profile import (
    ProviderProfile,
    provider_profiles,
    with_plan,
)
from projektor_ray.profiles.sample_values import SampleValues, sample_values
from projektor_ray.profiles.thumbnails import Thumbnail, positions, remarkable, thumbnails

__all__ = [
    "PilotProfile",
    "ProviderProfile",
    "Reference",
    "SampleValues",
    "Share",
    "Thumbnail",
    "duplicates_between",
    "duplicates_within",
    "held_out",
    "merge_duplicates",
    "pilot_profiles",
    "positions",
    "provider_profiles",
    "remarkable",
    "sample_values",
    "thumbnails",
    "with_plan",
]
