"""Flaws of the pilots: each has its warning, and what chance explains has none."""

import pytest

from projektor_ray.explain.cautions import warnings
from projektor_ray.profiles import ProviderProfile, Share
from tests.helpers.report_content import for_one_set, profile, sound

MANY = Share(0.4, 0.3, 0.5)


@pytest.mark.parametrize(
    ("flawed", "said"),
    [
        (
            profile("b", wrong_labels=MANY),
            "About 40% of the labels of b look wrong (90% interval 30–50%).",
        ),
        (profile("b", outliers=MANY), "About 40% of the samples of b are unlike any validation"),
        (profile("b", duplicates_within=50), "50 samples of b duplicate other samples"),
        (profile("b", duplicates_in_validation=3), "3 samples of b are also in the validation set"),
        (
            profile("b", duplicates_in_validation=3, duplicates_by_chance=2.0),
            "3 samples of b equal a validation sample; about 2 would by chance",
        ),
        (
            profile("b", near_duplicates_in_validation=40, near_duplicates_by_chance=2.0),
            "40 samples of b nearly equal a validation sample; about 2 would by chance.",
        ),
    ],
)
def test_each_flaw_of_a_pilot_is_said(flawed: ProviderProfile, said: str) -> None:
    (told,) = warnings(sound(profiles=for_one_set(profile("a"), flawed)))
    assert said in told.text
    assert told.values["provider"] == "b"


@pytest.mark.parametrize(
    "clean",
    [
        profile("b", near_duplicates_in_validation=40, near_duplicates_by_chance=38.0),
        profile("b", wrong_labels=None, outliers=None),
    ],
)
def test_what_chance_explains_or_cannot_be_told_accuses_nobody(clean: ProviderProfile) -> None:
    assert warnings(sound(profiles=for_one_set(profile("a"), clean))) == ()


def test_flaws_of_samples_that_are_not_bought_are_no_warning() -> None:
    unbought = profile("b", wrong_labels=MANY, outliers=MANY, planned_samples=0)
    assert warnings(sound(profiles=for_one_set(profile("a"), unbought))) == ()
