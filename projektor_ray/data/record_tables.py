"""Tables that hold records: JSON, JSON lines and Excel workbooks."""

import codecs
import json
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as pajson

from projektor_ray.data.csv_tables import trimmed
from projektor_ray.data.open_table import OpenTable, TableFile, check_names, unreadable
from projektor_ray.data.source_reading import Note
from projektor_ray.errors import InputError, listed

BLOCK = 2**24
HEAD = 2**20
"""Bytes of a file that are looked at to find out whether it holds JSON lines."""
DEEPEST = 100
"""Brackets within brackets; Arrow's reader overruns its stack at some ten thousand."""


def open_json(file: TableFile) -> OpenTable:
    """A table of JSON lines, of a JSON array of records, or of a JSON object of columns.

    Raises
    ------
    InputError
        If it is none of these.
    """
    with file.open() as stream:
        content = stream.read_buffer()
    if bytes(content[:3]) == codecs.BOM_UTF8:
        content = content[3:]
    start = bytes(content[:HEAD]).lstrip()
    try:
        whole = start[:1] == b"[" or not _has_lines(start)
        table = _parsed(bytes(content)) if whole else _lines(content, file.where)
    except (pa.ArrowException, OSError, ValueError, TypeError, RecursionError) as failure:
        raise unreadable(file.where, failure, "JSON") from None
    check_names(table.column_names, file.where)
    return OpenTable.of(table, file.where)


def _has_lines(start: bytes) -> bool:
    """Whether the first line is a JSON value of its own, and another line follows."""
    first, _, rest = start.partition(b"\n")
    if not rest.strip():
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(content: pa.Buffer, where: str) -> pa.Table:
    _check_depth(content, where)
    options = pajson.ReadOptions(block_size=BLOCK)
    return pajson.read_json(pa.BufferReader(content), read_options=options)


def _parsed(content: bytes) -> pa.Table:
    """Records in an array; or an object of columns, as lists or by the row's name, of rows by their
    numbers, or of names and rows, as pandas writes `split`; or pandas' `table`, without its index.
    """
    parsed = json.loads(content.decode())
    if isinstance(parsed, dict) and "fields" in _objects(parsed.get("schema")):
        records = [_objects(row) for row in parsed.get("data") or ()]
        parsed = [{k: v for k, v in row.items() if k != "index"} for row in records]
    if isinstance(parsed, dict):
        columns = list(parsed.values())
        if columns and all(isinstance(column, dict) for column in columns):
            return _of_objects(parsed)
        if {"columns", "data"} <= set(parsed) <= {"columns", "data", "index"}:
            rows = [dict(zip(parsed["columns"], row, strict=True)) for row in parsed["data"]]
            return pa.table({name: [row[name] for row in rows] for name in parsed["columns"]})
        if columns and all(isinstance(column, list) for column in columns):
            return pa.table(parsed)
        parsed = [parsed]
    if not all(isinstance(row, dict) for row in parsed):
        raise ValueError("expected an array of records, such as [{…}, {…}]")
    names = list(dict.fromkeys(name for row in parsed for name in row))
    return pa.table({name: [row.get(name) for row in parsed] for name in names})


def _objects(parsed: Any) -> dict[str, Any]:
    """A JSON object; empty where it is something else."""
    return parsed if isinstance(parsed, dict) else {}


def _of_objects(parsed: dict[str, dict[str, Any]]) -> pa.Table:
    """The table of an object of objects: columns by the row's name, or rows by the column's name.

    Numbers as names of rows tell which of the two; else that cells of a column are of one kind.
    """
    inner = list(dict.fromkeys(name for part in parsed.values() for name in part))
    turned = {name: {key: part.get(name) for key, part in parsed.items()} for name in inner}
    numbered = [_are_numbers(names) for names in (inner, parsed)]
    if numbered[0] == numbered[1]:
        numbered = [all(_one_kind(c.values()) for c in of.values()) for of in (parsed, turned)]
    if numbered[0] == numbered[1]:
        raise ValueError(
            "an object of objects may be of columns or of rows, and neither has numbers as names. "
            'Write an array of records, such as [{…}, {…}] (pandas: to_json(orient="records"))'
        )
    columns, rows = (parsed, inner) if numbered[0] else (turned, list(parsed))
    return pa.table({name: [cells.get(row) for row in rows] for name, cells in columns.items()})


def _are_numbers(names: Iterable[str]) -> bool:
    return all(name.isdecimal() for name in names)


def _one_kind(cells: Iterable[Any]) -> bool:
    """Whether cells are all numbers, or all texts, …, but for those that are missing."""
    kinds = {float if type(cell) is int else type(cell) for cell in cells if cell is not None}
    return len(kinds) <= 1


def _check_depth(content: pa.Buffer, where: str) -> None:
    """Refuse lines with more brackets within brackets than any table needs."""
    depth = 0
    for begin in range(0, content.size, HEAD):
        letters = np.frombuffer(content[begin : begin + HEAD], dtype=np.uint8)
        steps = np.isin(letters, [*b"[{"]).astype(np.int64) - np.isin(letters, [*b"]}"])
        depths = depth + np.cumsum(steps)
        ends = np.maximum.accumulate(np.where(letters == ord("\n"), np.arange(len(letters)), -1))
        depths -= np.where(ends >= 0, depths[ends], 0)
        if depths.max() > DEEPEST:
            raise InputError(f"{where} cannot be read: its brackets are more than {DEEPEST} deep")
        depth = int(depths[-1])


def open_excel(file: TableFile) -> OpenTable:
    """The first sheet of an Excel workbook that has rows.

    Raises
    ------
    InputError
        If openpyxl is not installed, or the file is no workbook.
    """
    try:
        import openpyxl
    except ImportError:
        raise InputError(
            f"{file.where}: Excel files are read by openpyxl, which is not installed; run pip "
            "install 'projektor-ray[excel]', or save the sheet as CSV"
        ) from None
    with file.open() as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                needed = sum(member.file_size for member in archive.infolist())
            file.limit.check(needed, file.size, file.where)
            stream.seek(0)
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
        except InputError:
            raise
        except Exception as failure:  # openpyxl passes on whatever broken XML raises
            raise unreadable(file.where, failure, "Excel") from None
    filled = {title: rows for title, rows in sheets.items() if len(rows) > 1}
    if not filled:
        raise InputError(f"{file.where} has no rows")
    title, *others = filled
    notes = (Note("sheets left out", len(others), listed(others)),) if others else ()
    return OpenTable.of(_sheet(filled[title], file.where), file.where, notes)


def _sheet(rows: list[tuple[Any, ...]], where: str) -> pa.Table:
    header, *body = rows
    width = max(len(header) - next((i for i, c in enumerate(header[::-1]) if c is not None), 0), 1)
    names = ["" if cell is None else str(cell) for cell in header[:width]]
    body = [row for row in body if any(cell is not None for cell in row)]
    check_names(names, where)
    columns = {}
    for i, name in enumerate(names):
        cells = [row[i] if i < len(row) else None for row in body]
        try:
            columns[name] = pa.array(cells)
        except (pa.ArrowException, OverflowError):
            columns[name] = pa.array([None if cell is None else str(cell) for cell in cells])
    return trimmed(pa.table(columns), where)
