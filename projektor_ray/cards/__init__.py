"""Provider cards: what a pilot tells of its provider, beside the validation set."""

from projektor_ray.cards.card import ProviderCard, draw_cards
from projektor_ray.cards.copies import copies_between, copies_within, merged
from projektor_ray.cards.neighbours import Reference
from projektor_ray.cards.profile import Profile, Share, profiles

__all__ = [
    "Profile",
    "ProviderCard",
    "Reference",
    "Share",
    "copies_between",
    "copies_within",
    "draw_cards",
    "merged",
    "profiles",
]
