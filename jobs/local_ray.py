"""A Ray of this machine alone, started for one job: few processes, workers that start at once."""

import inspect
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from jobs.fork_server import WORKER, fork_server, worker_paths
from jobs.forked_worker import ADDRESS
from projektor_ray.errors import InputError
from projektor_ray.probes.environment import environment
from projektor_ray.storage.temporary_folders import check_space, claim_folder, remove_abandoned

SESSION_BYTES = 64 * 2**20
"""What a local Ray writes of logs, and of anything else, into its folder of temporary files."""


def is_local(address: str | None) -> bool:
    """Whether a job will start a Ray of its own on this machine. Imports no Ray."""
    runs = "ray" in sys.modules and sys.modules["ray"].is_initialized()
    elsewhere = os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR") or runs
    return not elsewhere and (address or os.environ.get("RAY_ADDRESS") or "local") == "local"


@contextmanager
def local_ray() -> Iterator[None]:
    """Start Ray on this machine, which the caller shuts down within; remove what killed drivers
    left of theirs.

    Workers inherit the environment of Ray's processes. So those that Ray starts in advance serve
    this job too: with a `runtime_env` they would not.

    Raises
    ------
    InputError
        If the folder of temporary files is too long a path for Ray's sockets.
    """
    with fork_server() as server:
        _start({"setup_worker_path": WORKER} if server else {}, server.name if server else "")
        yield


def _start(worker: dict[str, str], server: str) -> None:
    import ray

    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    folder = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR") or "/tmp"
    check_space(Path(folder), SESSION_BYTES)
    try:
        with (
            environment("PYTHONPATH", worker_paths()),
            environment(ADDRESS, server),
            _few_processes(worker),
        ):
            context = ray.init(
                "local",
                include_dashboard=False,
                logging_level=logging.WARNING,
                log_to_driver=False,
            )
    except OSError as failure:
        if "AF_UNIX" not in str(failure):
            raise
        raise InputError(
            f"the folder of temporary files is too long a path for Ray's sockets: {folder} "
            f"({len(folder)} characters). Set RAY_TMPDIR to a short path, such as /tmp"
        ) from None
    session = Path(context.address_info["session_dir"])
    claim_folder(session)
    remove_abandoned(session.parent, "session_*")


@contextmanager
def _few_processes(worker: dict[str, str]) -> Iterator[None]:
    """Within, `ray.init` starts no process that a job of one machine does not need: no autoscaler,
    no log monitor, whose lines nobody would see, and no dashboard server, which starts even
    without a dashboard.

    Ray has parameters for these, but `ray.init` does not take them. Where a version of Ray lacks
    one, it starts as it does by itself.

    Parameters
    ----------
    worker : further parameters, of its workers.
    """
    from ray._private import parameter, services

    wanted = {"include_log_monitor": False, "no_monitor": True, **worker}
    parameters = parameter.RayParams
    if not {*wanted} <= {*inspect.signature(parameters.__init__).parameters}:
        yield
        return
    start = getattr(services, "start_api_server", None)

    def no_server(*_: Any, **__: Any) -> tuple[str, None]:
        return "", None

    parameter.RayParams = partial(parameters, **wanted)
    if start is not None:
        services.start_api_server = no_server
    try:
        yield
    finally:
        parameter.RayParams = parameters
        if start is not None:
            services.start_api_server = start
