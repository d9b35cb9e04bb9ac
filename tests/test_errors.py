"""Rows in words."""

import numpy as np

from projektor_ray.errors import row_named, rows_named


def test_rows_are_counted_from_one_below_the_header() -> None:
    assert row_named(0) == "row 1 (counted from 1, without the header)"
    assert rows_named([2]) == "row 3 (counted from 1, without the header)"
    assert rows_named(np.array([0, 4])) == "rows 1, 5 (counted from 1, without the header)"
    assert rows_named(range(7)) == (
        "rows 1, 2, 3, 4, 5 and 2 more (counted from 1, without the header)"
    )
