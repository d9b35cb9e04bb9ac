"""The files of a folder and of all folders below it: as many as can be listed in a short time."""

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.fs as pafs

from projektor_ray.errors import InputError, listed

LISTED_WITHIN = 5
"""Seconds in which a folder of a local disk must be listed."""
MOST_FILES = 1_000_000
SHOWN = 3
FILE, FOLDER = "file", "folder"

Ancestors = tuple[tuple[int, int], ...]
"""Device and inode of a folder and of all folders above it."""


def files_below(filesystem: pafs.FileSystem, folder: str, where: str) -> tuple[str, ...]:
    """Paths of all files, sorted; those whose names or folders begin with a dot are left out.

    Links are followed, but not into a folder that holds them. What is neither a file nor a folder,
    such as a pipe, is left out.

    Parameters
    ----------
    where : the folder, as messages name it.

    Raises
    ------
    InputError
        If there are more than `MOST_FILES`, or listing them takes too long.
    OSError
        If a folder cannot be read.
    """
    deadline = time.monotonic() + LISTED_WITHIN
    is_local = isinstance(filesystem, pafs.LocalFileSystem)
    files: list[str] = []
    for path in _on_disk(folder) if is_local else _in_storage(filesystem, folder):
        if path:
            files.append(path)
        if len(files) > MOST_FILES or (is_local and time.monotonic() > deadline):
            raise InputError(_too_many(files, where))
    return tuple(sorted(files))


def _on_disk(folder: str) -> Iterator[str]:
    """Paths of files, and an empty text for each other entry, which takes time too."""
    waiting: list[tuple[str, Ancestors]] = [(folder, ())]
    while waiting:
        place, above = waiting.pop()
        try:
            state = Path(place).stat()
            own = (state.st_dev, state.st_ino)
            if own in above:  # a link led back to a folder above
                continue
            entries = os.scandir(place)
        except FileNotFoundError:  # it was removed after the folder above it was listed
            if not above:
                raise
            continue
        with entries:
            for entry in entries:
                kind = "" if entry.name.startswith(".") else _kind(entry)
                if kind == FOLDER:
                    waiting.append((entry.path, (*above, own)))
                yield entry.path if kind == FILE else ""


def _kind(entry: "os.DirEntry[str]") -> str:
    """What a link or an entry itself is; empty where it is neither a file nor a folder."""
    try:
        return FOLDER if entry.is_dir() else FILE if entry.is_file() else ""
    except OSError:  # a link to itself
        return ""


def _in_storage(filesystem: pafs.FileSystem, folder: str) -> Iterator[str]:
    """The same of any other file system, which lists a whole tree in few requests."""
    for info in filesystem.get_file_info(pafs.FileSelector(folder, recursive=True)):
        if info.is_file and "/." not in info.path.removeprefix(folder):
            yield info.path


def _too_many(files: Sequence[str], where: str) -> str:
    names = (path.rpartition("/")[2].rpartition(".") for path in files)
    endings = Counter(f".{ending}" if dot else "without an ending" for _, dot, ending in names)
    kinds = [f"{count:,} {ending}" for ending, count in endings.most_common(SHOWN)]
    most = f", among them {listed(kinds)}" if kinds else ""
    return (
        f"{where} holds too many files for one data set: {len(files):,} files were listed before "
        f"the listing was stopped{most}. Name the folder or the file that holds the data alone, or "
        "a table with a column of paths"
    )
