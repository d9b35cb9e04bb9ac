"""Where a job runs: a Ray of its own, or the cluster it was sent to."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import ray

from jobs.head_watch import head_watched
from jobs.local_ray import is_local, local_ray
from projektor_ray.cli.heartbeat import doing
from projektor_ray.cli.signals import stop_in_order
from projektor_ray.errors import HeadLostError, InputError

ROOT = Path(__file__).resolve().parent.parent
CONNECT_SECONDS = 5.0
DEFAULT_PORT = 6379


@contextmanager
def connected(address: str | None, folder: str) -> Iterator[bool]:
    """Ray for the length of a job; whether it is a local one, to which no node will be added.

    Where a Python driver has called `ray.init` already, that Ray, which is left running. Inside a
    submitted job, the job's cluster. Else the cluster at `address`, or at `RAY_ADDRESS`. Else a
    local Ray, started here and ended here.

    Parameters
    ----------
    folder : of the study, as errors name it.

    Raises
    ------
    InputError
        If nothing listens at the address.
    HeadLostError
        If Ray's head process dies.
    """
    if ray.is_initialized():
        yield False
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    submitted = bool(os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR"))
    local = is_local(address)
    with ExitStack() as endings:
        with doing("Ray", "starting" if local else "connecting to the cluster"):
            if submitted:
                ray.init(logging_level=logging.WARNING, log_to_driver=False)
            elif local:
                endings.enter_context(local_ray())
            else:
                _connect(address)
        head = ray.get_runtime_context().gcs_address
        with stop_in_order(), _shut_down(), head_watched(head, folder, local=local):
            yield local


@contextmanager
def _shut_down() -> Iterator[None]:
    """Shut Ray down at the end, in whatever way the job ends, unless the head is lost."""
    lost = False
    try:
        yield
    except HeadLostError:
        lost = True
        raise
    finally:
        if not lost:
            with doing("Ray", "shutting down", at_once=False):
                ray.shutdown()


def _connect(address: str) -> None:
    """Connect to a cluster, to whose nodes the project's folder is sent.

    Raises
    ------
    InputError
        If no cluster answers at the address.
    """
    if address != "auto":
        check_reachable(address)
    try:
        ray.init(
            address,
            runtime_env={"working_dir": str(ROOT)},
            logging_level=logging.WARNING,
            log_to_driver=False,  # what learners print may hold control characters
        )
    except ConnectionError as failure:
        raise InputError(
            f"no Ray cluster answers at {address!r} ({_first_line(failure)}). Start one with "
            "`ray start --head`, correct --address or RAY_ADDRESS, or unset it to run locally"
        ) from None


def _first_line(failure: Exception) -> str:
    return next(iter(str(failure).splitlines()), type(failure).__name__)


def check_reachable(address: str) -> None:
    """Fail at once where Ray would wait for a minute.

    Raises
    ------
    InputError
        If the address is not HOST:PORT, or nothing listens there.
    """
    scheme, _, place = address.rpartition("://")
    if scheme in ("http", "https"):
        raise InputError(
            f"{address!r} is where jobs are submitted to, not a cluster's own address. Submit this "
            f"one: `ray job submit --address {address} --working-dir . -- python -m jobs.study "
            "STUDY.yaml --out s3://bucket/NAME`; or give the head node as --address HOST:6379"
        )
    if scheme:
        raise InputError(
            f"{address!r} is an address of Ray Client, whose driver runs outside the cluster and "
            "cannot write a study's tables. Give the head node as --address HOST:6379, from a "
            "machine of the cluster; or submit the job: `ray job submit --address "
            "http://HOST:8265 --working-dir . -- python -m jobs.study STUDY.yaml`"
        )
    host, _, port = place.partition(":")
    try:
        number = int(port or DEFAULT_PORT)
        socket.create_connection((host, number), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as failure:
        raise InputError(
            f"no Ray cluster answers at {address!r} ({failure}); expected HOST:PORT of a running "
            "head node. Start one, correct --address or RAY_ADDRESS, or unset it to run locally"
        ) from None
