"""Any table as an Arrow table: CSV, Parquet, Arrow files, DataFrames."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from projektor_ray.errors import InputError
from projektor_ray.storage.locations import locate

OTHER_MARKS = (";", "\t", "|")
LONGEST_HEADER = 2**20


def read_table(source: Any) -> pa.Table:
    """A table from a path or URI (`.csv`, `.tsv`, `.parquet`, `.arrow`, `.feather`), or an object.

    Objects may be a `pyarrow.Table`, a pandas or polars DataFrame, or a dict of columns.

    Raises
    ------
    InputError
        If nothing is there, the file is of another kind or broken, or there is no row.
    """
    table = _from_file(str(source)) if isinstance(source, str | Path) else _from_object(source)
    if not table.num_rows:
        raise InputError("expected a table with a row for each training; got one without rows")
    _check_names(table.column_names)
    return table


def _check_names(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"each column needs a name of its own; more than one is called {', '.join(twice)}. "
            "Rename or drop all but one"
        )


def _check_separator(content: bytes) -> None:
    """Refuse a first line that something else than commas divides."""
    header = content.split(b"\n", 1)[0].decode(errors="replace").strip()
    if "," not in header and (mark := next((m for m in OTHER_MARKS if m in header), "")):
        raise InputError(
            f"the columns of a .csv file are separated by commas; these seem to be by {mark!r}: "
            f"{header}. Save it with commas, and with points in its numbers"
        )


def _from_file(where: str) -> pa.Table:
    found = locate(where)
    ending = Path(found.path).suffix.lower()
    buffer = found.buffer()
    content = pa.BufferReader(buffer)
    if ending == ".csv":
        _check_separator(bytes(buffer[:LONGEST_HEADER]))
    try:
        if ending in (".csv", ".tsv"):
            options = pacsv.ParseOptions(delimiter="\t" if ending == ".tsv" else ",")
            return pacsv.read_csv(content, parse_options=options)
        if ending in (".parquet", ".pq"):
            return pq.read_table(content)
        if ending in (".arrow", ".feather", ".ipc"):
            return pa.ipc.open_file(content).read_all()
    except pa.ArrowException as failure:
        raise InputError(f"cannot read {where} as {ending[1:]}: {failure}") from None
    raise InputError(f"expected a table in a .csv, .tsv, .parquet or .arrow file; got {where}")


def _from_object(source: Any) -> pa.Table:
    try:
        if isinstance(source, pa.Table):
            return source
        if type(source).__module__.split(".")[0] == "pandas":
            return pa.Table.from_pandas(source, preserve_index=False)
        return pa.table(source)
    except (pa.ArrowException, TypeError, ValueError) as failure:
        raise InputError(
            f"expected a path, a DataFrame or a pyarrow Table; got {type(source).__name__}, "
            f"which cannot be read as a table: {failure}"
        ) from None
