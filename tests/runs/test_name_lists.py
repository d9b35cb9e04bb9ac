"""Lists of names that commas divide, whose names may hold commas."""

import pytest

from projektor_ray.errors import InputError
from projektor_ray.runs.name_lists import split_names

COLUMNS = ("acc,none", "exact_match,strict-match", "f1", "config.mix.web", "loss, val")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("f1", ("f1",)),
        ("acc,none", ("acc,none",)),
        ("acc,none,f1", ("acc,none", "f1")),
        ("f1, acc,none", ("f1", "acc,none")),
        ("exact_match,strict-match,acc,none", ("exact_match,strict-match", "acc,none")),
        ('"acc,none",f1', ("acc,none", "f1")),
        ("web,F1", ("config.mix.web", "f1")),
        ("loss,val", ("loss, val",)),
    ],
)
def test_a_list_is_divided_into_known_names(text: str, names: tuple[str, ...]) -> None:
    assert split_names(text, COLUMNS, "--metric") == names


def test_a_list_that_can_be_divided_in_two_ways_is_asked_about() -> None:
    known = ("acc", "none", "acc,none")
    with pytest.raises(InputError, match=r"'acc' and 'none' or 'acc,none'"):
        split_names("acc,none", known, "--metric")
    assert split_names('"acc,none"', known, "--metric") == ("acc,none",)
    assert split_names('"acc","none"', known, "--metric") == ("acc", "none")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'exact_match,strict-match'"):
        split_names('"exact_match,strikt-match"', COLUMNS, "--metric")
    with pytest.raises(InputError, match="no column 'g7'"):
        split_names("f1,g7", COLUMNS, "--metric")
