"""Temporary folders that name their process, so that a later run removes what a kill left.

A folder is removed only if its process ran on this machine and has ended for certain.
"""

import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from projektor_ray.errors import StorageError
from projektor_ray.storage.process_identity import ProcessIdentity

logger = logging.getLogger(__name__)

OWNER = "projektor-owner.json"
"""The file in a folder that names its process."""
LONGEST_OWNER = 4096
MEBIBYTE = 2**20
FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def temporary_folder(prefix: str, needed: int) -> Iterator[Path]:
    """A folder for temporary files of this process, removed at the end.

    Those with the same prefix that killed processes left are removed first.

    Parameters
    ----------
    needed : bytes that will be written there.

    Raises
    ------
    StorageError
        If the disk has not so many bytes free, or is full before the end.
    """
    try:
        parent = Path(tempfile.gettempdir())
    except FileNotFoundError as failure:
        raise StorageError(
            f"no folder for temporary files can be written ({failure.strerror}). Free some space, "
            "or set TMPDIR to a folder that can be written"
        ) from None
    remove_abandoned(parent, f"{prefix}*")
    check_space(parent, needed)
    with (
        full_disk_named(parent, needed),
        tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder,
    ):
        claim_folder(Path(folder))
        yield Path(folder)


def claim_folder(folder: Path) -> None:
    """Write down that a folder belongs to this process."""
    (folder / OWNER).write_text(ProcessIdentity.here().model_dump_json(), encoding="ascii")


def remove_abandoned(parent: Path, pattern: str) -> None:
    """Remove, and log, the folders whose process is known to have ended."""
    for folder in sorted(parent.glob(pattern)):
        if _is_abandoned(folder):
            logger.info("removing %s, which a run that has ended left", folder)
            shutil.rmtree(folder, ignore_errors=True)


def check_space(folder: Path, needed: int) -> None:
    """Refuse a disk that has too few bytes free for what a folder, which may be new, will hold.

    Raises
    ------
    StorageError
        With what is free, what is needed, and what to do.
    """
    free = _free(folder)
    if free < needed:
        raise _full(folder, needed, free)


@contextmanager
def full_disk_named(folder: Path, needed: int) -> Iterator[None]:
    """Turn the error of a full disk into one that names the folder and what it needs."""
    try:
        yield
    except OSError as failure:
        if failure.errno not in FULL:
            raise
        raise _full(folder, needed, _free(folder)) from failure


def _free(folder: Path) -> int:
    """Bytes that this user may still write on the disk of a folder."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free


def _full(folder: Path, needed: int, free: int) -> StorageError:
    return StorageError(
        f"the folder of temporary files is full: {folder} has {free / MEBIBYTE:,.0f} MiB free; "
        f"the run needs about {needed / MEBIBYTE:,.0f} MiB there. Free some space, or set TMPDIR "
        "to a folder on a larger disk. Finished work is kept: run the same command again"
    )


def _is_abandoned(folder: Path) -> bool:
    """Whether it is this user's own folder, no link, of a process that has ended."""
    try:
        if folder.is_symlink() or not folder.is_dir() or folder.stat().st_uid != os.getuid():
            return False
        with (folder / OWNER).open("rb") as file:
            content = file.read(LONGEST_OWNER)
        return ProcessIdentity.model_validate_json(content, strict=True).has_ended
    except (OSError, ValidationError):
        return False
