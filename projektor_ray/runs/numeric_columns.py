"""Columns of a table as arrays of numbers, and what is said of cells that are none."""

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError, row_named
from projektor_ray.runs.tidy_columns import is_text
from projektor_ray.storage.array_types import Floats

MIN_MATCH_RATE = 0.5


def is_numeric(kind: pa.DataType) -> bool:
    """Whether a column holds numbers, or nothing at all."""
    return bool(
        pa.types.is_floating(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    )


def column(table: pa.Table, name: str) -> Floats:
    """A column as numbers; what is empty is NaN.

    Raises
    ------
    InputError
        If it holds something else than numbers; says in which row, and what.
    """
    try:
        return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowException, ValueError):
        odd = [(row, cell) for row, cell in enumerate(table[name]) if not _is_number(cell)]
    if not odd:
        raise InputError(f"the column {name!r} must hold numbers; it is of {table[name].type}")
    (row, cell), *others = odd
    raise InputError(
        f"the column {name!r} must hold numbers; {row_named(row)} has {cell.as_py()!r}"
        f"{f', and {len(others)} more rows have none' if others else ''}. Correct it, or leave out "
        "the row"
    )


def refuse_texts(table: pa.Table, names: list[str]) -> None:
    """Refuse a column of texts most of which are numbers: it may be of shares."""
    for name in names:
        if is_text(table[name].type):
            numbers = np.mean([_is_number(cell) for cell in table[name]])
            if numbers > MIN_MATCH_RATE:
                column(table, name)


def _is_number(cell: pa.Scalar) -> bool:
    try:
        cell.cast(pa.float64())
    except (pa.ArrowException, ValueError):
        return False
    return True
