"""Provider profiles as values and as rows of their table."""

from dataclasses import replace

import numpy as np

from projektor_ray.profiles import (
    PilotProfile,
    ProviderProfile,
    SampleValues,
    Share,
    provider_profiles,
)
from projektor_ray.storage.schemas import SCHEMAS, TableMetadata, make_table

DUPLICATES = np.array(
    [
        [0, 1, 0, 1],
        [0, 3, 0, 0],
        [0, 1, 1, 1],
        [0, 2, 1, 0],
        [1, 0, 0, 0],
        [1, 0, 2, 1],
        [2, 4, 1, 1],
    ]
)
VALUES = [SampleValues(i, np.array([3.0, 1.0, i, 2.0, 5.0, 4.0, 6.0])) for i in (2, 0, 1)]


def pilot(provider: int) -> PilotProfile:
    wrong = Share(0.1, 0.05, 0.15) if provider else None
    outliers = None if provider == 2 else Share(0.0, 0.0, 0.1)
    return PilotProfile(provider, 5, wrong, outliers, 1, 2, 0.5, (0, 2), (1,), 0.2)


def profiles() -> list[ProviderProfile]:
    pilots = [pilot(2), pilot(0), pilot(1)]
    return provider_profiles(
        ["ada", "bob", "cyd"], ["x", "y", "z"], np.arange(3.0), pilots, DUPLICATES, VALUES
    )


def test_duplicates_are_counted_by_sample_and_the_closest_provider_named() -> None:
    ada, bob, cyd = profiles()
    assert (ada.duplicates_within, ada.near_duplicates_within) == (1, 1)
    assert (ada.duplicates_in_others, ada.near_duplicates_in_others) == (1, 1)
    assert (ada.closest_provider, ada.duplicates_in_closest) == ("bob", 2)
    assert (bob.duplicates_within, bob.duplicates_in_others, bob.near_duplicates_in_others) == (
        0,
        1,
        0,
    ), "an exact duplicate of one provider is no near one of another"
    assert (bob.duplicates_in_closest, cyd.closest_provider) == (1, "bob")
    assert [profile.distance for profile in (ada, bob, cyd)] == [0, 1, 2]
    assert ada.least_valuable == (2, 1, 3, 0, 5)
    assert (ada.classes, ada.missing_classes) == (("x", "z"), ("y",))


def test_a_provider_without_duplicates_has_no_closest_one() -> None:
    nothing = np.empty((0, 4), dtype=np.int64)
    (profile,) = provider_profiles(["ada"], [], np.zeros(1), [pilot(0)], nothing, VALUES)
    assert profile.closest_provider is None
    assert profile.duplicates_within == profile.duplicates_in_others == 0
    assert profile.near_duplicates_within == profile.near_duplicates_in_others == 0
    assert profile.classes == ("0", "2")


def test_profiles_come_back_from_their_table() -> None:
    planned = [
        replace(one, planned_samples=7, marginal_value=0.25, metric_without=0.5)
        for one in profiles()
    ]
    every = planned + profiles()
    metadata = TableMetadata("s", ("ada",), "x")
    table = make_table("provider_profiles", [one.to_row() for one in every], metadata)
    assert table.schema.equals(SCHEMAS["provider_profiles"])
    assert [ProviderProfile.from_row(row) for row in table.to_pylist()] == every
