"""A fitted model as an Arrow table of one row."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from projektor_ray.errors import InputError


def one_row(values: Mapping[str, Any]) -> pa.Table:
    """Plain values by name (numbers, texts, lists, mappings of them) as a table of one row."""
    return pa.Table.from_pylist([dict(values)])


def the_row(table: pa.Table) -> dict[str, Any]:
    """The values that `one_row` was given, bit for bit; what was None is absent.

    Raises
    ------
    InputError
        If the table has another number of rows.
    """
    if table.num_rows != 1:
        raise InputError(f"expected a fitted model, a table of one row; got {table.num_rows} rows")
    row: dict[str, Any] = _present(table.to_pylist()[0])
    return row


def _present(value: Any) -> Any:
    """Without what an Arrow column lacks in this place: mappings in one list may differ."""
    if isinstance(value, dict):
        return {name: _present(part) for name, part in value.items() if part is not None}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_present(part) for part in value]
    return value
