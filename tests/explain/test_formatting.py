"""Numbers as people read them."""

from projektor_ray.errors import listed
from projektor_ray.explain.formatting import (
    aligned,
    as_written,
    budget_text,
    change,
    changes,
    significant,
)


def test_a_column_has_the_digits_of_its_middle_and_no_long_tail() -> None:
    assert aligned([0.0123, 0.0456, None], 3) == ["0.0123", "0.0456", "–"]
    assert aligned([3.2, 0.0123, 0.0145], 3) == ["3.2000", "0.0123", "0.0145"]
    assert aligned([0.02, 5e-11, 3e-11], 3) == ["0.020000", "0.000000", "0.000000"]
    assert aligned([0.0, 0.0], 3) == ["0.00", "0.00"]


def test_changes_have_signs_and_no_more_decimals_than_the_noise() -> None:
    assert changes([0.0117, -0.0261, 0.00002], 3, 5) == ["+0.0117", "-0.0261", "±0"]
    assert changes([5e-8, -3e-8], 3, 5) == ["±0", "±0"]
    assert changes([0.0, 0.0], 3, 5) == ["±0", "±0"]
    assert changes([12.5, -1234.0], 3, 5) == ["+12", "-1,234"]
    assert change(-0.0004, 3) == "±0"
    assert change(-0.0006, 3) == "-0.001"


def test_plain_numbers_have_no_exponent() -> None:
    assert [significant(value) for value in (0.00003, 0.0234, 1234.0)] == [
        "0.00003",
        "0.023",
        "1200",
    ]


def test_prices_keep_their_digits_and_stand_below_each_other() -> None:
    assert as_written([0.1, 0.01, 0.04]) == ["0.10", "0.01", "0.04"]
    assert as_written([1500.0, 2.0]) == ["1,500", "2"]
    assert as_written([1e-7, 0.0]) == ["0.0000001", "0.0000000"]
    assert as_written([2e6, 0.1 + 0.2]) == ["2,000,000.0", "0.3"]
    assert as_written([]) == []


def test_a_list_leaves_out_three_or_more() -> None:
    assert listed("abcdef", 4) == "a, b, c, d, e and f"
    assert listed("abcdefg", 4) == "a, b, c, d and 3 others"
    assert listed("a", 4) == "a"


def test_a_budget_has_no_decimal_or_at_least_two() -> None:
    given = [500, 2689.1, 17.3, 0.001, 1234567]
    assert [budget_text(one) for one in given] == ["500", "2,689.10", "17.30", "0.001", "1,234,567"]
