"""The profile of a provider: one row of the table `provider_profiles`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.pilot_profile import PilotProfile
from projektor_ray.profiles.prevalence import Share
from projektor_ray.profiles.sample_values import SampleValues
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.schemas import Row

if TYPE_CHECKING:
    from projektor_ray.selection import PurchasePlans

LEAST_VALUABLE = 5
SHARES = ("wrong_labels", "outliers")
SEVERAL = ("classes", "missing_classes", "least_valuable")
"""Fields that hold several values."""


@dataclass(frozen=True)
class ProviderProfile:
    """What a pilot tells of its provider.

    Attributes
    ----------
    samples : n_i.
    distance : of the pilot to validation, in units of the mean feature cost.
    wrong_labels : share of wrong labels, or None where that is unknown.
    outliers : share of samples unlike any validation sample, or None where that is unknown.
    classes, missing_classes : of validation, that the pilot has or lacks.
    unknown_classes : share of samples of classes that validation lacks.
    duplicates_within : samples that equal an earlier one of the same pilot.
    near_duplicates_within : further samples that are nearly an earlier one of the same pilot.
    duplicates_in_others : samples that equal one in another provider's pilot.
    near_duplicates_in_others : further samples that are nearly one in another provider's pilot.
    duplicates_in_validation : samples that equal a validation sample in every value.
    duplicates_by_chance : how many duplicates of validation independent draws would give; 0 in
        profiles that were stored before it was computed.
    near_duplicates_in_validation : further samples that are nearly one of the validation set.
    near_duplicates_by_chance : how many near-duplicates of validation independent draws would give.
    closest_provider : who shares most duplicates and near-duplicates; None if nobody does.
    duplicates_in_closest : samples with a duplicate or near-duplicate in that provider's pilot.
    least_valuable : positions in the pilot of the least valuable samples, worst first.
    planned_samples : samples that the selected plan buys; None before there is a plan.
    marginal_value : what 1,000 samples more add on top of that plan, in the metric.
    metric_without : the metric of the best plan without the provider; None where the plan buys
        little or nothing of it, or no other plan keeps the constraints.
    """

    provider: str
    samples: int
    distance: float
    wrong_labels: Share | None
    outliers: Share | None
    classes: tuple[str, ...]
    missing_classes: tuple[str, ...]
    unknown_classes: float
    duplicates_within: int
    near_duplicates_within: int
    duplicates_in_others: int
    near_duplicates_in_others: int
    duplicates_in_validation: int
    near_duplicates_in_validation: int
    near_duplicates_by_chance: float
    closest_provider: str | None
    duplicates_in_closest: int
    least_valuable: tuple[int, ...] = ()
    planned_samples: int | None = None
    marginal_value: float | None = None
    metric_without: float | None = None
    duplicates_by_chance: float = 0.0

    def to_row(self) -> Row:
        """A row of the table `provider_profiles`: shares as three columns."""
        row = {**vars(self), **{name: [*vars(self)[name]] for name in SEVERAL}}
        for name in SHARES:
            share: Share | None = row[name]
            row[name] = None if share is None else share.value
            row[f"{name}_low"] = None if share is None else share.low
            row[f"{name}_high"] = None if share is None else share.high
        return row

    @staticmethod
    def from_row(row: Row) -> "ProviderProfile":
        """The profile that a row of the table `provider_profiles` holds."""
        fields = dict(row)
        for name in SHARES:
            low, high = fields.pop(f"{name}_low"), fields.pop(f"{name}_high")
            fields[name] = None if fields[name] is None else Share(fields[name], low, high)
        for name in SEVERAL:
            fields[name] = tuple(fields[name])
        return ProviderProfile(**fields)


def provider_profiles(
    names: Sequence[str],
    class_names: Sequence[str],
    distances: Floats,
    pilots: Sequence[PilotProfile],
    duplicates: NDArray[np.int64],
    values: Sequence[SampleValues],
) -> list[ProviderProfile]:
    """The profiles of all m providers, in the order of `names`.

    Parameters
    ----------
    class_names : names of the classes 0, 1, …, or empty where classes are numbers themselves.
    distances : (m,), of each provider's pilot alone to validation.
    pilots : of every provider, in any order.
    duplicates : (K, 4), unique rows (provider, sample, other provider, exact), see
        `duplicates_within`.
    values : of every provider's samples, in any order.
    """

    def named(classes: Sequence[int]) -> tuple[str, ...]:
        return tuple(class_names[c] if class_names else str(c) for c in classes)

    lowest = {one.provider: one.least_valuable(LEAST_VALUABLE) for one in values}
    profiles = []
    for pilot in sorted(pilots, key=lambda pilot: pilot.provider):
        i = pilot.provider
        own = duplicates[duplicates[:, 0] == i]
        within, outside = own[own[:, 2] == i], own[own[:, 2] != i]
        others = np.bincount(outside[:, 2], minlength=len(names))
        closest = int(others.argmax())
        exact = np.unique(outside[outside[:, 3] == 1, 1])
        profiles.append(
            ProviderProfile(
                provider=names[i],
                samples=pilot.size,
                distance=float(distances[i]),
                wrong_labels=pilot.wrong_labels,
                outliers=pilot.outliers,
                classes=named(pilot.covered),
                missing_classes=named(pilot.missing),
                unknown_classes=pilot.unknown,
                duplicates_within=int(within[:, 3].sum()),
                near_duplicates_within=int((within[:, 3] == 0).sum()),
                duplicates_in_others=len(exact),
                near_duplicates_in_others=len(np.setdiff1d(outside[:, 1], exact)),
                duplicates_in_validation=pilot.duplicates_in_validation,
                duplicates_by_chance=pilot.duplicates_by_chance,
                near_duplicates_in_validation=pilot.near_duplicates_in_validation,
                near_duplicates_by_chance=pilot.near_duplicates_by_chance,
                closest_provider=names[closest] if others[closest] else None,
                duplicates_in_closest=int(others[closest]),
                least_valuable=lowest[i],
            )
        )
    return profiles


def with_plan(profiles: Sequence[ProviderProfile], plans: "PurchasePlans") -> list[ProviderProfile]:
    """The profiles with each provider's part in the selected plan."""
    planned, plan = [], plans.selected
    effects = zip(profiles, plan.samples.tolist(), plan.marginal_value.tolist(), strict=True)
    for profile, count, value in effects:
        other = plans.without.get(profile.provider)
        lacking = None if other is None else other.predicted
        planned.append(
            replace(profile, planned_samples=count, marginal_value=value, metric_without=lacking)
        )
    return planned
