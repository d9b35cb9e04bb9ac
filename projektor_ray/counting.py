"""Rows of a user's table in words: counted from 1, as one counts below a spreadsheet's header."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

SHOWN = 5
HOW = "(counted from 1, without the header)"


def row_named(index: int) -> str:
    """The row at an index that counts from 0."""
    return f"row {index + 1} {HOW}"


def rows_named(indices: Sequence[int] | NDArray[Any]) -> str:
    """The rows at some indices, the first few by number."""
    if len(indices) == 1:
        return row_named(int(indices[0]))
    shown = ", ".join(str(int(index) + 1) for index in indices[:SHOWN])
    more = f" and {len(indices) - SHOWN} more" if len(indices) > SHOWN else ""
    return f"rows {shown}{more} {HOW}"
