"""Provider cards: what a pilot tells of its provider, beside the validation set."""

from projektor_ray.cards.card import ProviderCard, draw_cards
from projektor_ray.cards.copies import copies_between, copies_within, merged
from projektor_ray.cards.held_out import held_out
from projektor_ray.cards.neighbours import Reference
from projektor_ray.cards.profile import Profile, Share, profiles
from projektor_ray.cards.values import SampleValues, sample_values

__all__ = [
    "Profile",
    "ProviderCard",
    "Reference",
    "SampleValues",
    "Share",
    "copies_between",
    "copies_within",
    "draw_cards",
    "held_out",
    "merged",
    "profiles",
    "sample_values",
]
