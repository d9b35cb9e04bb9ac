"""Provider cards: what a pilot tells of its provider, beside the validation set."""

from projektor_ray.profiles.duplicates import duplicates_between, duplicates_within, merged
from projektor_ray.profiles.held_out import held_out
from projektor_ray.profiles.label_errors import Profile, Share, profiles
from projektor_ray.profiles.neighbours import Reference
from projektor_ray.profiles.provider_profile import ProviderCard, draw_cards
from projektor_ray.profiles.sample_values import SampleValues, sample_values

__all__ = [
    "Profile",
    "ProviderCard",
    "Reference",
    "SampleValues",
    "Share",
    "draw_cards",
    "duplicates_between",
    "duplicates_within",
    "held_out",
    "merged",
    "profiles",
    "sample_values",
]
