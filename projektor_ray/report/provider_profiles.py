"""The profiles of the providers, as values that the templates lay out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from projektor_ray.explain.results import Results
from projektor_ray.profiles import ProviderProfile, Share

OPEN_PROFILES = 12
"""Profiles that are shown; the others unfold."""
NAMED_CLASSES = 6
"""How many missing classes are named; of more, their number is shown."""

BySet = Mapping[str, ProviderProfile]
"""A provider's profiles, by the validation set that each compares the pilot with."""


@dataclass(frozen=True)
class ShownProfile:
    """A provider and what its pilot shows: pairs of a label and a value."""

    provider: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ShownProfiles:
    """Profiles that are shown, and profiles that unfold."""

    open: Sequence[ShownProfile]
    folded: Sequence[ShownProfile]


def shown_profiles(report: Results) -> ShownProfiles | None:
    """A profile per provider, the largest purchase first; None without pilots."""
    if not report.cards:
        return None
    each = [
        dict(zip(report.cards, of, strict=True)) for of in zip(*report.cards.values(), strict=True)
    ]
    each.sort(key=lambda of: -(next(iter(of.values())).planned_samples or 0))
    shown = [_profile(report, of) for of in each]
    return ShownProfiles(shown[:OPEN_PROFILES], shown[OPEN_PROFILES:])


def _profile(report: Results, by_set: BySet) -> ShownProfile:
    """A fact that is the same for all validation sets once, else one for each set by its name."""
    facts = {name: _facts(report, card) for name, card in by_set.items()}
    shown = []
    for label in next(iter(facts.values())):
        values = {name: of[label] for name, of in facts.items()}
        if len(set(values.values())) == 1:
            shown.append((label, next(iter(values.values()))))
        else:
            shown += [(f"{label} ({name})", value) for name, value in values.items()]
    return ShownProfile(next(iter(by_set.values())).provider, shown)


def _facts(report: Results, card: ProviderProfile) -> dict[str, str]:
    return {
        "in the plan": "–" if card.planned_samples is None else f"{card.planned_samples:,}",
        "without it": report.show_without(card.provider),
        "pilot": f"{card.samples:,}",
        "distance": f"{card.distance:.3f}",
        "wrong labels": _percentage(card.wrong_labels),
        "outliers": _percentage(card.outliers),
        "missing classes": _missing(card),
        "duplicates": f"{card.duplicates_within + card.near_duplicates_within:,}",
        "in another pilot": _copies(card),
        "least valuable rows": ", ".join(f"{x}" for x in card.least_valuable[:3]) or "–",
    }


def _missing(card: ProviderProfile) -> str:
    missing = card.missing_classes
    if len(missing) <= NAMED_CLASSES:
        return ", ".join(missing) or "none"
    return f"{len(missing)} of {len(missing) + len(card.classes)}"


def _percentage(share: Share | None) -> str:
    if share is None:
        return "unknown"
    return f"{share.value:.0%} ({100 * share.low:.0f}–{100 * share.high:.0f})"


def _copies(card: ProviderProfile) -> str:
    if card.closest_provider is None:
        return "0"
    return f"{card.duplicates_in_closest:,} in {card.closest_provider}"
