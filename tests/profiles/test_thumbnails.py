"""Which samples are shown: against what was planted in real digits."""

import numpy as np
import pytest

from projektor_ray.profiles import (
    PilotProfile,
    Reference,
    SampleValues,
    pilot_profiles,
    positions,
    remarkable,
    thumbnails,
)
from projektor_ray.profiles.label_errors import Suspect
from projektor_ray.profiles.thumbnails import IN_ALL, PER_KIND, Thumbnail
from projektor_ray.storage.schemas import SCHEMAS, TableMetadata, make_table
from tests.helpers.profile_data import digits


def pilot(provider: int, *suspects: Suspect) -> PilotProfile:
    return PilotProfile(provider, 20, None, None, 0, 0, 0.0, (0,), (), 0.0, suspects)


def test_suspects_are_wrong_labels_and_the_class_suggested_is_the_right_one() -> None:
    wrong, right = [], []
    for seed in range(8):
        planted, clean = digits(seed, wrong=0.3, noise=0.1), digits(seed)
        (profile,) = pilot_profiles(planted.pilot, Reference.of(planted.validation))
        samples = [one.sample for one in profile.suspects]
        assert len(set(samples)) == PER_KIND
        wrong += planted.wrong[samples].tolist()
        classes = np.asarray(clean.pilot.labels)[samples]
        right += [one.suggested == c for one, c in zip(profile.suspects, classes, strict=True)]
    assert np.mean(wrong) >= 0.95, "of all labels, three in ten are wrong"
    assert np.mean(right) >= 0.95


def test_no_more_are_suspected_than_labels_are_thought_wrong() -> None:
    for seed in range(4):
        planted = digits(seed)
        (profile,) = pilot_profiles(planted.pilot, Reference.of(planted.validation))
        assert profile.wrong_labels is not None
        assert len(profile.suspects) <= round(profile.wrong_labels.value * profile.size)


def test_the_worst_and_the_suspected_of_each_provider_are_chosen_in_order() -> None:
    values = [SampleValues(i, np.roll(np.arange(20.0), i)) for i in (1, 0)]
    chosen = remarkable([pilot(1, Suspect(9, 2), Suspect(4, 0)), pilot(0)], values)
    told = [(one.provider, one.kind, one.sample, one.value, one.suggested) for one in chosen]
    worst = "least valuable"
    assert told == [
        *((0, worst, x, float(x), None) for x in range(PER_KIND)),
        *((1, worst, x + 1, float(x), None) for x in range(PER_KIND)),
        (1, "suspected label", 9, 8.0, 2),
        (1, "suspected label", 4, 3.0, 0),
    ]
    assert positions(chosen, ["ada", "bob"]) == {
        "ada": [0, 1, 2, 3, 4, 5],
        "bob": [1, 2, 3, 4, 5, 6, 9],
    }


@pytest.mark.parametrize("count", [150, 600, 3000])
def test_many_providers_share_a_bounded_number(count: int) -> None:
    values = [SampleValues(i, np.arange(20.0)) for i in range(count)]
    chosen = remarkable([pilot(i) for i in range(count)], values)
    assert len({one.provider for one in chosen}) == count
    assert len(chosen) <= max(IN_ALL, count)


@pytest.mark.parametrize(
    ("names", "label", "shown"),
    [
        (("cat", "dog"), 1, "dog"),
        ((), 1, "1"),
        ((), 0.25, "0.25"),
        ((), None, None),
        (("cat", "dog"), 2**32, "a class that validation lacks"),
    ],
)
def test_labels_are_shown_by_their_names(
    names: tuple[str, ...], label: object, shown: str | None
) -> None:
    values = [SampleValues(0, np.array([1.0, -2.0]))]
    chosen = remarkable([pilot(0)], values)
    (one,) = thumbnails(chosen, {"ada": {1: (label, b"png")}}, ["ada"], names)
    assert one == Thumbnail("ada", "least valuable", 1, shown, None, -2.0, b"png")
    table = make_table("thumbnails", [one.to_row()], TableMetadata("s", ("ada",), "h"))
    assert table.schema.equals(SCHEMAS["thumbnails"])
    assert [Thumbnail(**row) for row in table.to_pylist()] == [one]
