"""Why a training failed, and whether it is tried again.

A probe is determined by its identity, so a learner that fails fails again: its bug is recorded at
once. What comes from outside may pass: a lost worker, a network, memory that others had taken.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

Fault = Literal["learner", "outside", "memory", "time", "lost"]
"""
learner : it raised, exited, or returned no finite number of the metric.
outside : it raised an OSError, as a network or a disk does.
memory : there was not enough, of the node or the device, or it took more than its limit.
time : it took longer than its limit.
lost : its worker or node went away.
"""

Room = Mapping[str, float]
"""What a probe reserves, by Ray's names: CPU, GPU, memory (bytes), and a cluster's own."""


class Failed(Protocol):
    """One failed attempt at a probe."""

    @property
    def fault(self) -> Fault | None: ...

    @property
    def error(self) -> str: ...


def fault_of(error: BaseException) -> Fault:
    """The fault that an exception of a learner is.

    A device without memory is told by the name of the error, which torch shares with others.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"MemoryError", "OutOfMemoryError"}:
        return "memory"
    return "outside" if isinstance(error, OSError) else "learner"


def tried_again(
    failures: Sequence[Failed], retries: int, *, more_room: bool = False, packed: bool = False
) -> bool:
    """Whether a probe that failed so far in a run, last the last, is tried again in it, alone.

    Parameters
    ----------
    retries : most repetitions of what may pass.
    more_room : whether the next attempt would have more room than the last.
    packed : whether the last attempt was as one of a pack that failed as a whole.
    """
    last, earlier = failures[-1], failures[:-1]
    if last.fault == "memory":
        return (more_room or packed) and all(one.fault != "memory" for one in earlier)
    if last.fault == "outside" and reason(last.error) in [reason(one.error) for one in earlier]:
        return False
    if last.fault == "time":
        return packed
    return last.fault in ("outside", "lost") and len(failures) <= retries


def reason(error: str) -> str:
    """The last line of a traceback, which says what failed."""
    lines = error.strip().splitlines()
    return lines[-1] if lines else ""


def doubled(room: Room, largest: Room) -> dict[str, float]:
    """Twice the room, of each resource no more than the largest node has."""
    return {
        name: max(amount, min(2 * amount, largest.get(name, amount)))
        for name, amount in room.items()
    }
