"""A table that is open: its schema and number of rows are known, its columns are read on demand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from projektor_ray.data.memory_limit import MemoryLimit
from projektor_ray.data.plain_columns import plain, plain_type
from projektor_ray.data.source_reading import Note
from projektor_ray.errors import InputError
from projektor_ray.storage.locations import locate

BATCH = 2**16
"""Rows that are read at a time."""


@dataclass(frozen=True, eq=False)
class TableFile:
    """A file that holds a table.

    Attributes
    ----------
    where : the file, as messages name it.
    open : opens its bytes, in memory of Arrow's own.
    size : number of its bytes.
    encoding : of its text; empty: UTF-8, or as its first bytes say.
    is_local : whether many small reads of it cost no more than a large one.
    """

    where: str
    open: Callable[[], pa.NativeFile]
    size: int
    limit: MemoryLimit
    encoding: str = ""
    is_local: bool = False


def read_named(name: str) -> bytes:
    """The bytes of a file by its path or URI.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    return locate(name).read()


@dataclass(frozen=True, eq=False)
class OpenTable:
    """A table of any format.

    Attributes
    ----------
    where : the table, as messages name it.
    schema : its columns and its metadata, as the file has them.
    rows : their number.
    read : names of columns → batches of rows, in order.
    read_file : reads a file that a cell names, by its path from the table's folder, or its URI.
    notes : what a person should know of its reading.
    is_upload : whether somebody sent the table to the service, who cannot change a study file.
    """

    where: str
    schema: pa.Schema
    rows: int
    read: Callable[[Sequence[str]], Iterator[pa.RecordBatch]]
    read_file: Callable[[str], bytes] = read_named
    notes: tuple[Note, ...] = ()
    is_upload: bool = False

    @staticmethod
    def of(table: pa.Table, where: str, notes: tuple[Note, ...] = ()) -> "OpenTable":
        """An open table of one that is in memory."""

        def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
            yield from table.select(list(names)).to_batches(max_chunksize=BATCH)

        return OpenTable(where, table.schema, table.num_rows, read, notes=notes)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.schema.names)

    def batches(self, names: Sequence[str]) -> Iterator[list[pa.Array]]:
        """The columns of each batch of rows, of plain types.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        kinds = [plain_type(self.schema.field(name).type) for name in names]
        try:
            for batch in self.read(names):
                columns = map(plain, batch.columns)
                yield [c if c.type == k else c.cast(k) for c, k in zip(columns, kinds, strict=True)]
        except (pa.ArrowException, OSError, ValueError) as failure:
            raise unreadable(self.where, failure) from None

    def table(self, names: Sequence[str] | None = None) -> pa.Table:
        """The whole table, or some of its columns, of plain types.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        names = self.names if names is None else list(names)
        parts: list[list[pa.Array]] = [[] for _ in names]
        for batch in self.batches(names):
            for part, column in zip(parts, batch, strict=True):
                part.append(column)
        kinds = [plain_type(self.schema.field(name).type) for name in names]
        columns = [pa.chunked_array(p, k) for p, k in zip(parts, kinds, strict=True)]
        return pa.table(columns, names=names)


def unreadable(where: str, failure: Exception, kind: str = "") -> InputError:
    """What to raise where a file's content is not of the kind that its name says."""
    if isinstance(failure, InputError):
        return failure
    kind = f" as {kind}" if kind else ""
    return InputError(f"{where} cannot be read{kind}: {failure}. Is the file whole?")


def check_names(names: Sequence[str], where: str) -> None:
    """Refuse two columns of one name.

    Raises
    ------
    InputError
        Names them.
    """
    if len(set(names)) == len(names):
        return
    twice = sorted({name for name in names if names.count(name) > 1})
    raise InputError(
        f"{where}: each column needs a name of its own; more than one is called "
        f"{', '.join(map(repr, twice))}. Rename or drop all but one"
    )
