"""Warnings about the pilots: wrong labels, outliers, duplicates, leakage into validation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import count, percent, percent_range
from projektor_ray.explain.results import Results

if TYPE_CHECKING:
    from projektor_ray.profiles import ProviderProfile

BAD_LABELS, BAD_OUTLIERS, BAD_DUPLICATES = 0.05, 0.1, 0.05
"""Shares of a pilot from which on a warning is given: the low ends of the intervals of wrong labels
and of outliers."""
CHANCE_FACTOR = 3
"""Near-duplicates of validation are reported where they are so many times those of chance."""


def provider_warnings(results: Results) -> Iterator[Fact]:
    """Flaws of the pilots."""
    for profile, of_set in results.every_profile:
        yield from _flawed_samples(profile, of_set)
        yield from _repeated_samples(profile)
        yield from leaked_samples(profile, of_set)


def _flawed_samples(profile: "ProviderProfile", of_set: str) -> Iterator[Fact]:
    """Wrong labels and outliers; none of a provider that the plan does not buy from."""
    name, wrong, odd = profile.provider, profile.wrong_labels, profile.outliers
    if profile.planned_samples == 0:
        return
    if wrong is not None and wrong.low >= BAD_LABELS:
        yield fact(
            "wrong_labels",
            f"About {percent(wrong.value)} of the labels of {name} look wrong (90% interval "
            f"{percent_range(wrong.low, wrong.high)}){of_set}.",
            provider=name,
            share=wrong.value,
            low=wrong.low,
            high=wrong.high,
        )
    if odd is not None and odd.low >= BAD_OUTLIERS:
        yield fact(
            "outliers",
            f"About {percent(odd.value)} of the samples of {name} are unlike any validation "
            f"sample{of_set}.",
            provider=name,
            share=odd.value,
        )


def _repeated_samples(profile: "ProviderProfile") -> Iterator[Fact]:
    """Duplicates within a pilot."""
    repeated = profile.duplicates_within + profile.near_duplicates_within
    if repeated > BAD_DUPLICATES * profile.samples:
        yield fact(
            "duplicates",
            f"{count(repeated, 'sample')} of {profile.provider} duplicate other samples of the "
            f"same pilot ({profile.near_duplicates_within:,} of these only nearly).",
            provider=profile.provider,
            samples=repeated,
        )


def leaked_samples(profile: "ProviderProfile", of_set: str) -> Iterator[Fact]:
    """Duplicates between a pilot and the validation set, whose name in brackets is `of_set`."""
    name = profile.provider
    same, chance = profile.duplicates_in_validation, profile.duplicates_by_chance
    if same > CHANCE_FACTOR * chance:
        verb = "is" if same == 1 else "are"
        yield fact(
            "leakage",
            f"{count(same, 'sample')} of {name} {verb} also in the validation set{of_set}: the "
            f"metric of mixtures with {name} is too good.",
            provider=name,
            samples=same,
        )
    elif same:
        equal = "equals" if same == 1 else "equal"
        yield fact(
            "duplicates_by_chance",
            f"{count(same, 'sample')} of {name} {equal} a validation sample{of_set}; about "
            f"{chance:,.0f} would by chance, because few values differ between samples.",
            provider=name,
            samples=same,
            by_chance=chance,
        )
    near, chance = profile.near_duplicates_in_validation, profile.near_duplicates_by_chance
    equal = "equals" if near == 1 else "equal"
    if near > BAD_DUPLICATES * profile.samples and near > CHANCE_FACTOR * chance:
        yield fact(
            "near_duplicates",
            f"{count(near, 'sample')} of {name} nearly {equal} a validation sample{of_set}; "
            f"about {chance:,.0f} would by chance.",
            provider=name,
            samples=near,
            by_chance=chance,
        )
