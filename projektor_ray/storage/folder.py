"""The folder of a study's tables: any location that `pyarrow.fs` reads.

Every file is written under a temporary name and renamed into place. A reader never sees half of a
file, and a crash at any moment keeps everything that was finished.
"""

import logging
import os
import re
import uuid
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from projektor_ray.errors import DamagedError, InputError, redacted
from projektor_ray.storage.checked_parquet import decode, encode
from projektor_ray.storage.locations import open_filesystem
from projektor_ray.storage.retries import with_retries
from projektor_ray.storage.table_columns import kind_of, with_columns

logger = logging.getLogger(__name__)

HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{32}\.tmp")
"""Names of files that are not yet renamed into place."""


class Folder:
    """A place for tables: a local folder or any URI that `pyarrow.fs` understands.

    Attributes
    ----------
    uri : the place in full, which other processes find whatever their current folder is.
    shown : the same for people to read, without credentials.
    """

    def __init__(self, uri: str | Path) -> None:
        self._filesystem, self._base = open_filesystem(str(uri))
        self.uri = str(uri) if "://" in str(uri) else self._base
        self.shown = redacted(self.uri)

    @property
    def is_local(self) -> bool:
        return isinstance(self._filesystem, pafs.LocalFileSystem)

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole: under a temporary name, flushed to the disk, and renamed into place.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long; an earlier file stays as it was.
        """
        with_retries(
            f"write {name} in {self.shown}",
            lambda: self._write_once(f"{self._base}/{name}", content),
        )

    def _write_once(self, target: str, content: bytes) -> None:
        parent, leaf = target.rsplit("/", 1)
        self._filesystem.create_dir(parent, recursive=True)
        temporary = f"{parent}/.{leaf}.{uuid.uuid4().hex}.tmp"
        if not self.is_local:
            with self._filesystem.open_output_stream(temporary) as stream:
                stream.write(content)
            self._filesystem.move(temporary, target)
            return
        try:
            with Path(temporary).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        finally:
            Path(temporary).unlink(missing_ok=True)
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
        content = with_retries(f"read {name} in {self.shown}", lambda: self._read_once(name))
        if content is None:
            raise FileNotFoundError(f"{self.shown}/{name}")
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
        return [name for name in self._names_under(under) if not _is_hidden(name)]

    def changes(self, under: str = "") -> list[tuple[str, int, int]]:
        """Name, bytes and time of change of each finished file directly in a subfolder, sorted.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        return [
            (info.base_name, int(info.size), int(info.mtime_ns or 0))
            for info in self._files(under)
            if not _is_hidden(info.base_name)
        ]

    def remove_half_written(self, under: str = "") -> None:
        """Remove, and log, what a crash left half-written in a subfolder or the folder itself.

        Only for the single writer of the files there: it will finish a file that it is writing.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        for name in self._names_under(under):
            if HALF_WRITTEN.fullmatch(name.rsplit("/", 1)[-1]):
                says = "removing %s of %s, which a crash left half-written"
                logger.warning(says, name, self.shown)
                self.delete(name)

    def _names_under(self, under: str) -> list[str]:
        names = (info.base_name for info in self._files(under))
        return [f"{under}/{name}" if under else name for name in names]

    def _files(self, under: str) -> list[pafs.FileInfo]:
        """Files directly in a subfolder, by their names."""
        selector = pafs.FileSelector(f"{self._base}/{under}".rstrip("/"), allow_not_found=True)
        what = f"list {under} in {self.shown}"
        entries = with_retries(what, lambda: self._filesystem.get_file_info(selector))
        return sorted((one for one in entries if one.is_file), key=lambda one: one.base_name)

    def delete(self, name: str) -> None:
        """Delete a file, unless somebody else has.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        with_retries(f"delete {name} in {self.shown}", lambda: self._delete_once(name))

    def _delete_once(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._filesystem.delete_file(f"{self._base}/{name}")

    def move(self, name: str, target: str) -> None:
        """Rename a file within the folder.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        with_retries(f"move {name} in {self.shown}", lambda: self._move_once(name, target))

    def _move_once(self, name: str, target: str) -> None:
        place = f"{self._base}/{target}"
        self._filesystem.create_dir(place.rsplit("/", 1)[0], recursive=True)
        self._filesystem.move(f"{self._base}/{name}", place)

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a table whole as `NAME.parquet` (zstd), replacing an earlier one."""
        self.write(f"{name}.parquet", encode(table))

    def read_table(self, name: str) -> pa.Table:
        """The table `NAME.parquet`.

        Raises
        ------
        DamagedError
            If its content is not what was written.
        InputError
            If there is none, or another version of this program wrote it.
        """
        try:
            content = self.read(f"{name}.parquet")
        except FileNotFoundError:
            raise InputError(
                f"there is no table {name}.parquet in {self.shown}; run the study first "
                "(python -m jobs.study)"
            ) from None
        where, kind = f"{self.shown}/{name}.parquet", kind_of(name)
        table = decode(content, where)[0]
        return table if kind is None else with_columns(table, kind, where)

    def read_schema(self, name: str) -> pa.Schema | None:
        """The schema of a Parquet file, without its rows; None if there is none, or it is damaged.

        Raises
        ------
        StorageError
            If the storage refuses it, or fails for too long.
        """
        return with_retries(f"read {name} in {self.shown}", lambda: self._schema_once(name))

    def _schema_once(self, name: str) -> pa.Schema | None:
        try:
            with self._filesystem.open_input_file(f"{self._base}/{name}") as file:
                return pq.read_schema(file)
        except (FileNotFoundError, pa.ArrowInvalid):
            return None
        except OSError as failure:
            if failure.errno is not None:
                raise
            return None  # what Arrow says of a footer that it cannot decode

    def is_damaged(self, name: str) -> bool:
        """Whether there is a table `NAME.parquet` whose content is not what was written."""
        try:
            self.read_table(name)
        except DamagedError:
            return True
        except InputError:
            return False
        return False


def _is_hidden(name: str) -> bool:
    return name.rsplit("/", 1)[-1].startswith(".")


def _flush_folder(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
