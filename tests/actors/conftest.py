"""A local Ray that the tests of a module share."""

from collections.abc import Iterator

import pytest
import ray

from jobs.cluster import ROOT


@pytest.fixture(scope="module")
def local_ray() -> Iterator[None]:
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=100 * 2**20,
        runtime_env={"env_vars": environment},
    )
    yield
    ray.shutdown()
