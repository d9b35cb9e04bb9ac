"""The profiles of the providers, as values that the templates lay out."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from projektor_ray.explain.profile_table import own_duplicates, share_text, thumbnail_text
from projektor_ray.explain.results import Results
from projektor_ray.profiles import ProviderProfile

OPEN_PROFILES = 12
"""Profiles that are shown; the others unfold."""
NAMED_CLASSES = 6
"""How many missing classes are named; of more, their number is shown."""

TITLES = {"least valuable": "least valuable images", "suspected label": "suspected labels"}

BySet = Mapping[str, ProviderProfile]
"""A provider's profiles, by the validation set that each compares the pilot with."""


@dataclass(frozen=True)
class ShownPictures:
    """Thumbnails under a title: pairs of a data URL and what it shows."""

    title: str
    images: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ShownProfile:
    """A provider and what its pilot shows: pairs of a label and a value, thumbnails."""

    provider: str
    facts: Sequence[tuple[str, str]]
    pictures: Sequence[ShownPictures] = ()


@dataclass(frozen=True)
class ShownProfiles:
    """Profiles that are shown, and profiles that unfold."""

    open: Sequence[ShownProfile]
    folded: Sequence[ShownProfile]


def shown_profiles(report: Results) -> ShownProfiles | None:
    """A profile per provider, the largest purchase first; None without pilots."""
    if not report.profiles:
        return None
    each = [
        dict(zip(report.profiles, of, strict=True))
        for of in zip(*report.profiles.values(), strict=True)
    ]
    each.sort(key=lambda of: -(next(iter(of.values())).planned_samples or 0))
    shown = [_profile(report, of) for of in each]
    opened = [
        replace(one, pictures=_pictures(report, one.provider)) for one in shown[:OPEN_PROFILES]
    ]
    return ShownProfiles(opened, shown[OPEN_PROFILES:])


def _profile(report: Results, by_set: BySet) -> ShownProfile:
    """A fact that is the same for all validation sets once, else one for each set by its name."""
    facts = {name: _facts(report, profile) for name, profile in by_set.items()}
    shown = []
    for label in next(iter(facts.values())):
        values = {name: of[label] for name, of in facts.items()}
        if len(set(values.values())) == 1:
            shown.append((label, next(iter(values.values()))))
        else:
            shown += [(f"{label} ({name})", value) for name, value in values.items()]
    return ShownProfile(next(iter(by_set.values())).provider, shown)


def _pictures(report: Results, provider: str) -> list[ShownPictures]:
    """Thumbnails of a provider's samples, by kind and by validation set where there are several."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, thumbnails in report.thumbnails.items():
        of_set = f" ({name})" if len(report.thumbnails) > 1 else ""
        for one in thumbnails:
            if one.provider == provider:
                source = f"data:image/png;base64,{b64encode(one.image).decode()}"
                groups.setdefault(f"{TITLES[one.kind]}{of_set}", []).append(
                    (source, thumbnail_text(one))
                )
    return [ShownPictures(title, images) for title, images in groups.items()]


def _facts(report: Results, profile: ProviderProfile) -> dict[str, str]:
    return {
        "in the plan": "–" if profile.planned_samples is None else f"{profile.planned_samples:,}",
        "without it": report.show_without(profile.provider),
        "pilot samples": f"{profile.samples:,}",
        "distance": f"{profile.distance:.3f}",
        "wrong labels": share_text(profile.wrong_labels),
        "outliers": share_text(profile.outliers),
        "missing classes": _missing(profile),
        "duplicates": own_duplicates(profile),
        "in another pilot": _copies(profile),
        "in validation": f"{profile.duplicates_in_validation:,}",
        "nearly in validation": f"{profile.near_duplicates_in_validation:,} "
        f"({profile.near_duplicates_by_chance:,.0f} by chance)",
        "least valuable rows": ", ".join(f"{x}" for x in profile.least_valuable[:3]) or "–",
    }


def _missing(profile: ProviderProfile) -> str:
    missing = profile.missing_classes
    if len(missing) <= NAMED_CLASSES:
        return ", ".join(missing) or "none"
    return f"{len(missing)} of {len(missing) + len(profile.classes)}"


def _copies(profile: ProviderProfile) -> str:
    if profile.closest_provider is None:
        return "0"
    return f"{profile.duplicates_in_closest:,} in {profile.closest_provider}"
