"""A Ray of one machine for tests, which modules that need the same one share."""

from collections.abc import Iterator
from contextlib import contextmanager

import ray

from jobs.cluster import ROOT
from tests.helpers.preloaded_workers import preloaded_workers

_running: list[tuple[int, int]] = []
"""CPUs and GPUs of the shared Ray, if one runs."""


@contextmanager
def ray_of(cpus: int, gpus: int = 0) -> Iterator[None]:
    """A Ray of its own. Workers find the project; no dashboard, little memory. GPUs need not
    exist.
    """
    stop_shared_ray()
    _start(cpus, gpus)
    yield
    ray.shutdown()


def share_ray(cpus: int) -> None:
    """Have the shared Ray run with so many CPUs; it starts anew only if it has others."""
    if _running != [(cpus, 0)] or not ray.is_initialized():
        stop_shared_ray()
        _start(cpus, 0)
        _running.append((cpus, 0))


def stop_shared_ray() -> None:
    """Stop the shared Ray, if one runs."""
    if _running:
        _running.clear()
        ray.shutdown()


def _start(cpus: int, gpus: int) -> None:
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    with preloaded_workers():
        ray.init(
            address="local",
            num_cpus=cpus,
            num_gpus=gpus,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=100 * 2**20,
            runtime_env={"env_vars": environment},
        )
