"""Limits on the time and the memory of a training that runs in this process."""

import faulthandler
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn

import psutil

from projektor_ray.probes.faults import Fault

CHECK_SECONDS = 0.2
GRACE_SECONDS = 5.0
"""How long after its time limit a process ends whose training lets no other thread run."""

STANDARD_ERROR = 2


@dataclass(frozen=True)
class Limits:
    """Limits of one training; None: no limit.

    Attributes
    ----------
    seconds : of wall time.
    memory : bytes of this process and its descendants, without what they share with others.
    """

    seconds: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class LimitExceeded:
    """A limit that a training exceeded.

    Attributes
    ----------
    error : traceback of the training at that moment, and the limit.
    seconds : since the training began.
    """

    fault: Fault
    error: str
    seconds: float


def memory_used() -> int:
    """Bytes of memory of this process and its descendants, in RAM or swapped out.

    Of this process the anonymous memory, of each descendant the memory that it shares with no
    other process: pages that a fork shares with its parent count once.
    """
    this = psutil.Process()
    info = this.memory_info()
    used = int(info.rss - getattr(info, "shared", 0))
    if psutil.swap_memory().used:
        used += int(getattr(this.memory_full_info(), "swap", 0))
    for child in descendants():
        with suppress(psutil.Error):
            full = child.memory_full_info()
            used += int(full.uss + getattr(full, "swap", 0))
    return used


def descendants() -> list[psutil.Process]:
    """Processes that this process started, and that those started."""
    return psutil.Process().children(recursive=True)


def end_process() -> NoReturn:
    """End this process and its descendants, which would otherwise live on without it, at once."""
    for process in descendants():
        with suppress(psutil.Error):
            process.kill()
    os._exit(1)


@contextmanager
def enforce_limits(limits: Limits, on_exceeded: Callable[[LimitExceeded], None]) -> Iterator[None]:
    """Call `on_exceeded` from another thread once the context exceeds a limit.

    `on_exceeded` has to end the process: Python cannot end a thread. An extension may hold the
    interpreter, so that no other thread runs; the process then ends `GRACE_SECONDS` after its time
    limit and writes its traceback to standard error. Its memory is checked only once it lets go.
    """
    over, thread, started = threading.Event(), threading.get_ident(), time.monotonic()

    def watch() -> None:
        while not over.wait(CHECK_SECONDS):
            seconds = time.monotonic() - started
            if exceeded := _exceeded(limits, seconds):
                fault, limit = exceeded
                stack = "".join(traceback.format_stack(sys._current_frames()[thread]))
                if not over.is_set():
                    error = f"Stopped here:\n{stack}{limit}"
                    on_exceeded(LimitExceeded(fault, error, seconds))
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


def _exceeded(limits: Limits, seconds: float) -> tuple[Fault, str] | None:
    if limits.seconds is not None and seconds > limits.seconds:
        return "time", f"the training took longer than its limit of {limits.seconds:g} s"
    if limits.memory is not None and (used := memory_used()) > limits.memory:
        says = f"the training's processes took {used / 2**30:.2f} GiB, more than their limit of "
        return "memory", says + f"{limits.memory / 2**30:.2f} GiB"
    return None
