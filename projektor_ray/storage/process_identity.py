"""Which process a file on a disk belongs to, and whether that process has ended for certain."""

import os
from functools import cache
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, Field

START_FIELD = 19
"""Place of the start time in `/proc/PID/stat` behind the command's name."""


@cache
def machine() -> str:
    """Where a process number means one process: this boot and namespace; "" if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def start_time(pid: int) -> int:
    """When a process of this machine began, in ticks since the boot; 0 if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[START_FIELD])
    except (OSError, ValueError, IndexError):
        return 0


class ProcessIdentity(BaseModel):
    """A process, by what no later process has as well.

    Attributes
    ----------
    machine : where `pid` means one process; "" if unknown.
    started : ticks since the boot; 0 if unknown.
    """

    model_config = ConfigDict(frozen=True)

    machine: str = Field(max_length=255)
    pid: int = Field(gt=0, lt=2**31)
    started: int

    @staticmethod
    def here() -> "ProcessIdentity":
        """This process."""
        return ProcessIdentity(machine=machine(), pid=os.getpid(), started=start_time(os.getpid()))

    @property
    def has_ended(self) -> bool:
        """Whether it ran on this machine and has ended: for certain, else False."""
        if not self.machine or self.machine != machine():
            return False
        if not psutil.pid_exists(self.pid):
            return True
        now = start_time(self.pid)
        return bool(now and self.started and now != self.started)
