"""The service in replicas on two nodes: both answer, with the same numbers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import ray
from ray import serve
from ray.cluster_utils import Cluster
from ray.serve.config import HTTPOptions

from actors.served import NAME, SERVICE, ServedStudies, deployed
from jobs.cluster import ROOT
from jobs.serve import proxy_location
from projektor_ray.study import open_study
from tests.helpers.free_port import free_port
from tests.helpers.preloaded_workers import preloaded_workers
from tests.helpers.study_folders import small_study, write_study

pytestmark = [pytest.mark.ray, pytest.mark.slow]

TOKEN = "a-token-of-many-letters"
BODY: dict[str, Any] = {"mixtures": [{"ada": 0.25, "bob": 0.75}], "size": 200}
REQUESTS = 40
COUNTED = re.compile(r'projektor_requests_total\{[^}]*route="[^"]*/predict"[^}]*\} (\S+)')


@pytest.fixture
def two_nodes() -> Iterator[None]:
    """Of one CPU each, so that two replicas of one CPU are on two nodes."""
    cluster = Cluster()
    with preloaded_workers():
        for _ in range(2):
            cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20, include_dashboard=False)
    cluster.wait_for_nodes()
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    ray.init(cluster.address, log_to_driver=False, runtime_env={"env_vars": environment})
    yield
    serve.shutdown()
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]


def test_replicas_on_two_nodes_answer_alike(two_nodes: None, tmp_path: Path) -> None:
    """Each node's proxy asks the replica of its own node, and requests reach both proxies: the two
    nodes are one machine here, where the system shares connections among those who listen.
    """
    folder = write_study(tmp_path, small_study())
    port, location = free_port(), proxy_location("0.0.0.0", local=False)
    serve.start(proxy_location=location, http_options=HTTPOptions(host="127.0.0.1", port=port))
    arguments = ServedStudies(studies=[str(folder)], replicas=2, cpus=1.0)
    serve.run(deployed(arguments, TOKEN), name=NAME)
    states = serve.status().applications[NAME].deployments[SERVICE].replica_states
    assert states == {"RUNNING": 2}
    assert len(serve.status().proxies) == 2

    answers, counts = list[Any](), set[float]()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for _ in range(REQUESTS):  # a connection each, so that each is routed anew
        base = f"http://127.0.0.1:{port}"
        answers.append(httpx.post(f"{base}/v1/studies/test/predict", json=BODY, headers=headers))
        metrics = httpx.get(f"{base}/metrics", headers=headers).text
        counts |= {float(one) for one in COUNTED.findall(metrics)}
    assert {answer.status_code for answer in answers} == {200}
    (answer,) = {answer.text for answer in answers}
    assert max(counts) < REQUESTS, "each replica counts its own requests: both answered some"
    predicted = open_study(folder).predict([[0.25, 0.75, 0.0]], 200)
    assert httpx.Response(200, text=answer).json()["predictions"][0]["value"] == pytest.approx(
        float(predicted.value[0]), abs=1e-12
    )
