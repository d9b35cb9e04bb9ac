"""A lease on a study's folder: one driver at a time appends to its ledgers.

Storages such as `s3://` know no lock. So each driver writes a *claim*, a file of its own under
`lease/`, and lists the others' only then: of two drivers at least one sees the other, whatever the
order. Who sees nobody holds the lease. Every living claim is rewritten with a higher beat every few
seconds; one that meets a beating claim which holds the lease, or has the smaller name, withdraws.

A claim is dead if its process ran on this machine and is gone, or if its beat stood still for as
long as somebody watched it. No two clocks are compared, and a driver that was killed stops nobody.
"""

import itertools
import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from projektor_ray.errors import BusyError, StorageError
from projektor_ray.storage.folder import Folder

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
DEAD_SECONDS = 60.0
"""A claim whose beat stood still for so long is dead."""

LOOK_SECONDS = 0.5
"""How often a driver that waits looks at the others' claims."""


def _machine() -> str:
    """Within what a process number means one process; "" where nothing tells."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


@dataclass(frozen=True)
class Claim:
    """Who claims a folder, or holds it.

    Attributes
    ----------
    name : unique; decides between two that claim at the same moment.
    machine : within which `pid` means one process; "" if unknown.
    since : when it was made, for people.
    beat : grows while its driver lives.
    holds : whether its driver met nobody else and has the lease.
    """

    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    host: str = field(default_factory=socket.gethostname)
    machine: str = field(default_factory=_machine)
    pid: int = field(default_factory=os.getpid)
    since: str = field(
        default_factory=lambda: datetime.now(timezone.utc).isoformat(" ", timespec="seconds")
    )
    beat: int = 0
    holds: bool = False

    @property
    def file(self) -> str:
        return f"lease/{self.name}.json"

    @property
    def driver(self) -> str:
        """The driver in words."""
        return f"process {self.pid} on {self.host}, since {self.since}"

    @property
    def is_gone(self) -> bool:
        """Whether its process ran on this machine and does so no more."""
        if not self.machine or self.machine != _machine():
            return False
        with suppress(PermissionError):
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return True
        return False

    def write(self, folder: Folder) -> None:
        folder.write(self.file, json.dumps(asdict(self)).encode())


class Lease:
    """One driver's claim on a folder, which beats from its making to its release."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._claim = Claim()
        self._claim.write(folder)
        self._over = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    def acquire(self) -> None:
        """Return once no other claim is left; dead ones are removed.

        Raises
        ------
        BusyError
            If another driver lives: its beat grew within a few seconds.
        """
        seen: dict[str, tuple[Claim, float]] = {}
        while others := self._others():
            for other in others:
                if other.name not in seen:
                    logger.warning("waiting for a sign of life of another driver, %s", other.driver)
                first, since = seen.setdefault(other.name, (other, time.monotonic()))
                beats = other.beat > first.beat
                if beats and (other.holds or other.name < self._claim.name):
                    raise BusyError(
                        f"another driver ({other.driver}) works on the study in "
                        f"{self._folder.uri}; wait until it is done, stop it, or give another --out"
                    )
                if not beats and time.monotonic() - since >= DEAD_SECONDS:
                    self._folder.delete(other.file)
            time.sleep(LOOK_SECONDS)
        self._claim = replace(self._claim, holds=True)

    def check(self) -> None:
        """Refuse to go on where this driver's claim is gone.

        Raises
        ------
        BusyError
            If the folder was deleted, or this driver was silent for so long, suspended perhaps,
            that another took it for dead.
        """
        if self._lost:
            raise BusyError(
                f"this driver's claim on {self._folder.uri} is gone: the folder was deleted, or "
                f"the driver gave no sign of life for {DEAD_SECONDS:.0f} s and another took over. "
                "What was finished is kept; the same command goes on once the other is done"
            )

    def release(self) -> None:
        self._over.set()
        self._thread.join()
        self._folder.delete(self._claim.file)

    def _beat(self) -> None:
        for beat in itertools.count(1):
            if self._lost or self._over.wait(BEAT_SECONDS):
                return
            try:
                self._lost = self._claim.file not in self._folder.names("lease")
                if not self._lost:
                    replace(self._claim, beat=beat).write(self._folder)
            except StorageError as error:
                logger.warning("no sign of life could be given: %s", error)

    def _others(self) -> list[Claim]:
        """The claims of other drivers, without those whose process is known to be gone."""
        found = []
        for name in self._folder.names("lease"):
            with suppress(FileNotFoundError):
                other = Claim(**json.loads(self._folder.read(name)))
                if other.is_gone:
                    self._folder.delete(other.file)
                elif other.name != self._claim.name:
                    found.append(other)
        return found


@contextmanager
def leased(folder: Folder) -> Iterator[Lease]:
    """The folder for this driver alone, as long as the context lasts.

    Raises
    ------
    BusyError
        If another driver that lives works on it.
    StorageError
        If the folder cannot be written.
    """
    lease = Lease(folder)
    try:
        lease.acquire()
        yield lease
    finally:
        lease.release()
