"""A driver that is killed by signal 9 while it writes a certain file of its study's folder.

The driver is a process of a server that has imported everything already: it starts in no time.
"""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import ray

from jobs.cluster import ROOT
from jobs.study import run_study
from projektor_ray.storage.settings import parse
from projektor_ray.study import StudyConfig

WAIT_SECONDS = 120.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__, "jobs.all_stages", "jobs.workspace"])


def killed_while_writing(
    file: str, asked: dict[str, Any], out: Path, address: str | None = None
) -> bool:
    """Run a study in a process of its own; whether it was killed.

    It is killed when half of the first file is on the disk whose path holds `file`.

    Parameters
    ----------
    address : of the Ray to run on; None where nothing is to be trained or measured.
    """
    driver = _processes.Process(target=_drive, args=(file, asked, str(out), address))
    driver.start()
    driver.join(WAIT_SECONDS)
    return driver.exitcode == -signal.SIGKILL


def _drive(file: str, asked: dict[str, Any], out: str, address: str | None) -> None:
    flush = os.fsync

    def strike(handle: int) -> None:
        if file in str(Path(f"/proc/self/fd/{handle}").readlink()):
            os.ftruncate(handle, os.fstat(handle).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        flush(handle)

    os.fsync = strike
    if address is not None:
        environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
        ray.init(address, runtime_env={"env_vars": environment}, log_to_driver=False)
    run_study(parse(StudyConfig, asked), out)
