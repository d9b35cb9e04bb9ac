"""Why a training failed, and whether it is tried again.

A probe is determined by its identity, so a learner that fails fails again: its bug is recorded at
once. What comes from outside may pass: a lost worker, a network, memory that others had taken.
"""

import re
from collections.abc import Sequence
from typing import Literal, Protocol

Fault = Literal["learner", "outside", "memory", "time", "lost"]
"""
learner : it raised, exited, or returned no finite number of the metric.
outside : it raised an OSError, as a network or a disk does; not one that says that a path is wrong.
memory : there was not enough, of the node or the device, or it took more than its limit.
time : it took longer than its limit.
lost : its worker or node went away.
"""


NO_MEMORY = re.compile(
    "CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED|CUDA error: out of memory"
    "|can't allocate memory|DataLoader worker .* is killed by signal: Killed"
)
"""What a RuntimeError says where memory was lacking: of the GPU, and of the node."""

WRONG_PATH = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)


Verdict = Literal["final", "again", "left"]
"""
final : recorded; no run trains it again unasked.
again : tried again in this run, alone.
left : not recorded; the next run finds it missing.
"""


class Failed(Protocol):
    """One failed attempt at a probe."""

    @property
    def fault(self) -> Fault | None: ...

    @property
    def packed(self) -> bool: ...


def fault_of(error: BaseException) -> Fault:
    """The fault that an exception of a learner is.

    A device without memory is told by the name of the error, which torch shares with others, or by
    what the libraries below it say.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"MemoryError", "OutOfMemoryError"}:
        return "memory"
    if isinstance(error, RuntimeError) and NO_MEMORY.search(str(error)):
        return "memory"
    passes = isinstance(error, OSError) and not isinstance(error, WRONG_PATH)
    return "outside" if passes else "learner"


def verdict(failures: Sequence[Failed], retries: int, *, more_room: bool = False) -> Verdict:
    """What becomes of a probe that failed so far in a run, last the last.

    A pack that failed says nothing of each of its probes, but that they are not trained.

    Parameters
    ----------
    retries : most repetitions of what may pass.
    more_room : whether the next attempt would have more room than the last.
    """
    last, earlier = failures[-1], failures[:-1]
    if last.packed and last.fault != "lost":
        return "again"
    if may_pass(last):
        return "again" if len(failures) <= retries else "left"
    lacked_memory = any(one.fault == "memory" for one in earlier)
    return "again" if last.fault == "memory" and more_room and not lacked_memory else "final"


def may_pass(failure: Failed) -> bool:
    """Whether the same probe may succeed in another run, where nothing of the study is changed."""
    return failure.fault in ("outside", "lost")


def reason(error: str) -> str:
    """The last line of a traceback, which says what failed."""
    lines = error.strip().splitlines()
    return lines[-1] if lines else ""
