"""Modules that a job will need, imported while it waits for other processes."""

import threading
from contextlib import suppress
from importlib import import_module


def preload(*names: str) -> threading.Thread:
    """Import modules in a thread.

    A module that cannot be imported is left alone: the code that needs it says what is wrong.
    """

    def load() -> None:
        for name in names:
            with suppress(Exception):
                import_module(name)

    thread = threading.Thread(target=load, daemon=True, name="preload")
    thread.start()
    return thread
