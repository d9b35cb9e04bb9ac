"""Limits on the time and the memory of a training that runs in this process."""

import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from projektor_ray.probes.faults import Fault

LOOK_SECONDS = 0.2
GRACE_SECONDS = 5.0
"""How much later a process ends whose training lets no other thread run."""

STANDARD_ERROR = 2

LimitExceeded = Callable[[Fault, str, float], None]
"""Takes the fault, where and why as a text, and the seconds until then."""


@dataclass(frozen=True)
class Limits:
    """What one training may take; None: as much as it likes.

    Attributes
    ----------
    seconds : of wall time.
    memory : bytes of the process and those it started, without what they share with others.
    """

    seconds: float | None = None
    memory: float | None = None


def memory_taken() -> int:
    """Bytes of memory, in RAM or swapped out, of this process and its descendants; 0 if not Linux.

    Of this process all that is no file's and shared with nobody but its forks, of each descendant
    what is its alone: pages that a fork still has in common count once.
    """
    own = _bytes_of("/proc/self/status", ("RssAnon:", "VmSwap:"))
    alone = ("Private_Dirty:", "Swap:")
    return own + sum(_bytes_of(f"/proc/{one}/smaps_rollup", alone) for one in descendants())


def _bytes_of(file: str, names: tuple[str, ...]) -> int:
    """Sum of lines `name amount kB`; 0 where the process has ended, or not Linux."""
    try:
        lines = [line.split() for line in Path(file).read_text(encoding="ascii").splitlines()]
    except (OSError, UnicodeDecodeError):
        return 0
    return sum(int(line[1]) * 1024 for line in lines if line[0] in names)


def descendants() -> list[int]:
    """Processes that this one started, and that those started, each after its parent; Linux."""
    found, parents = [], [os.getpid()]
    while parents:
        parents = [child for parent in parents for child in _children(parent)]
        found += parents
    return found


def _children(process: int) -> list[int]:
    children = []
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children += [int(child) for child in file.read_text(encoding="ascii").split()]
        except OSError:  # its thread has ended
            continue
    return children


def end_process() -> NoReturn:
    """End this process at once, and those it started, which would live on without it."""
    for process in descendants():
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)
    os._exit(1)


@contextmanager
def watched(limits: Limits, on_breach: LimitExceeded) -> Iterator[None]:
    """Call `on_breach(fault, error, seconds)` from another thread once the context takes too much.

    `error` is where the context was, as a traceback, and what it took. It is for `on_breach` to
    end the process: Python cannot end a thread. Where the context lets no other thread run, as an
    extension may that holds the interpreter, the process is ended a little after its time, and
    where it was is written to its standard error. Its memory is then seen only when it lets go.
    """
    over, thread, started = threading.Event(), threading.get_ident(), time.monotonic()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            seconds = time.monotonic() - started
            if breach := _breach(limits, seconds):
                fault, says = breach
                stack = "".join(traceback.format_stack(sys._current_frames()[thread]))
                if not over.is_set():
                    on_breach(fault, f"Stopped here:\n{stack}{says}", seconds)
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
    if limits.memory is not None and (taken := memory_taken()) > limits.memory:
        says = f"the training's processes took {taken / 2**30:.2f} GiB, more than their limit of "
        return "memory", says + f"{limits.memory / 2**30:.2f} GiB"
    return None
