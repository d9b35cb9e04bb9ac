"""A study on a cluster of several nodes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray
from ray.cluster_utils import Cluster

from jobs.cluster import ROOT
from jobs.study import run_study
from projektor_ray.data import Samples
from tests.helpers.job_studies import PROBES, PROVIDERS, arrays, config, rows
from tests.helpers.preloaded_workers import preloaded_workers

pytestmark = pytest.mark.ray

NODES = 3
SLOTS_PER_NODE = 2


@pytest.fixture
def three_nodes() -> Iterator[None]:
    cluster = Cluster()
    with preloaded_workers():
        for _ in range(NODES):
            cluster.add_node(
                num_cpus=SLOTS_PER_NODE, object_store_memory=80 * 2**20, include_dashboard=False
            )
    cluster.wait_for_nodes()
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    ray.init(cluster.address, log_to_driver=False, runtime_env={"env_vars": environment})
    yield
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]


def wide(samples: Samples) -> Samples:
    return replace(samples, inputs=np.tile(samples.inputs, 200))


def test_a_study_on_several_nodes(three_nodes: None, tmp_path: Path) -> None:
    """Its probes see one copy on a node of each pilot and of the validation set.

    The sets are made wide: Ray sends what is below 100 kB along with the calls.
    """
    marks = tmp_path / "marks"
    marks.mkdir()
    learner = {
        "name": "tests.helpers.job_learners:locating",
        "settings": {"marks": str(marks), "nodes": NODES},
    }
    pilots, validation = arrays()
    plans = run_study(
        config(learner=learner),
        str(tmp_path / "out"),
        arrays={name: wide(pilot) for name, pilot in pilots.items()},
        validation=wide(validation),
    )
    probes = rows(tmp_path / "out", "probes")
    assert len(probes) == PROBES
    assert {row["status"] for row in probes} == {"done"}
    assert plans.selected.samples.sum() == 100

    places, processes = defaultdict(set), defaultdict(set)
    for file in marks.glob("*/*"):
        for line in file.read_text(encoding="ascii").splitlines():
            node, process, place = line.split()
            places[node].add(place)
            processes[node].add(process)
    assert len(places) == NODES, "every node trained"
    assert max(map(len, processes.values())) <= SLOTS_PER_NODE
    assert {len(one) for one in places.values()} == {len(PROVIDERS) + 1}
