"""What each pilot reveals of its provider, as a table."""

from collections.abc import Sequence

from projektor_ray.errors import listed
from projektor_ray.explain.facts import TextTable
from projektor_ray.explain.formatting import percent, percent_range
from projektor_ray.profiles import ProviderProfile, Share, Thumbnail

SHOWN = 8
SHOWN_CHARACTERS = 12
"""Of the names of missing classes; where they are longer, their number is shown."""


def profile_table(profiles: Sequence[ProviderProfile], validation_set: str) -> TextTable:
    """A row per provider; with the name of the validation set, where there are several.

    The caption counts near-duplicates of validation samples, beside those that chance would give.
    """
    return TextTable(
        f"Provider profiles{f' ({validation_set})' if validation_set else ''}",
        (
            "provider",
            "pilot samples",
            "distance",
            "wrong labels",
            "outliers",
            "duplicates",
            "missing classes",
        ),
        tuple(
            (
                profile.provider,
                f"{profile.samples:,}",
                f"{profile.distance:.3f}",
                share_text(profile.wrong_labels),
                share_text(profile.outliers),
                _duplicates(profile),
                _missing_classes(profile),
            )
            for profile in profiles
        ),
        _near_validation(profiles),
        optional=("pilot samples", "missing classes", "outliers"),
    )


def share_text(share: Share | None) -> str:
    """A share with its 90% interval: `39% (32–46%)`."""
    if share is None:
        return "cannot tell"
    return f"{percent(share.value)} ({percent_range(share.low, share.high)})"


def thumbnail_text(one: Thumbnail) -> str:
    """What a thumbnail shows: `row 46, label cat, suggested dog`."""
    parts = [f"row {one.sample:,}"]
    parts += [] if one.label is None else [f"label {one.label}"]
    parts += [f"value {one.value:+.3g}" if one.suggested is None else f"suggested {one.suggested}"]
    return ", ".join(parts)


def own_duplicates(profile: ProviderProfile) -> str:
    """Duplicates within a pilot: `12`, `12 and 3 nearly`, `3 nearly`."""
    near = f"{profile.near_duplicates_within:,} nearly" if profile.near_duplicates_within else ""
    equal = f"{profile.duplicates_within:,}" if profile.duplicates_within or not near else ""
    return " and ".join(filter(None, (equal, near)))


def _duplicates(profile: ProviderProfile) -> str:
    """Duplicates within the pilot, in another pilot, and in the validation set."""
    within = own_duplicates(profile)
    parts = [f"{within} own"] if within != "0" else []
    if profile.closest_provider is not None:
        parts.append(f"{profile.duplicates_in_closest:,} in {profile.closest_provider}")
    if profile.duplicates_in_validation:
        parts.append(f"{profile.duplicates_in_validation:,} in validation")
    return ", ".join(parts) or "none"


def _near_validation(profiles: Sequence[ProviderProfile]) -> str:
    """Near-duplicates of validation samples: `b 50 (0)`; empty where there are none."""
    counts = [
        f"{one.provider} {one.near_duplicates_in_validation:,} "
        f"({one.near_duplicates_by_chance:,.0f})"
        for one in profiles
        if one.near_duplicates_in_validation
    ]
    if not counts:
        return ""
    names = listed(counts, SHOWN)
    return f"Near-duplicates of validation samples (in brackets: expected by chance): {names}."


def _missing_classes(profile: ProviderProfile) -> str:
    names = " ".join(profile.missing_classes) or "none"
    every = len(profile.missing_classes) + len(profile.classes)
    return names if len(names) <= SHOWN_CHARACTERS else f"{len(profile.missing_classes)} of {every}"
