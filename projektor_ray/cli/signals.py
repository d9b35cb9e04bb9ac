"""How Ctrl-C and SIGTERM end a command: one line, no traceback, status 130 or 143.

Imports nothing slow: a command calls `stop_at_once` before it imports anything else. Where a job
holds what must be given back (Ray, actors, a lease), it wraps its work in `stop_in_order`.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM
BY_RAY = (signal.SIGTERM, 1)
"""Statuses that Ray exits with on SIGTERM while it starts, where it has a handler of its own."""
STOPPED = "finished work is kept; the same command continues it."
"""How a job ends that a signal stopped."""
NOT_DONE = "the command did not finish; run it again to begin anew."
"""How a command ends that keeps nothing for a next run."""
SERVED = "requests are no longer answered; the same command serves again."
"""How a service ends."""

_Handler = Callable[[int, FrameType | None], Any]

_handled: list[signal.Signals] = []
"""The signals that this module has handlers of; none before `stop_at_once`."""
_sentence: list[str] = [STOPPED]
"""What is said where a signal ends this process, one of the three above."""
_received: list[int] = []
"""The signal that `stop_in_order` raised an exception for."""


def stop_at_once(sentence: str = STOPPED) -> None:
    """From here on a signal ends this process at once; SIGINT stays ignored where it is ignored.

    Parameters
    ----------
    sentence : about what is left then.
    """
    end_with(sentence)
    both = (signal.SIGINT, signal.SIGTERM)
    _handled[:] = [one for one in both if signal.getsignal(one) is not signal.SIG_IGN]
    _handle(_end)


def end_with(sentence: str) -> None:
    """From here on this is said where a signal ends the process."""
    _sentence[:] = [sentence]


def ending() -> str:
    """What is said where a signal ends the process."""
    return _sentence[0]


@contextmanager
def stop_in_order() -> Iterator[None]:
    """Within, a signal raises KeyboardInterrupt, so that all is given back; see `status_of`.

    SIGTERM too: Ray's own code passes that exception on, but makes another one of SystemExit. A
    second signal ends the process at once. Does nothing unless `stop_at_once` came before.
    """
    _handle(_raise)
    yield
    _handle(_end)


def status_of(stop: KeyboardInterrupt | SystemExit) -> int | None:
    """The status of a command that an exception stopped; None if no signal was behind it."""
    if _received:
        return 128 + _received[0]
    if isinstance(stop, KeyboardInterrupt):
        return INTERRUPTED
    return TERMINATED if stop.code in BY_RAY else None


def end_process(status: int) -> None:
    """End the process of a command, without the interpreter's own end.

    There, threads of libraries that were stopped halfway could abort the process. Does nothing
    unless `stop_at_once` came before.
    """
    if not _handled:
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _handle(handler: _Handler) -> None:
    for number in _handled:
        signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, f"Stopped: {ending()}\n".encode())
    os._exit(128 + number)


def _end_silently(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


def _raise(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    _handle(_end_silently)
    raise KeyboardInterrupt
