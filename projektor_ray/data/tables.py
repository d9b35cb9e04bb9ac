"""Any table, the one reader of them: files, folders, standard input, data frames.

Pilots and tables of runs are read by the same rules, listed in `table_formats`.
"""

import posixpath
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from projektor_ray.data.images import IMAGE_ENDINGS
from projektor_ray.data.memory_limit import EXPANSION, MemoryLimit
from projektor_ray.data.open_table import OpenTable, TableFile, check_names, read_named
from projektor_ray.data.source_reading import notes_of, with_notes
from projektor_ray.data.table_folders import (
    check_lake,
    check_splits,
    data_files,
    join_parts,
    left_out,
)
from projektor_ray.data.table_formats import COMPRESSIONS, TABLE_FORMATS, TableFormat
from projektor_ray.errors import InputError, nearest
from projektor_ray.storage.locations import Location, locate

SHOWN = 5
PARSED = 16
"""How many times its own size a text may take as columns."""
STANDARD_INPUT = "-"
STARTS = {
    b"PAR1": ".parquet",
    b"ARROW1": ".arrow",
    b"\xff\xff\xff\xff": ".arrow",
    b"ORC": ".orc",
    b"PK": ".xlsx",
    b"\x1f\x8b": ".csv.gz",
    b"{": ".json",
    b"[": ".json",
}
"""What standard input begins with, and the ending of a file that begins so; else it is CSV."""


def read_table(source: Any, *, encoding: str = "") -> pa.Table:
    """A table, its columns of plain types; see `table_formats` for what is read and how.

    Parameters
    ----------
    source : a path or URI of a file or folder, `-` for standard input, or an object: a
        `pyarrow.Table`, a pandas or polars DataFrame, or a dict of columns.
    encoding : of a text file that is not UTF-8.

    Raises
    ------
    InputError
        If nothing is there, the file is of another kind or broken, or there is no row.
    """
    if isinstance(source, str | Path):
        opened = open_table(str(source), encoding=encoding)
    else:
        opened = open_object(source)
    if not opened.rows:
        raise InputError(f"{opened.where} has no rows; expected at least one")
    return with_notes(opened.table(), opened.notes)


def open_table(where: str, *, encoding: str = "") -> OpenTable:
    """The table of a path or URI, or `-` for standard input.

    Raises
    ------
    InputError
        If nothing is there, or the file is of another kind or broken.
    """
    if where == STANDARD_INPUT:
        return open_bytes(sys.stdin.buffer.read(), "standard input", encoding=encoding)
    return open_location(locate(where), encoding=encoding, limit=MemoryLimit())


def open_bytes(
    content: bytes,
    where: str,
    *,
    kinds: Collection[str] = (),
    encoding: str = "",
    limit: MemoryLimit | None = None,
) -> OpenTable:
    """The table that bytes hold, of the kind that they begin like; else CSV.

    Parameters
    ----------
    where : the bytes, as messages name them.
    kinds : endings of the kinds that may be read; absent: all.
    limit : of the memory that the content may take; absent: as for files.

    Raises
    ------
    InputError
        If they are of another kind, or broken.
    """
    buffer = pa.py_buffer(content)
    ending = next((ending for mark, ending in STARTS.items() if content.startswith(mark)), ".csv")
    if kinds and ending not in kinds:
        raise InputError(
            f"{where} is a {ending} file by its first bytes; expected one of {', '.join(kinds)}"
        )
    limit = limit or MemoryLimit()
    file = TableFile(where, lambda: pa.BufferReader(buffer), buffer.size, limit, encoding)
    return _opened(file, f"{where}{ending}")


def open_location(location: Location, *, encoding: str = "", limit: MemoryLimit) -> OpenTable:
    """The table of a file, or of a folder of them.

    Raises
    ------
    InputError
        If a folder holds no tables, or the file is of another kind or broken.
    """
    if not location.is_folder:
        file = _file(location, location.path, location.where, encoding, limit)
        table = _opened(file, location.path)
        return replace(table, read_file=_reader(location, posixpath.dirname(location.path)))
    inside = relative_paths(location)
    chosen = table_parts(inside)
    if not chosen:
        raise InputError(
            f"{location.where} holds no table: expected files that end in {_endings()}; it holds "
            f"{', '.join(inside[:SHOWN]) or 'no files'}"
        )
    check_splits(chosen, location.where)
    parts = []
    for name in chosen:
        path = posixpath.join(location.path, name)
        parts.append(_opened(_file(location, path, path, encoding, limit), name))
    table = join_parts(parts, chosen, location.where)
    others = left_out([name for name in inside if name not in set(chosen)])
    read_file = _reader(location, location.path)
    return replace(table, notes=(*table.notes, *others), read_file=read_file)


