"""A function in a process of its own: its result, its peak of memory, an end if it is slow."""

import multiprocessing
import resource
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from projektor_ray.transport import available_memory

LONGEST_END = 10.0
SHARE = 0.8
"""Of the free memory: a call that wants more fails instead of taking others down with it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a call.

    Attributes
    ----------
    result : what it returned; None if it did not.
    note : why it did not.
    """

    result: Any
    note: str = ""


class PeakMemory:
    """The most memory that this process has resided in since, beyond what it resided in then."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = _resident("VmRSS")

    def bytes(self) -> int:
        return _resident("VmHWM") - self._before


def _resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status lacks {field}; this benchmark needs Linux")


def _answer(connection: Connection, function: Callable[..., Any], arguments: Any) -> None:
    most = int(SHARE * available_memory(torch.device("cpu")))
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    connection.send(function(*arguments))


def in_child(function: Callable[..., Any], *arguments: Any, seconds: float) -> Outcome:
    """function(*arguments) in a fresh process, which is ended after so many seconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, arguments))
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            return Outcome(None, f"not there after {seconds:.0f} s")
        return Outcome(ours.recv())
    except EOFError:
        process.join(LONGEST_END)
        return Outcome(None, f"its process ended with exit code {process.exitcode}")
    finally:
        process.kill()
        process.join()
