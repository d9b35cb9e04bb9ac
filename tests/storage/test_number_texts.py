"""Numbers as persons write them."""

import pytest

from projektor_ray.storage.number_texts import plain_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("1000", 1000), (" 0.50 ", 0.5), (".5", 0.5), ("5.", 5), ("-3", -3), ("+1E4", 1e4)],
)
def test_digits_signs_points_and_powers_of_ten(text: str, number: float) -> None:
    assert plain_number(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "1_000", "1_5", "1,5", "0x10", "nan", "inf", "1e999", "e5", ".", "1 000", "\u0661\u0662"],
)
def test_anything_else_is_no_number(text: str) -> None:
    assert plain_number(text) is None
