"""Signs of life: what takes long says again what is being done, and for how long."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from projektor_ray.cli import screen

PAUSE, LATER_PAUSE = 2.5, 30.0
"""Seconds without a line after which one is shown: at first, and of what has taken a minute."""
LATER = 60.0
POLL_SECONDS = 0.25


@contextmanager
def doing(label: str, text: str | Callable[[], str], *, at_once: bool = True) -> Iterator[None]:
    """Show what is being done, and show it again while it lasts and nothing else is shown.

    Parameters
    ----------
    text : what is being done, or a function that gives it as it is now.
    at_once : whether it is shown also where it takes less than `PAUSE`.
    """
    over, started = threading.Event(), time.monotonic()
    if at_once:
        screen.status(label, _now(text))

    def repeat() -> None:
        while not over.wait(POLL_SECONDS):
            seconds = time.monotonic() - started
            silent = min(time.monotonic() - screen.shown_at(), seconds)
            if silent >= (PAUSE if seconds < LATER else LATER_PAUSE):
                screen.status(label, f"{_now(text)}, {seconds:.0f} s so far")

    thread = threading.Thread(target=repeat, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _now(text: str | Callable[[], str]) -> str:
    return text if isinstance(text, str) else text()
