"""A watch over Ray's head process: a driver whose head died ends soon, and in words.

Ray itself would end the driver after a minute, by aborting its process.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from projektor_ray.cli import screen
from projektor_ray.cli.command import UNFINISHED
from projektor_ray.errors import HeadLostError

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
ANSWER_SECONDS = 3.0
LOCAL_PATIENCE = 1.5
"""Seconds without an answer after which the head of a local Ray is dead: nobody restarts it."""
CLUSTER_PATIENCE = 30.0
"""The same of a cluster, whose head may be restarted; Ray gives up after 60 s."""
ENDING_SECONDS = 5.0
"""How long the driver may take to end in order; calls into Ray may hang without its head."""


class HeadWatch:
    """Asks from a thread whether the head process still listens.

    Attributes
    ----------
    lost : whether the head is dead, so that the main thread has to end.
    """

    def __init__(self, address: str, folder: str, patience: float) -> None:
        self.lost = False
        host, _, port = address.rpartition(":")
        self._place = host.strip("[]"), int(port)
        self._address, self._folder, self._patience = address, folder, patience
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="head watch")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the watch."""
        self._over.set()
        self._thread.join()

    @property
    def error(self) -> HeadLostError:
        """What happened, and what to do."""
        return HeadLostError(
            f"Ray's head process at {self._address} died, so that nothing can be trained or "
            f"measured any more. Finished work is kept in {self._folder}: "
            "run the same command again"
        )

    def _watch(self) -> None:
        silent_since: float | None = None
        while not self._over.wait(POLL_SECONDS):
            if self._answers():
                silent_since = None
                continue
            if silent_since is None:
                silent_since = time.monotonic()
                logger.warning("Ray's head process at %s does not answer", self._address)
            if time.monotonic() - silent_since >= self._patience:
                self._end()
                return

    def _answers(self) -> bool:
        try:
            socket.create_connection(self._place, timeout=ANSWER_SECONDS).close()
        except OSError:
            return False
        return True

    def _end(self) -> None:
        """Raise SystemExit in the main thread; end the process where that does not end in time.

        Where nobody handles SIGTERM, which a thread of somebody else's program decides, only the
        error is logged.
        """
        if not callable(signal.getsignal(signal.SIGTERM)):
            logger.error("%s", self.error)
            return
        self.lost = True
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGTERM)
        if not self._over.wait(ENDING_SECONDS):
            screen.error(str(self.error))
            os._exit(UNFINISHED)


@contextmanager
def head_watched(address: str, folder: str, *, local: bool) -> Iterator[HeadWatch]:
    """A watch over the head process at an address, for the length of a job.

    Raises
    ------
    HeadLostError
        If it died.
    """
    watch = HeadWatch(address, folder, LOCAL_PATIENCE if local else CLUSTER_PATIENCE)
    watch.start()
    try:
        yield watch
    except BaseException:
        if watch.lost:
            raise watch.error from None
        raise
    finally:
        watch.stop()
