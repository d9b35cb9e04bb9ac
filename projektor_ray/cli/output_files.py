"""Files that the commands of `projektor` write."""

from pathlib import Path

import pyarrow as pa

from projektor_ray.cli import screen
from projektor_ray.cli.options import OutputOptions
from projektor_ray.runs.table_files import table_bytes
from projektor_ray.storage.folder import Folder


def finish(table: pa.Table, output: OutputOptions) -> None:
    """Write rows where a file was asked for."""
    if output.out is not None:
        content = table_bytes(table, output.out.suffix)
        save(output.out, content, f"{table.num_rows:,} rows to ")


def save(out: Path, content: bytes, what: str = "") -> None:
    """Write a temporary file and rename it, so that a full disk spares an earlier one."""
    Folder(out.absolute().parent).write(out.name, content)
    screen.status("Wrote", f"{what}{out}")
