"""Repeated attempts at reading and writing where the storage fails."""

import errno
import logging
from collections.abc import Callable
from typing import TypeVar

import tenacity

from projektor_ray.errors import StorageError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

ADVICE = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EFBIG: "the file would exceed the size that this process may write; raise `ulimit -f`",
    errno.EROFS: "the file system is read-only; give a folder that can be written with --out",
    errno.EACCES: "this user may not write there; change its permissions, or give another --out",
    errno.EPERM: "this user may not write there; change its permissions, or give another --out",
    errno.ENOTDIR: "a file is where a folder should be; give another --out",
    errno.EISDIR: "a folder is where a file should be; remove it, or give another --out",
    errno.ELOOP: "a symbolic link leads back to itself; remove it, or give another --out",
    errno.EEXIST: "a file is where a folder should be; give another --out",
}
"""Errors that no further attempt mends, and what a person can do."""

ATTEMPTS = 6
FIRST_PAUSE = 0.2
"""Seconds before the second attempt; doubled before each further one: 6 s in all."""


def with_retries(what: str, action: Callable[[], Result]) -> Result:
    """The result of `action`, repeated with growing pauses while the storage fails.

    `what` says what it does, as in "cannot write probes in FOLDER".

    Raises
    ------
    StorageError
        If it failed for a reason that no further attempt mends, or every time.
    """
    attempts = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_exponential(FIRST_PAUSE),
        retry=tenacity.retry_if_exception(_may_pass),
        before_sleep=lambda state: _log(what, state),
        reraise=True,
    )
    try:
        return attempts(action)
    except OSError as error:
        why = (
            f"the storage failed {ATTEMPTS} times, the last time with {error}"
            if _may_pass(error)
            else f"{ADVICE[error.errno or 0]} ({error.strerror or error})"
        )
        raise StorageError(
            f"cannot {what}: {why}. Finished work is kept: run the same command again"
        ) from error


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno not in ADVICE


def _log(what: str, state: tenacity.RetryCallState) -> None:
    assert state.outcome is not None
    error, seconds = state.outcome.exception(), state.upcoming_sleep
    logger.warning("cannot %s (%s); next attempt in %.1f s", what, error, seconds)
