"""Arrow schemas of a study's tables, and the folder they live in.

A study's folder is any `pyarrow.fs` location: a local path, `s3://…`, `gs://…`. Every file is
written beside and renamed into place, so that a reader never sees half of one and a crash at any
moment loses nothing that was finished.
"""

import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from projektor_ray.errors import InputError
from projektor_ray.storage.locations import open_filesystem
from projektor_ray.storage.retries import with_retries

SCHEMA_VERSION = 1

BESIDE = ".tmp"
"""How the names end of files that are not yet renamed into place; they begin with a dot."""

_DOUBLES = pa.list_(pa.float64())

SCHEMAS: dict[str, pa.Schema] = {
    "probes": pa.schema(
        [
            ("mixture_id", pa.string()),
            ("mixture", _DOUBLES),
            ("size", pa.int64()),
            ("seed", pa.int64()),
            ("learner", pa.string()),
            ("metric", pa.string()),
            ("value", pa.float64()),
            ("seconds", pa.float64()),
            ("status", pa.string()),
            ("error", pa.string()),
            ("attempt", pa.int64()),
            ("started_at", pa.timestamp("us", tz="UTC")),
        ]
    ),
    "distances": pa.schema(
        [
            ("mixture_id", pa.string()),
            ("mixture", _DOUBLES),
            ("value", pa.float64()),
            ("gradient", _DOUBLES),
            ("marginal_error", pa.float64()),
            ("converged", pa.bool_()),
            ("iterations", pa.int64()),
            ("seconds", pa.float64()),
        ]
    ),
    "design": pa.schema(
        [
            ("mixture_id", pa.string()),
            ("mixture", _DOUBLES),
            ("position", pa.int64()),
            ("gain", pa.float64()),
        ]
    ),
    "cards": pa.schema(
        [
            ("provider", pa.string()),
            ("samples", pa.int64()),
            ("distance", pa.float64()),
            ("wrong_labels", pa.float64()),
            ("wrong_labels_low", pa.float64()),
            ("wrong_labels_high", pa.float64()),
            ("outliers", pa.float64()),
            ("outliers_low", pa.float64()),
            ("outliers_high", pa.float64()),
            ("classes", pa.list_(pa.string())),
            ("missing_classes", pa.list_(pa.string())),
            ("unknown_classes", pa.float64()),
            ("copies_within", pa.int64()),
            ("copies_elsewhere", pa.int64()),
            ("copies_in_validation", pa.int64()),
            ("closest_provider", pa.string()),
            ("copies_in_closest", pa.int64()),
            ("least_valuable", pa.list_(pa.int64())),
            ("planned", pa.int64()),
            ("marginal_value", pa.float64()),
            ("without", pa.float64()),
        ]
    ),
    "values": pa.schema(
        [("provider", pa.string()), ("sample", pa.int64()), ("value", pa.float64())]
    ),
    "predictors": pa.schema(
        [
            ("predictor", pa.string()),
            ("size", pa.int64()),
            ("coefficients", _DOUBLES),
            ("mae", pa.float64()),
            ("mae_cv", pa.float64()),
            ("r2", pa.float64()),
            ("chosen", pa.bool_()),
        ]
    ),
    "projections": pa.schema(
        [
            ("mixture", _DOUBLES),
            ("size", pa.int64()),
            ("predictor", pa.string()),
            ("value", pa.float64()),
            ("low", pa.float64()),
            ("high", pa.float64()),
        ]
    ),
    "sets": pa.schema(
        [
            ("plan", pa.string()),
            ("size", pa.int64()),
            ("validation", pa.string()),
            ("predicted", pa.float64()),
            ("low", pa.float64()),
            ("high", pa.float64()),
        ]
    ),
    "plans": pa.schema(
        [
            ("plan", pa.string()),
            ("size", pa.int64()),
            ("provider", pa.string()),
            ("share", pa.float64()),
            ("samples", pa.int64()),
            ("price", pa.float64()),
            ("cost", pa.float64()),
            ("marginal_value", pa.float64()),
            ("predicted", pa.float64()),
            ("low", pa.float64()),
            ("high", pa.float64()),
            ("gain", pa.float64()),
            ("gain_low", pa.float64()),
            ("gain_high", pa.float64()),
            ("share_low", pa.float64()),
            ("share_high", pa.float64()),
            ("agreement", pa.float64()),
            ("regret", pa.float64()),
            ("capacity_value", pa.float64()),
            ("budget_value", pa.float64()),
        ]
    ),
}

