"""Where a job runs: a Ray of its own, or the cluster it was sent to."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray

from projektor_ray.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
REACH_SECONDS = 5.0
DEFAULT_PORT = 6379


@contextmanager
def connected(address: str | None) -> Iterator[bool]:
    """Ray for the length of a job; whether it is a local one, to which no node will be added.

    Where a Python driver has called `ray.init` already, that Ray, which is left running. Inside a
    submitted job, the job's cluster. Else the cluster at `address`, or at `RAY_ADDRESS`. Else a
    local Ray, started here and ended here.

    Raises
    ------
    InputError
        If nothing listens at the address.
    """
    if ray.is_initialized():
        yield False
        return
    address, local = address or os.environ.get("RAY_ADDRESS"), False
    if os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR"):
        ray.init(logging_level=logging.WARNING)
    elif address and address not in ("local", "auto"):
        check_reachable(address)
        ray.init(address, runtime_env={"working_dir": str(ROOT)}, logging_level=logging.WARNING)
    else:
        local = address != "auto"
        _start_local(address or "local")
    try:
        yield local
    finally:
        ray.shutdown()


def _start_local(address: str) -> None:
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    paths = [str(ROOT), str(Path.cwd()), os.environ.get("PYTHONPATH", "")]
    environment = {"PYTHONPATH": os.pathsep.join(dict.fromkeys(path for path in paths if path))}
    ray.init(
        address,
        include_dashboard=False if address == "local" else None,
        runtime_env={"env_vars": environment},
        logging_level=logging.WARNING,
        log_to_driver=False,
    )


def check_reachable(address: str) -> None:
    """Fail at once where Ray would wait for a minute.

    Raises
    ------
    InputError
        If the address is not HOST:PORT, or nothing listens there.
    """
    scheme, _, place = address.rpartition("://")
    if scheme == "ray":
        raise InputError(
            f"{address!r} is an address of Ray Client, whose driver is no part of the cluster and "
            "cannot write a study's tables; expected HOST:PORT of a head node, from a machine of "
            "the cluster, or submit the job: ray job submit --address http://HOST:8265 "
            "--working-dir . -- python -m jobs.study STUDY.yaml"
        )
    host, _, port = place.partition(":")
    try:
        number = int(port or DEFAULT_PORT)
        socket.create_connection((host, number), timeout=REACH_SECONDS).close()
    except (OSError, ValueError) as failure:
        raise InputError(
            f"no Ray cluster answers at {address!r} ({failure}); expected HOST:PORT of a running "
            "head node. Start one, correct --address or RAY_ADDRESS, or unset it to run locally"
        ) from None
