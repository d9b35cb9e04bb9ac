"""The card of a provider: one row of the table `provider_profiles`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.label_errors import Profile, Share
from projektor_ray.profiles.sample_values import SampleValues
from projektor_ray.storage.arrays import Floats
from projektor_ray.storage.schemas import Row

LEAST_VALUABLE = 5
SEVERAL = ("classes", "missing_classes", "least_valuable")
"""Fields that hold several values."""


@dataclass(frozen=True)
class ProviderCard:
    """What is known of a provider from its pilot.

    Attributes
    ----------
    samples : n_i.
    distance : of the pilot to validation, in units of the mean feature cost.
    wrong_labels : share of wrong labels, or None where that cannot be told.
    outliers : share of samples unlike any validation sample.
    classes, missing_classes : of validation, that the pilot has or lacks.
    unknown_classes : share of samples of classes that validation lacks.
    duplicates_within : samples that repeat an earlier one of the same pilot.
    duplicates_in_others : samples with a near-copy in another provider's pilot.
    duplicates_in_validation : samples with a near-copy in the validation set.
    closest_provider : who shares most near-copies; None if nobody does.
    duplicates_in_closest : samples with a near-copy in that provider's pilot.
    least_valuable : positions in the pilot of the samples that are worth least, worst first.
    planned_samples : samples that the selected plan buys; None before there is a plan.
    marginal_value : what 1,000 samples more are worth beside that plan, in the metric.
    metric_without : the metric of the best plan that leaves the provider out; None where the plan
        buys little or nothing of it, or no other plan keeps the constraints.
    """

    provider: str
    samples: int
    distance: float
    wrong_labels: Share | None
    outliers: Share
    classes: tuple[str, ...]
    missing_classes: tuple[str, ...]
    unknown_classes: float
    duplicates_within: int
    duplicates_in_others: int
    duplicates_in_validation: int
    closest_provider: str | None
    duplicates_in_closest: int
    least_valuable: tuple[int, ...] = ()
    planned_samples: int | None = None
    marginal_value: float | None = None
    metric_without: float | None = None

    def to_row(self) -> Row:
        """A row of the table `provider_profiles`: shares as three columns."""
        row = {**vars(self), **{name: [*vars(self)[name]] for name in SEVERAL}}
        for name in ("wrong_labels", "outliers"):
            share: Share | None = row[name]
            row[name] = None if share is None else share.value
            row[f"{name}_low"] = None if share is None else share.low
            row[f"{name}_high"] = None if share is None else share.high
        return row

    @staticmethod
    def from_row(row: Row) -> "ProviderCard":
        """The card that a row of the table `provider_profiles` holds."""
        kept = dict(row)
        for name in ("wrong_labels", "outliers"):
            low, high = kept.pop(f"{name}_low"), kept.pop(f"{name}_high")
            kept[name] = None if kept[name] is None else Share(kept[name], low, high)
        for name in SEVERAL:
            kept[name] = tuple(kept[name])
        return ProviderCard(**kept)


def draw_cards(
    names: Sequence[str],
    class_names: Sequence[str],
    distances: Floats,
    profiles: Sequence[Profile],
    copies: NDArray[np.int64],
    values: Sequence[SampleValues],
) -> list[ProviderCard]:
    """The cards of all m providers, in the order of `names`.

    Parameters
    ----------
    class_names : names of the classes 0, 1, …, or empty where classes are numbers themselves.
    distances : (m,), of each provider's pilot alone to validation.
    profiles : of every provider, in any order.
    copies : (K, 3), unique rows (provider, sample, other provider), as `duplicates_within` says.
    values : of every provider's samples, in any order.
    """

    def named(classes: Sequence[int]) -> tuple[str, ...]:
        return tuple(class_names[c] if class_names else str(c) for c in classes)

    worth = {one.provider: one.least(LEAST_VALUABLE) for one in values}
    found = []
    for profile in sorted(profiles, key=lambda profile: profile.provider):
        i = profile.provider
        own = copies[copies[:, 0] == i]
        elsewhere = own[own[:, 2] != i]
        others = np.bincount(elsewhere[:, 2], minlength=len(names))
        closest = int(others.argmax())
        found.append(
            ProviderCard(
                provider=names[i],
                samples=profile.size,
                distance=float(distances[i]),
                wrong_labels=profile.wrong_labels,
                outliers=profile.outliers,
                classes=named(profile.covered),
                missing_classes=named(profile.missing),
                unknown_classes=profile.unknown,
                duplicates_within=len(own) - len(elsewhere),
                duplicates_in_others=len(np.unique(elsewhere[:, 1])),
                duplicates_in_validation=profile.in_validation,
                closest_provider=names[closest] if others[closest] else None,
                duplicates_in_closest=int(others[closest]),
                least_valuable=worth[i],
            )
        )
    return found
