"""Tables as the bytes of Parquet files that carry a checksum of themselves.

The checksum is the SHA-256 of the whole file with zeros in its own place. It is an entry of the
file's metadata, so that any reader of Parquet reads the file.
"""

import hashlib
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from projektor_ray.errors import DamagedError
from projektor_ray.storage.table_metadata import TableMetadata, schema_version

UNCHECKED_VERSION = "1"
"""The schema version whose files have no checksum."""

KEY = "projektor.sha256"
BLANK = "0" * 64
MARK = f"{KEY}\x18\x40".encode()
"""The key in the file's metadata, and the type and length of the text that follows it."""


def encode(table: pa.Table) -> bytes:
    """The table as the bytes of a Parquet file (zstd) with its checksum."""
    buffer = BytesIO()
    with pq.ParquetWriter(buffer, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({KEY: BLANK})
    content = bytearray(buffer.getvalue())
    start = content.rindex(MARK) + len(MARK)
    content[start : start + len(BLANK)] = hashlib.sha256(content).hexdigest().encode()
    return bytes(content)


def decode(content: bytes, name: str) -> tuple[pa.Table, TableMetadata]:
    """The table in the bytes of the file `name`, and what it states about itself.

    Raises
    ------
    DamagedError
        If the bytes are not those that were written.
    InputError
        If another version of this program wrote them.
    """
    if not _is_whole(content):
        if _version(content) == UNCHECKED_VERSION:
            TableMetadata.of(pq.read_schema(BytesIO(content)), name)
        raise DamagedError(
            f"{name} is damaged: its content is not what projektor-ray wrote; delete the file, and "
            "run the same command again to compute it again"
        )
    # In this thread alone: a thread of Arrow's that lets go of Python's memory while the
    # interpreter ends would abort the process.
    table = pq.ParquetFile(BytesIO(content)).read(use_threads=False)
    return table, TableMetadata.of(table.schema, name)


def _is_whole(content: bytes) -> bool:
    """Whether the checksum in the bytes is theirs."""
    start = content.rfind(MARK) + len(MARK)
    end = start + len(BLANK)
    blank = bytearray(content)
    blank[start:end] = BLANK.encode()
    return content[start:end] == hashlib.sha256(blank).hexdigest().encode()


def _version(content: bytes) -> str | None:
    """The schema version that unchecked bytes state; None where they state none."""
    try:
        return schema_version(pq.read_schema(BytesIO(content)))
    except (pa.ArrowException, OSError, ValueError):
        return None
