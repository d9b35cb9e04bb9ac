"""Tables written to files in every format that is read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.feather as feather
import pyarrow.orc as orc
import pyarrow.parquet as pq


def write_stream(table: pa.Table, path: str) -> None:
    with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table)


def write_file(table: pa.Table, path: str) -> None:
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def write_json_lines(table: pa.Table, path: str) -> None:
    import json

    Path(path).write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))


def write_excel(table: pa.Table, path: str) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(table.column_names)
    for row in table.to_pylist():
        book.active.append(list(row.values()))
    book.save(path)


TABLE_WRITERS: dict[str, Callable[[pa.Table, str], Any]] = {
    "parquet": pq.write_table,
    "arrow": write_file,
    "feather": feather.write_feather,
    "arrows": write_stream,
    "orc": orc.write_table,
    "csv": pacsv.write_csv,
    "jsonl": write_json_lines,
    "xlsx": write_excel,
}