KEYS: dict[str, tuple[str, ...]] = {
    "probes": ("mixture_id", "size", "seed", "learner", "metric"),
    "distances": ("mixture_id",),
    "design": ("mixture_id",),
}
"""The columns that identify a row of a ledger."""

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class TableMetadata:
    """What every file says of itself, in its schema metadata.

    Attributes
    ----------
    study : the study's name.
    providers : the order of providers in `mixture` and `gradient` columns.
    input_hash : content hash of what determined the rows beyond their own key columns.
    validation : name of the validation set that the rows are of, where it has one.
    """

    study: str
    providers: tuple[str, ...]
    input_hash: str
    validation: str = ""

    def metadata(self) -> dict[str, str]:
        named = {"projektor.validation": self.validation} if self.validation else {}
        return named | {
            "projektor.study": self.study,
            "projektor.providers": json.dumps(self.providers),
            "projektor.schema_version": str(SCHEMA_VERSION),
            "projektor.input_hash": self.input_hash,
        }

    @staticmethod
    def of(schema: pa.Schema) -> "TableMetadata":
        metadata = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
        version = metadata.get("projektor.schema_version")
        if version != str(SCHEMA_VERSION):
            raise InputError(
                f"expected a table of schema version {SCHEMA_VERSION}, written by projektor-ray; "
                f"got version {version or 'none'}"
            )
        return TableMetadata(
            metadata["projektor.study"],
            tuple(json.loads(metadata["projektor.providers"])),
            metadata["projektor.input_hash"],
            metadata.get("projektor.validation", ""),
        )


def make_table(name: str, rows: Iterable[Row], stamp: TableMetadata) -> pa.Table:
    """The rows as an Arrow table of the schema `name`, stamped."""
    schema = SCHEMAS[name].with_metadata(stamp.metadata())
    return pa.Table.from_pylist(list(rows), schema=schema)


class Folder:
    """A place for tables: a local folder or any URI that `pyarrow.fs` understands.

    Attributes
    ----------
    uri : the place in full, which other processes find whatever their current folder is.
    """

    def __init__(self, uri: str | Path) -> None:
        self._filesystem, self._base = open_filesystem(str(uri))
        self.uri = str(uri) if "://" in str(uri) else self._base

    @property
    def is_local(self) -> bool:
        return isinstance(self._filesystem, pafs.LocalFileSystem)

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole: beside, flushed to the disk, and renamed into place.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long; an earlier file stays as it was.
        """
        with_retries(
            f"write {name} in {self.uri}", lambda: self._write_once(f"{self._base}/{name}", content)
        )

    def _write_once(self, target: str, content: bytes) -> None:
        parent, leaf = target.rsplit("/", 1)
        self._filesystem.create_dir(parent, recursive=True)
        beside = f"{parent}/.{leaf}.{uuid.uuid4().hex}{BESIDE}"
        if not self.is_local:
            with self._filesystem.open_output_stream(beside) as stream:
                stream.write(content)
            self._filesystem.move(beside, target)
            return
        try:
            with Path(beside).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(target)
        finally:
            Path(beside).unlink(missing_ok=True)
        _flush_folder(parent)

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises
        ------
        FileNotFoundError
            If there is none.
        StorageError
            If the storage refuses it, or fails for too long.
        """
        content = with_retries(f"read {name} in {self.uri}", lambda: self._read_once(name))
        if content is None:
            raise FileNotFoundError(f"{self.uri}/{name}")
        return content

    def _read_once(self, name: str) -> bytes | None:
        try:
            with self._filesystem.open_input_stream(f"{self._base}/{name}") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None

    def names(self, under: str) -> list[str]:
        """Names of the finished files directly in a subfolder, sorted; half-written ones hidden.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        return [name for name in self._listed(under) if not _is_hidden(name)]

    def half_written(self, under: str) -> list[str]:
        """Names of the files in a subfolder that are being written, or that a crash left so.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        return [name for name in self._listed(under) if _is_hidden(name) and name.endswith(BESIDE)]

    def _listed(self, under: str) -> list[str]:
        selector = pafs.FileSelector(f"{self._base}/{under}", allow_not_found=True)
        what = f"list {under} in {self.uri}"
        found = with_retries(what, lambda: self._filesystem.get_file_info(selector))
        return sorted(f"{under}/{info.base_name}" for info in found if info.is_file)

    def delete(self, name: str) -> None:
        """Delete a file, unless somebody else has.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        with_retries(f"delete {name} in {self.uri}", lambda: self._delete_once(name))

    def _delete_once(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._filesystem.delete_file(f"{self._base}/{name}")

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table whole as `NAME.parquet` (zstd), replacing an earlier one."""
        self.write(f"{name}.parquet", encode(table))

    def read_table(self, name: str) -> pa.Table:
        """The table `NAME.parquet`.

        Raises
        ------
        InputError
            If there is none, or it was not written by this project.
        """
        try:
            table = pq.read_table(BytesIO(self.read(f"{name}.parquet")))
        except FileNotFoundError:
            raise InputError(
                f"expected the table {name}.parquet in {self.uri}, found none; "
                "run the stage that writes it first (jobs.study runs all)"
            ) from None
        TableMetadata.of(table.schema)
        return table


def in_order(values: Sequence[float], stored: Sequence[str], wanted: Sequence[str]) -> list[float]:
    """A per-provider list re-ordered from the stored provider order to the wanted one.

    Providers that the stored row does not know have a share of 0.
    """
    by_name: Mapping[str, float] = dict(zip(stored, values, strict=True))
    return [by_name.get(name, 0.0) for name in wanted]


def encode(table: pa.Table) -> bytes:
    """A table as the bytes of a Parquet file (zstd)."""
    buffer = BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _is_hidden(name: str) -> bool:
    return name.rsplit("/", 1)[1].startswith(".")


def _flush_folder(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
