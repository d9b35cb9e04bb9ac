"""A lease on a study's folder: one driver at a time appends to its ledgers.

Storages such as `s3://` have no locks. So each driver first writes a *claim*, a file of its own
under `lease/`, and only then lists the claims of others: of two drivers at least one sees the
other, whatever the order. A driver that sees no other claim holds the lease. Every driver rewrites
its claim every few seconds with a higher heartbeat. A driver withdraws if it sees a claim that
changes and that holds the lease, or has the smaller name.

A claim is dead if its process ran on this machine and has ended, or if it did not change for
`DEAD_SECONDS`. No two clocks are compared, and a driver that was killed stops nobody.

The content of a claim is not trusted: a claim is the file that was listed, and only listed files
whose names are those of claims are deleted.
"""

import itertools
import logging
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from projektor_ray.errors import BusyError, StorageError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.process_identity import ProcessIdentity, machine

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
DEAD_SECONDS = 60.0
"""A claim that did not change for so long is dead."""

POLL_SECONDS = 0.5
"""How often a waiting driver reads the claims of others."""

CLAIM_FILE = re.compile(r"lease/[0-9a-f]{32}\.json")


class Claim(BaseModel):
    """The content of a claim; fields of later versions are ignored.

    Attributes
    ----------
    machine : where `pid` means one process; "" if unknown.
    since : when the claim was made, for people.
    heartbeat : grows while its driver lives.
    acquired : whether its driver saw no other claim and holds the lease.
    """

    model_config = ConfigDict(frozen=True)

    host: str = Field(default_factory=socket.gethostname, max_length=255)
    machine: str = Field(default_factory=machine, max_length=255)
    pid: int = Field(default_factory=os.getpid, gt=0, lt=2**31)
    since: str = Field(
        default_factory=lambda: datetime.now(timezone.utc).isoformat(" ", timespec="seconds"),
        max_length=50,
    )
    heartbeat: int = 0
    acquired: bool = False

    @property
    def driver(self) -> str:
        """The driver in words."""
        return f"process {self.pid} on {self.host}, since {self.since}"

    @property
    def has_ended(self) -> bool:
        """Whether its process ran on this machine and has ended."""
        return ProcessIdentity(machine=self.machine, pid=self.pid, started=0).has_ended


@dataclass(frozen=True)
class _Listed:
    """A listed file of another driver's claim; `claim` is None where the content is none."""

    file: str
    content: bytes
    claim: Claim | None

    @property
    def driver(self) -> str:
        return self.claim.driver if self.claim else f"unknown; its claim {self.file} is unreadable"


class Lease:
    """One driver's claim on a folder, with a heartbeat from its making to its release."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._file = f"lease/{uuid.uuid4().hex}.json"
        self._claim = Claim()
        self._foreign: set[str] = set()
        self._write(0)
        self._over = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._heartbeat, name="lease", daemon=True)
        self._thread.start()

    def acquire(self) -> None:
        """Return once no other claim is left; dead ones are removed.

        Raises
        ------
        BusyError
            If another driver lives: its claim changed.
        """
        seen: dict[str, tuple[bytes, float]] = {}
        while others := self._others():
            for other in others:
                if other.file not in seen:
                    logger.warning("waiting for a heartbeat of another driver: %s", other.driver)
                first, since = seen.setdefault(other.file, (other.content, time.monotonic()))
                changed = other.content != first
                prevails = other.claim is None or other.claim.acquired or other.file < self._file
                if changed and prevails:
                    raise BusyError(
                        f"another driver ({other.driver}) works on the study in "
                        f"{self._folder.shown}; wait until it is done, stop it, or give another "
                        "--out"
                    )
                if not changed and time.monotonic() - since >= DEAD_SECONDS:
                    self._folder.delete(other.file)
            time.sleep(POLL_SECONDS)
        self._claim = self._claim.model_copy(update={"acquired": True})

    def check(self) -> None:
        """Refuse to go on if this driver's claim is gone.

        Raises
        ------
        BusyError
            If the folder was deleted, or this driver gave no heartbeat for so long (because it was
            suspended, for example) that another took it for dead.
        """
        if self._lost:
            raise BusyError(
                f"this driver's claim on {self._folder.shown} is gone: the folder was deleted, or "
                f"the driver gave no heartbeat for {DEAD_SECONDS:.0f} s and another took over. "
                "Finished work is kept: run the same command again once the other driver is done"
            )

    def release(self) -> None:
        """Stop the heartbeat and delete the claim; an error is only logged: it may be the second,
        which must not hide the first.
        """
        self._over.set()
        self._thread.join()
        try:
            self._folder.delete(self._file)
        except Exception as error:  # of whatever kind the storage raises
            logger.warning("this driver's claim is left in the folder: %s", error)

    def _write(self, heartbeat: int) -> None:
        claim = self._claim.model_copy(update={"heartbeat": heartbeat})
        self._folder.write(self._file, claim.model_dump_json().encode())

    def _heartbeat(self) -> None:
        for heartbeat in itertools.count(1):
            if self._lost or self._over.wait(HEARTBEAT_SECONDS):
                return
            try:
                self._lost = self._file not in self._folder.names("lease")
                if not self._lost:
                    self._write(heartbeat)
            except StorageError as error:
                logger.warning("no heartbeat could be written: %s", error)

    def _others(self) -> list[_Listed]:
        """The claims of other drivers, without those whose process is known to have ended."""
        others = []
        for file in self._folder.names("lease"):
            if file == self._file:
                continue
            if not CLAIM_FILE.fullmatch(file):
                if file not in self._foreign:
                    logger.warning("ignoring %s in %s: it is no claim", file, self._folder.shown)
                self._foreign.add(file)
                continue
            with suppress(FileNotFoundError):
                listed = self._read(file)
                if listed.claim and listed.claim.has_ended:
                    self._folder.delete(file)
                else:
                    others.append(listed)
        return others

    def _read(self, file: str) -> _Listed:
        content = self._folder.read(file)
        try:
            return _Listed(file, content, Claim.model_validate_json(content, strict=True))
        except ValidationError:
            return _Listed(file, content, None)


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


def living_drivers(folder: Folder) -> list[str]:
    """The drivers that work on a folder, in words; those whose process is known to have ended are
    left out.
    """
    drivers = []
    for file in folder.names("lease"):
        if CLAIM_FILE.fullmatch(file):
            with suppress(FileNotFoundError, ValidationError):
                claim = Claim.model_validate_json(folder.read(file), strict=True)
                drivers += [] if claim.has_ended else [claim.driver]
    return drivers