def relative_paths(location: Location) -> list[str]:
    """Paths within a folder of the files that hold its data.

    Raises
    ------
    InputError
        If the folder is of a kind that only its own packages can read.
    """
    check_lake(location.inside, location.where)
    return data_files(location.inside)


def table_parts(inside: Sequence[str]) -> list[str]:
    """Of a folder's files, those of the first format in the list that any of them has.

    Text files next to images are none: the folder is one of images.
    """
    has_images = any(name.lower().endswith(IMAGE_ENDINGS) for name in inside)
    formats = [_format(name) for name in inside]
    for each in TABLE_FORMATS:
        parts = [name for name, own in zip(inside, formats, strict=True) if own is each]
        if parts and not (has_images and each.is_text):
            return parts
    return []


def open_object(source: Any) -> OpenTable:
    """The table of an object that is one; an index of pandas is a column where it has a name.

    Raises
    ------
    InputError
        If it cannot be read as a table.
    """
    name = type(source).__name__
    try:
        if isinstance(source, pa.Table):
            table = source
        elif type(source).__module__.split(".")[0] == "pandas":
            table = _of_pandas(source)
        else:
            table = pa.table(source)
    except (pa.ArrowException, TypeError, ValueError, AttributeError) as failure:
        raise InputError(
            f"expected a path, a DataFrame or a pyarrow Table; got {name}, which cannot be read "
            f"as a table: {failure}"
        ) from None
    where = "the table" if isinstance(source, pa.Table) else "the data frame"
    check_names(table.column_names, where)
    return OpenTable.of(table, where, notes_of(table))


def _of_pandas(frame: Any) -> pa.Table:
    """The columns, and the levels of the index that have names of their own, as files have them."""
    levels = getattr(frame.index, "names", [None])
    named = [name is not None and name not in frame.columns for name in levels]
    if not any(named):
        return pa.Table.from_pandas(frame, preserve_index=False)
    unnamed = [level for level, has_name in enumerate(named) if not has_name]
    return pa.Table.from_pandas(frame.droplevel(unnamed) if unnamed else frame, preserve_index=True)


def _format(name: str) -> TableFormat | None:
    ending, compression = _ending(name)
    return next(
        (
            each
            for each in TABLE_FORMATS
            if ending in each.endings and (each.is_text or not compression)
        ),
        None,
    )


def _ending(name: str) -> tuple[str, str]:
    """The ending of a file's name, and the compression that a further one says."""
    stem, ending = posixpath.splitext(name.lower())
    if ending not in COMPRESSIONS:
        return ending, ""
    return posixpath.splitext(stem)[1], COMPRESSIONS[ending]


def _endings() -> str:
    return ", ".join(ending for each in TABLE_FORMATS for ending in each.endings)


def _file(
    location: Location, path: str, where: str, encoding: str, limit: MemoryLimit
) -> TableFile:
    local = location.filesystem.type_name == "local"
    size = location.size(path)
    return TableFile(where, lambda: location.open(path), size, limit, encoding, local)


def _opened(file: TableFile, name: str) -> OpenTable:
    format_of_name = _format(name)
    if format_of_name is None:
        ending, compression = _ending(name)
        raise InputError(
            f"{file.where}: expected a table that ends in {_endings()}; "
            f"{nearest(ending, [e for each in TABLE_FORMATS for e in each.endings])}"
            + (". Files of this kind cannot be compressed as a whole" if compression else "")
        )
    _, compression = _ending(name)
    return format_of_name.open(_decompressed(file, compression) if compression else file)


def _decompressed(file: TableFile, compression: str) -> TableFile:
    """The file's content in memory, of which more is not read than it may take."""
    allowed = file.limit.allowed(file.size)
    try:
        with file.open() as stream, pa.CompressedInputStream(stream, compression) as content:
            buffer = content.read_buffer(allowed + 1)
    except (pa.ArrowException, OSError) as failure:
        raise InputError(f"{file.where} cannot be read as {compression}: {failure}") from None
    suspicious = buffer.size > EXPANSION * file.size
    file.limit.check(buffer.size * (PARSED if suspicious else 1), file.size, file.where)
    opener: Callable[[], pa.NativeFile] = lambda: pa.BufferReader(buffer)  # noqa: E731
    return TableFile(file.where, opener, buffer.size, file.limit, file.encoding)


def _reader(location: Location, folder: str) -> Callable[[str], bytes]:
    """Reads files that cells of a table name, by their paths from a folder or their URIs."""

    def read(name: str) -> bytes:
        if "://" in name:
            return read_named(name)
        return location.read(posixpath.join(folder, name))

    return read
