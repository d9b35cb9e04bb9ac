"""Local paths and URIs as places in a `pyarrow.fs` file system: the one wrapper of them."""

import difflib
import posixpath
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from projektor_ray.errors import InputError
from projektor_ray.storage.folder_files import files_below

SHOWN = 8
ANSWER_WITHIN = 9
"""Seconds in which a file system must answer what is there."""
GCS_RETRIES = 3
"""Seconds of retries at Google Cloud Storage, of which it makes for 15 minutes by default."""

NO_FILE = (
    "{} is neither a file nor a folder, but a pipe, socket or device. Write its content to a file"
)


@dataclass(frozen=True, eq=False)
class Location:
    """A file or folder that exists.

    Attributes
    ----------
    where : as the user wrote it.
    path : within the filesystem.
    files : a folder's files, recursively, sorted; a file's own path alone.
    """

    where: str
    filesystem: pafs.FileSystem
    path: str
    is_folder: bool
    files: tuple[str, ...]

    @cached_property
    def inside(self) -> list[str]:
        """Paths of a folder's files within it."""
        above = f"{self.path.rstrip('/')}/"
        return [path.removeprefix(above) for path in self.files]

    def read(self, path: str | None = None) -> bytes:
        """A file's bytes; those of the location itself by default."""
        try:
            with self.open(path or self.path) as file:
                return bytes(file.read())
        except OSError as failure:
            raise InputError(f"cannot read {path or self.where}: {failure}") from None

    def open(self, path: str) -> pa.NativeFile:
        """A file, open for reading, whose bytes are in memory of Arrow's own.

        Its readers' threads may let go of them after the reader is done. Of memory of Python's they
        could not without the interpreter, at whose end they would abort the process.

        Raises
        ------
        InputError
            If it cannot be read, or is a pipe or a device, which might never end.
        """
        is_local = isinstance(self.filesystem, pafs.LocalFileSystem)
        if is_local and self.filesystem.get_file_info(path).type == pafs.FileType.Unknown:
            raise InputError(NO_FILE.format(path))
        try:
            return self.filesystem.open_input_file(path)
        except OSError as failure:
            raise InputError(f"cannot read {path}: {failure}") from None

    def size(self, path: str) -> int:
        """The number of a file's bytes."""
        with self.open(path) as file:
            return int(file.size())


def open_filesystem(where: str) -> tuple[pafs.FileSystem, str]:
    """The file system of a local path or URI, and the absolute path within it.

    Raises
    ------
    OSError, pyarrow.ArrowException
        If there is no file system of that scheme, or it cannot be reached.
    """
    if "://" not in where:
        return pafs.LocalFileSystem(), str(Path(where).absolute())
    scheme = where.partition("://")[0]
    if scheme in ("gs", "gcs") and "retry_limit_seconds" not in where:
        where += f"{'&' if '?' in where else '?'}retry_limit_seconds={GCS_RETRIES}"
    filesystem, path = pafs.FileSystem.from_uri(where)
    return filesystem, path


def locate(where: str, filesystem: pafs.FileSystem | None = None) -> Location:
    """Find a local path or URI.

    Parameters
    ----------
    filesystem : the filesystem that `where` is a path in, instead of the one that it names.

    Raises
    ------
    InputError
        If nothing is there (with what is near), it is neither a file nor a folder, or its place
        cannot be reached or does not answer in time.
    """
    try:
        if filesystem is not None:
            return _locate(where, filesystem, where)
        return _in_time(lambda: _locate(where, *open_filesystem(where)), where)
    except (OSError, pa.ArrowException) as failure:
        raise InputError(f"cannot reach {where}: {failure}") from None


def _locate(where: str, filesystem: pafs.FileSystem, path: str) -> Location:
    info = filesystem.get_file_info(path)
    if info.type == pafs.FileType.NotFound:
        raise InputError(f"there is no file or folder {where}; {_near(filesystem, path)}")
    if info.type == pafs.FileType.Unknown:
        raise InputError(NO_FILE.format(where))
    is_folder = info.type == pafs.FileType.Directory
    files = files_below(filesystem, path, where) if is_folder else (path,)
    return Location(where, filesystem, path, is_folder, files)


def _in_time(find: Callable[[], Location], where: str) -> Location:
    """What `find` returns, in a thread of its own that is given up after some seconds."""
    answers: queue.Queue[Location | BaseException] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(find())
        except BaseException as failure:
            answers.put(failure)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=ANSWER_WITHIN)
    except queue.Empty:
        raise InputError(
            f"{where} does not answer within {ANSWER_WITHIN} s. Check the network or the mounted "
            "disk, the credentials of this machine and the name of the bucket. Of a folder of very "
            "many files, name those that hold the data"
        ) from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _near(filesystem: pafs.FileSystem, path: str) -> str:
    """What a person may have meant by a path that does not exist."""
    folder, leaf = posixpath.split(path.rstrip("/"))
    while folder and filesystem.get_file_info(folder).type == pafs.FileType.NotFound:
        folder, leaf = posixpath.split(folder)
    entries = filesystem.get_file_info(pafs.FileSelector(folder, allow_not_found=True))
    names = sorted(info.base_name for info in entries)
    if close := difflib.get_close_matches(leaf, names, n=1):
        return f"did you mean {posixpath.join(folder, close[0])}?"
    if not names:
        return f"{folder or 'its folder'} is empty"
    more = ", …" if len(names) > SHOWN else ""
    return f"{folder} holds {', '.join(names[:SHOWN])}{more}"
