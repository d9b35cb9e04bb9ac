"""A table of results as the bytes of a file: CSV, Parquet, Excel, JSON or YAML."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import yaml

from projektor_ray.errors import InputError, printable

FORMULA = tuple("=+-@＝＋－＠\t\r\n")
"""What a text may begin with that a spreadsheet takes for a formula, also in full width."""

EXCEL = ".xlsx"
SHOWN_SHORT = 1e-3
"""Numbers below this are shown with all their decimals …"""
MOST_DECIMALS = 20
"""… up to so many."""


def table_bytes(table: pa.Table, ending: str, summary: pa.Table | None = None) -> bytes:
    """The content of a file with this ending, one of `TABLE_ENDINGS`.

    In CSV a text that a spreadsheet would take for a formula is quoted; in Excel it is stored as a
    text, and small prices are shown in full.

    Parameters
    ----------
    summary : for persons, on a second sheet of an Excel file; left out of other files.

    Raises
    ------
    InputError
        If the ending is another one, or Excel's package is not installed.
    """
    if ending not in _WRITERS:
        raise InputError(f"a table is written as {', '.join(TABLE_ENDINGS)}; got {ending!r}")
    if ending == EXCEL:
        return _excel(table, summary)
    return _WRITERS[ending](table)


def spreadsheet_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like a formula is quoted."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv(table: pa.Table) -> bytes:
    columns = {}
    for name in table.column_names:
        cells = table[name]
        if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
            texts = [None if c is None else spreadsheet_cell(c) for c in cells.to_pylist()]
            cells = pa.chunked_array([pa.array(texts, pa.string())])
        columns[spreadsheet_cell(name)] = cells
    content = BytesIO()
    pacsv.write_csv(pa.table(columns), content)
    return content.getvalue()


def _parquet(table: pa.Table) -> bytes:
    content = BytesIO()
    pq.write_table(table, content, compression="zstd")
    return content.getvalue()


def _json(table: pa.Table) -> bytes:
    return (json.dumps(_records(table), indent=2, ensure_ascii=False) + "\n").encode()


def _yaml(table: pa.Table) -> bytes:
    text: str = yaml.safe_dump(_records(table), sort_keys=False, allow_unicode=True)
    return text.encode()


def _excel(table: pa.Table, summary: pa.Table | None = None) -> bytes:
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            "Excel files are written by openpyxl, which is not installed; run pip install "
            "'projektor-ray[excel]', or write .csv"
        ) from None
    book = openpyxl.Workbook()
    _fill(book.active, table)
    if summary is not None:
        _fill(book.create_sheet("summary"), summary)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _fill(sheet: Any, table: pa.Table) -> None:
    """Write a table on a sheet of a workbook."""
    rows = [table.column_names, *(list(record.values()) for record in _records(table))]
    for at, row in enumerate(rows, start=1):
        for place, value in enumerate(row, start=1):
            is_text = isinstance(value, str | list | dict)
            cell = sheet.cell(at, place, printable(str(value)) if is_text else value)
            if is_text:
                cell.data_type = "s"  # never a formula
            elif isinstance(value, float) and 0 < abs(value) < SHOWN_SHORT:
                cell.number_format = f"0.{'0' * min(_decimals(value), MOST_DECIMALS)}"


def _decimals(value: float) -> int:
    """Decimals of the shortest number that reads back as the value: 7 of 3e-07."""
    return -int(Decimal(repr(value)).as_tuple().exponent)


def _records(table: pa.Table) -> list[dict[str, Any]]:
    """The rows as plain values: times as ISO texts, what is no finite number as nothing."""
    return [{name: _plain(value) for name, value in row.items()} for row in table.to_pylist()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    finite = not isinstance(value, float) or float("-inf") < value < float("inf")
    return value if finite else None


_WRITERS: dict[str, Callable[[pa.Table], bytes]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    EXCEL: _excel,
    ".json": _json,
    ".yaml": _yaml,
}
TABLE_ENDINGS = tuple(_WRITERS)
