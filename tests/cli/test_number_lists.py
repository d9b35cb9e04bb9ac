"""Numbers as options take them."""

import pytest
import typer

from projektor_ray.cli.number_lists import whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("20000", 20_000),
        ("1e9", 10**9),
        ("1.5e10", 15 * 10**9),
        ("500.0", 500),
        ("999999999999999", 999_999_999_999_999),
    ],
)
def test_whole_numbers_may_be_in_scientific_notation(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["1.5", "1e-1", "1_000", "1,000", "nan", "1e999", "ten"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="whole number"):
        whole_number(text)
