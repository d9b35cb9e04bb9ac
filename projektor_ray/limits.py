"""Limits on the time and the memory of a training that runs in this process."""

import faulthandler
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from projektor_ray.faults import Fault

LOOK_SECONDS = 0.2
GRACE_SECONDS = 5.0
"""How much later a process ends whose training lets no other thread run."""

STANDARD_ERROR = 2

Breach = Callable[[Fault, str], None]


@dataclass(frozen=True)
class Limits:
    """What one training may take; None: as much as it likes.

    Attributes
    ----------
    seconds : of wall time.
    memory : bytes of the process's own, without what it shares with others.
    """

    seconds: float | None = None
    memory: float | None = None


def own_memory() -> int:
    """Bytes of memory, in RAM or swapped out, that are this process's alone; 0 where not Linux."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    lines = [line.split() for line in status.read_text(encoding="ascii").splitlines()]
    return sum(int(line[1]) * 1024 for line in lines if line[0] in ("RssAnon:", "VmSwap:"))


@contextmanager
def watched(limits: Limits, on_breach: Breach) -> Iterator[None]:
    """Call `on_breach(fault, error)` from another thread as soon as the context takes too much.

    `error` is where the context was, as a traceback, and what it took. It is for `on_breach` to
    end the process: Python cannot end a thread. Where the context lets no other thread run, as an
    extension may that holds the interpreter, the process is ended a little after its time, and
    where it was is written to its standard error.
    """
    over, thread, started = threading.Event(), threading.get_ident(), time.monotonic()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            if breach := _breach(limits, time.monotonic() - started):
                fault, says = breach
                stack = "".join(traceback.format_stack(sys._current_frames()[thread]))
                if not over.is_set():
                    on_breach(fault, f"Stopped here:\n{stack}{says}")
                return

    if limits.seconds is not None:
        ends = limits.seconds + GRACE_SECONDS
        faulthandler.dump_traceback_later(ends, exit=True, file=STANDARD_ERROR)
    watcher = threading.Thread(target=watch, name="limits", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        faulthandler.cancel_dump_traceback_later()
        watcher.join()


def _breach(limits: Limits, seconds: float) -> tuple[Fault, str] | None:
    if limits.seconds is not None and seconds > limits.seconds:
        return "time", f"the training took longer than its limit of {limits.seconds:g} s"
    if limits.memory is not None and (taken := own_memory()) > limits.memory:
        says = f"the training's process took {taken / 2**30:.2f} GiB, more than its limit of "
        return "memory", says + f"{limits.memory / 2**30:.2f} GiB"
    return None
