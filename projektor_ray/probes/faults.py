"""Why a training failed, and what happens to its probe next.

A probe is determined by its identity, so a learner that fails once fails again: its error is
recorded at once. A retry helps only where the operating system or Ray reports that the cause is
outside the training: a lost worker, a network, memory that other processes had taken.
"""

import errno
import itertools
import re
import socket
from collections.abc import Iterator, Sequence
from typing import Literal

Fault = Literal["learner", "transient_io", "memory", "time", "lost"]
"""
learner : the learner raised an error, exited, or returned no finite number of the metric.
transient_io : the operating system reported an error of a network or a disk that may pass.
memory : the node or the device had too little memory, or the training exceeded its limit.
time : the training exceeded its time limit.
lost : the worker or the node went away.
"""

NextAction = Literal["record", "retry", "postpone"]
"""
record : write the outcome to the ledger; no later run trains the probe again unless told to.
retry : train the probe again in this run.
postpone : write nothing; the next run finds the probe missing.
"""

TRANSIENT_ERRORS = frozenset(
    {
        *(errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.EPIPE, errno.ETXTBSY),
        *(errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOSPC, errno.EDQUOT, errno.ESTALE),
        *(errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH, errno.EHOSTDOWN),
        *(errno.EHOSTUNREACH, errno.ENOTCONN, errno.ETIMEDOUT, errno.ECONNABORTED),
        *(errno.ECONNREFUSED, errno.ECONNRESET),
    }
)
"""Error numbers of the operating system whose cause may pass."""

MOST_CAUSES = 50

NO_MEMORY = re.compile(
    "CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED|CUDA error: out of memory"
    "|can't allocate memory|DataLoader worker .* is killed by signal: Killed"
)
"""Messages of a RuntimeError that mean too little memory, of the GPU or of the node."""


def fault_of(error: BaseException) -> Fault:
    """The fault behind an exception that a learner raised.

    A device without memory is recognised by the name of the exception, which torch shares with
    other libraries, or by the message of the libraries below it.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"MemoryError", "OutOfMemoryError"}:
        return "memory"
    if isinstance(error, RuntimeError) and NO_MEMORY.search(str(error)):
        return "memory"
    return "transient_io" if is_transient_io(error) else "learner"


def is_transient_io(error: BaseException) -> bool:
    """Whether the operating system reported an error of a network or a disk that may pass.

    A library's own OSError, without an error number, counts if an error that it was raised from
    does. An exception that is no OSError is the learner's, whatever it was raised from.
    """
    if not isinstance(error, OSError):
        return False
    return any(_may_pass(one) for one in itertools.islice(_causes(error), MOST_CAUSES))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was raised from, up to the first that has an error number."""
    while error is not None:
        yield error
        numbered = getattr(error, "errno", None) is not None
        error = None if numbered else error.__cause__ or error.__context__


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, socket.gaierror):  # its numbers are not those of other errors
        return error.errno == socket.EAI_AGAIN
    known = isinstance(error, OSError) and error.errno in TRANSIENT_ERRORS
    return known or isinstance(error, ConnectionError | TimeoutError)


def next_action(faults: Sequence[Fault], retries: int, *, more_memory: bool = False) -> NextAction:
    """What happens to a probe whose attempts in this run all failed.

    Parameters
    ----------
    faults : of the attempts in this run, in order.
    retries : most repetitions after transient faults.
    more_memory : whether the next attempt would have more memory than the last one.
    """
    *earlier, last = faults
    if is_transient(last):
        return "retry" if len(faults) <= retries else "postpone"
    first_lack = last == "memory" and "memory" not in earlier
    return "retry" if first_lack and more_memory else "record"


def is_transient(fault: Fault) -> bool:
    """Whether the same probe may succeed in another run although nothing of the study changed."""
    return fault in ("transient_io", "lost")


def last_line(error: str) -> str:
    """The last line of a traceback, which names the error."""
    lines = error.strip().splitlines()
    return lines[-1] if lines else ""
