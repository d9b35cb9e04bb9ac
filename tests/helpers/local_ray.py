"""A Ray of one machine for tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import ray

from jobs.cluster import ROOT


@contextmanager
def ray_of(cpus: int, gpus: int = 0) -> Iterator[None]:
    """Workers find the project; no dashboard, little memory. GPUs need not exist."""
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    ray.init(
        address="local",
        num_cpus=cpus,
        num_gpus=gpus,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100 * 2**20,
        runtime_env={"env_vars": environment},
    )
    yield
    ray.shutdown()
