"""What a storage's errors mean: which may pass and are tried again, which are told at once."""

import errno
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from projektor_ray.errors import StorageError

logger = logging.getLogger(__name__)

Found = TypeVar("Found")

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EFBIG: "the file would exceed the size that this process may write; raise `ulimit -f`",
    errno.EROFS: "the file system is read-only; give a folder that can be written with --out",
    errno.EACCES: "this user may not write there; change its permissions, or give another --out",
    errno.EPERM: "this user may not write there; change its permissions, or give another --out",
    errno.ENOTDIR: "a file is where a folder should be; give another --out",
    errno.EEXIST: "a file is where a folder should be; give another --out",
}
"""Errors that no second try mends, and what a person can do."""

TRIES = 6
FIRST_PAUSE = 0.2
"""Seconds before the second try; twice as long before each further one: 6 s in all."""


def with_retries(what: str, action: Callable[[], Found]) -> Found:
    """What `action` returns; tried again, with growing pauses, while the storage fails it.

    `what` says what it does, as in "cannot write probes in FOLDER".

    Raises
    ------
    StorageError
        If it failed for a reason that no second try mends, or every time.
    """
    for attempt in range(1, TRIES + 1):
        try:
            return action()
        except OSError as error:
            if error.errno in ADVICE:
                raise StorageError(
                    f"cannot {what}: {ADVICE[error.errno]} ({error.strerror or error}). What "
                    "was finished before is kept; the same command goes on"
                ) from error
            if attempt == TRIES:
                raise StorageError(
                    f"cannot {what}: the storage failed {TRIES} times, the last time with "
                    f"{error}. What was finished before is kept; the same command goes on"
                ) from error
            pause = FIRST_PAUSE * 2 ** (attempt - 1)
            logger.warning("cannot %s (%s); again in %.1f s", what, error, pause)
            time.sleep(pause)
    raise AssertionError("unreachable: the last try returns or raises")
