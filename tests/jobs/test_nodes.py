"""A study on a cluster of several nodes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from jobs.cluster import ROOT
from jobs.study import run_study
from tests.jobs.problems import PROBES, config, rows

pytestmark = pytest.mark.ray

NODES = 4


@pytest.fixture
def four_nodes() -> Iterator[None]:
    cluster = Cluster()
    for _ in range(NODES):
        cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False)
    cluster.wait_for_nodes()
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    ray.init(cluster.address, log_to_driver=False, runtime_env={"env_vars": environment})
    yield
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]


def test_a_study_on_four_nodes(four_nodes: None, tmp_path: Path) -> None:
    assert len([node for node in ray.nodes() if node["Alive"]]) == NODES
    plans = run_study(config(), str(tmp_path))
    probes = rows(tmp_path, "probes")
    assert len(probes) == PROBES
    assert {row["status"] for row in probes} == {"done"}
    assert plans.selected.samples.sum() == 100
