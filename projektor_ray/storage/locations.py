"""Local paths and URIs as places in a `pyarrow.fs` file system: the one wrapper of them."""

import difflib
import posixpath
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from projektor_ray.errors import InputError

SHOWN = 8


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

    def read(self, path: str | None = None) -> bytes:
        """A file's bytes; those of the location itself by default."""
        return bytes(self.buffer(path))

    def buffer(self, path: str | None = None) -> pa.Buffer:
        """The same in memory of Arrow's own.

        Its readers' threads may let go of it after the reader is done. Of memory of Python's they
        could not without the interpreter, at whose end they would abort the process.
        """
        try:
            with self.filesystem.open_input_file(path or self.path) as file:
                return file.read_buffer(file.size())
        except OSError as failure:
            raise InputError(f"cannot read {path or self.where}: {failure}") from None


def open_filesystem(where: str) -> tuple[pafs.FileSystem, str]:
    """The file system of a local path or URI, and the absolute path within it.

    Raises
    ------
    OSError, pyarrow.ArrowException
        If there is no file system of that scheme, or it cannot be reached.
    """
    if "://" in where:
        filesystem, path = pafs.FileSystem.from_uri(where)
        return filesystem, path
    return pafs.LocalFileSystem(), str(Path(where).absolute())


def locate(where: str, filesystem: pafs.FileSystem | None = None) -> Location:
    """Find a local path or URI.

    Parameters
    ----------
    filesystem : the filesystem that `where` is a path in, instead of the one that it names.

    Raises
    ------
    InputError
        If nothing is there (with what is near), or its place cannot be reached.
    """
    try:
        filesystem, path = (filesystem, where) if filesystem else open_filesystem(where)
        info = filesystem.get_file_info(path)
        if info.type == pafs.FileType.NotFound:
            raise InputError(f"there is no file or folder {where}; {_near(filesystem, path)}")
        is_folder = info.type == pafs.FileType.Directory
        files = _files(filesystem, path) if is_folder else (path,)
    except (OSError, pa.ArrowException) as failure:
        raise InputError(f"cannot reach {where}: {failure}") from None
    return Location(where, filesystem, path, is_folder, files)


def _files(filesystem: pafs.FileSystem, folder: str) -> tuple[str, ...]:
    found = filesystem.get_file_info(pafs.FileSelector(folder, recursive=True))
    files = [info.path for info in found if info.is_file]
    return tuple(sorted(path for path in files if "/." not in path.removeprefix(folder)))


def _near(filesystem: pafs.FileSystem, path: str) -> str:
    """What a person may have meant by a path that does not exist."""
    folder, leaf = posixpath.split(path.rstrip("/"))
    while folder and filesystem.get_file_info(folder).type == pafs.FileType.NotFound:
        folder, leaf = posixpath.split(folder)
    found = filesystem.get_file_info(pafs.FileSelector(folder, allow_not_found=True))
    names = sorted(info.base_name for info in found)
    if close := difflib.get_close_matches(leaf, names, n=1):
        return f"did you mean {posixpath.join(folder, close[0])}?"
    if not names:
        return f"{folder or 'its folder'} is empty"
    more = ", …" if len(names) > SHOWN else ""
    return f"{folder} holds {', '.join(names[:SHOWN])}{more}"
