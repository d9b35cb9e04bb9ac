"""Parquet, Arrow and ORC files: the columns that are needed, a batch of rows at a time."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from projektor_ray.data.open_table import BATCH, OpenTable, TableFile, check_names, unreadable

BATCH_BYTES = 2**26
"""A batch has fewer rows where they would take more than this."""
BUFFER = 2**20
"""Bytes of a column that are read at a time from a local file; of others the whole columns are."""
WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT96": 12}
"""Bytes of a value of a Parquet file's physical type; of other numbers 8."""


def open_parquet(file: TableFile) -> OpenTable:
    """A table of a Parquet file.

    Raises
    ------
    InputError
        If the file is broken.
    """
    with _reading(file, "Parquet") as stream:
        parquet = pq.ParquetFile(stream)
        schema, metadata = parquet.schema_arrow, parquet.metadata
    check_names(schema.names, file.where)

    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if not names:
            return
        needed = _decoded_size(metadata, names)
        file.limit.check(needed, file.size, file.where)
        rows = max(1, min(BATCH, BATCH_BYTES * metadata.num_rows // max(1, needed)))
        with file.open() as stream:
            opened = pq.ParquetFile(
                stream,
                read_dictionary=_byte_columns(schema, names),
                pre_buffer=not file.is_local,
                buffer_size=BUFFER if file.is_local else 0,
            )
            batches = opened.iter_batches(rows, columns=list(names))
            yield from _checked((batch.select(list(names)) for batch in batches), file)

    return OpenTable(file.where, schema, metadata.num_rows, read)


def open_arrow(file: TableFile) -> OpenTable:
    """A table of an Arrow file or stream, which Feather and Hugging Face's datasets write.

    Raises
    ------
    InputError
        If the file is broken.
    """
    with _reading(file, "Arrow") as stream:
        opened = _ipc(stream)
        batches = list(_checked(_validated(opened), file))
        table = pa.Table.from_batches(batches, opened.schema)
    check_names(table.column_names, file.where)
    return OpenTable.of(table, file.where)


def open_orc(file: TableFile) -> OpenTable:
    """A table of an ORC file.

    Raises
    ------
    InputError
        If the file is broken.
    """
    from pyarrow import orc

    with _reading(file, "ORC") as stream:
        opened = orc.ORCFile(stream)
        check_names(opened.schema.names, file.where)
        stripes = (opened.read_stripe(i) for i in range(opened.nstripes))
        table = pa.Table.from_batches(list(_checked(stripes, file)), opened.schema)
    return OpenTable.of(table, file.where)


@contextmanager
def _reading(file: TableFile, kind: str) -> Iterator[pa.NativeFile]:
    """The open file, whose errors name it and its format."""
    try:
        with file.open() as stream:
            yield stream
    except (pa.ArrowException, OSError) as failure:
        raise unreadable(file.where, failure, kind) from None


def _ipc(stream: pa.NativeFile) -> Any:
    """A reader of an Arrow file, which begins with ARROW1, or of a stream."""
    start = stream.read(6)
    stream.seek(0)
    return pa.ipc.open_file(stream) if start == b"ARROW1" else pa.ipc.open_stream(stream)


def _validated(opened: Any) -> Iterator[pa.RecordBatch]:
    """The batches of a reader, none of which points outside of its own memory."""
    if isinstance(opened, pa.ipc.RecordBatchFileReader):
        batches: Iterable[pa.RecordBatch] = map(opened.get_batch, range(opened.num_record_batches))
    else:
        batches = opened
    for batch in batches:
        batch.validate(full=True)
        yield batch


def _byte_columns(schema: pa.Schema, names: Sequence[str]) -> list[str]:
    """Columns of texts and bytes: they stay dictionaries, so that repeats take no memory."""
    kinds = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())
    return [name for name in names if schema.field(name).type in kinds]


def _decoded_size(metadata: pq.FileMetaData, names: Sequence[str]) -> int:
    """Bytes that the columns' numbers take in memory, with texts as the file stores them."""
    size, wanted = 0, set(names)
    for group in range(metadata.num_row_groups):
        for column in map(metadata.row_group(group).column, range(metadata.num_columns)):
            if wanted.isdisjoint(_above(column.path_in_schema)):
                continue
            if column.physical_type.endswith("BYTE_ARRAY"):
                size += column.total_uncompressed_size
            else:
                size += column.num_values * WIDTHS.get(column.physical_type, 8)
    return size


def _above(path: str) -> Iterator[str]:
    """A path within a column and what may be the column's name, which may hold dots too."""
    at = len(path)
    while at >= 0:
        yield path[:at]
        at = path.rfind(".", 0, at)


def _checked(batches: Iterable[pa.RecordBatch], file: TableFile) -> Iterator[pa.RecordBatch]:
    """The batches, until together they take more memory than the file's content may."""
    total = 0
    for batch in batches:
        total += sum(_expanded_size(column) for column in batch.columns)
        file.limit.check(total, file.size, file.where)
        yield batch


def _expanded_size(column: pa.Array) -> int:
    """Bytes of a column once its dictionary is replaced by its values."""
    if not pa.types.is_dictionary(column.type) or not len(column):
        return int(column.nbytes)
    values = column.dictionary
    if not hasattr(pa.types, "is_string_view") or not pa.types.is_string_view(values.type):
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = values.cast(pa.large_binary())
        if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
            lengths = pc.binary_length(values).take(column.indices)
            return int(pc.sum(lengths).as_py() or 0) + 8 * len(column)
    return 8 * len(column)
