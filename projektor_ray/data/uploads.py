"""A pilot that somebody sends: a table in bytes, bounded, which names no files."""

from dataclasses import replace

import numpy as np

from projektor_ray.data.labels import resolve_labels
from projektor_ray.data.memory_limit import MemoryLimit
from projektor_ray.data.open_table import OpenTable
from projektor_ray.data.origin import samples_of
from projektor_ray.data.samples import ImageSize, Samples, SampleSchema, Target
from projektor_ray.data.table_inputs import table_origin
from projektor_ray.data.tables import open_bytes
from projektor_ray.errors import InputError

KINDS = (".parquet", ".arrow", ".csv", ".csv.gz")
WHERE = "the pilot"
SEND = "send a table as Parquet, Arrow or CSV"
OTHER_FORMATS = {
    b"\x89PNG": "an image (PNG)",
    b"\xff\xd8\xff": "an image (JPEG)",
    b"%PDF": "a PDF file",
}
"""First bytes of files that people send by mistake → what they are."""
LONGEST_START = 200
MEMORY = MemoryLimit(0.5, is_upload=True)
"""Of one pilot's content, however many bytes are sent."""
CHANNELS = 3
SMALLEST = (1, 1)
"""Size of images that are refused in any case: their own may take any memory."""
MOST_ROWS = 100_000
MOST_COLUMNS = 20_000


def read_upload(
    content: bytes, schema: SampleSchema, target: Target, label: str | None = None
) -> Samples:
    """The samples of a pilot in bytes: Parquet, Arrow or CSV, by the rules of every source.

    Cells that name files are refused: what somebody sends must not reach a file system.

    Parameters
    ----------
    schema : of the validation set, which the pilot follows.
    target : what the validation set's labels are.
    label : column of the labels; absent: as for every source.

    Raises
    ------
    InputError
        If it is no such table, has too many rows or columns, takes too much memory, or no samples
        can be made of it.
    """
    if not content.strip():
        raise InputError(f"{WHERE} is empty; {SEND}")
    _check_format(content)
    table = open_bytes(content, WHERE, kinds=KINDS, limit=MEMORY)
    _check_extent(table)
    _check_images(table.rows, schema.image_size)
    table = replace(table, read_file=_refuse_file, is_upload=True)
    origin = table_origin(table, label=label, target=target, schema=schema)
    labels = resolve_labels(origin, target, schema)
    every = np.arange(table.rows)
    size = schema.image_size or SMALLEST
    samples = samples_of(origin, every, labels.values, labels, size)
    if samples.inputs.ndim == 4 and schema.image_size is None:
        raise InputError(
            f"{WHERE} holds images, and the validation set holds features. Send the features"
        )
    return samples


def _check_format(content: bytes) -> None:
    """Refuse files that are plainly no table, by how they begin."""
    for start, kind in OTHER_FORMATS.items():
        if content.startswith(start):
            raise InputError(f"{WHERE} is {kind}, which is not read; {SEND}")
    first = content[:LONGEST_START].lstrip().partition(b"\n")[0]
    if b"," not in first and first.startswith((b"#!", b"import ", b"from ", b'"""', b"def ")):
        raise InputError(f"{WHERE} is a program and no table; {SEND}")


def _check_extent(table: OpenTable) -> None:
    if table.rows > MOST_ROWS:
        raise InputError(
            f"{WHERE} has {table.rows:,} rows, and {MOST_ROWS:,} may be sent at most. Send a "
            "random part of them"
        )
    if len(table.names) > MOST_COLUMNS:
        raise InputError(
            f"{WHERE} has {len(table.names):,} columns, and {MOST_COLUMNS:,} may be sent at most. "
            "Send the features as one column of lists"
        )


def _check_images(rows: int, size: ImageSize | None) -> None:
    """Refuse more images than may be decoded: each takes its pixels, however small its file is."""
    if size is not None:
        MEMORY.check(rows * size[0] * size[1] * CHANNELS, 0, WHERE)


def _refuse_file(name: str) -> bytes:
    raise InputError(
        f"{WHERE} names files such as {name[:100]!r}, which are not read. Send the images "
        "themselves as a column of bytes"
    )
