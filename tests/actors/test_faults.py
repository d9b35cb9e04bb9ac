"""Actors and nodes that are killed in the middle of a solve: it finishes with the same result."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ray
from ray.cluster_utils import Cluster

from actors import transport
from actors.fetch import fetch
from actors.pilots import Pilots
from actors.transport import PilotDistances
from jobs.cluster import ROOT
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.study import StudyConfig, resolve
from tests.helpers.actor_studies import NAMES, PILOTS, VALIDATION, config
from tests.helpers.preloaded_workers import preloaded_workers

pytestmark = pytest.mark.ray

SHARDS = 2
QUICK_TO_NOTICE = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 300,
    "health_check_failure_threshold": 5,
}
SETTINGS = {
    "by provider": {},
    "by mixture": {"epsilon": 0.005, "tolerance": 1e-10, "dtype": "float64"},
}
"""By mixture a solve that takes hundreds of rounds, so that there is a middle to be killed in; by
provider every round is a call, and a few will do."""
ASKED = simplex_lattice(len(NAMES), 4)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """The driver's node, and more nodes than are killed."""
    cluster = Cluster()
    small = {"object_store_memory": 80 * 2**20, "include_dashboard": False}
    with preloaded_workers():
        cluster.add_node(num_cpus=0, _system_config=QUICK_TO_NOTICE, **small)
        for _ in range(3):
            cluster.add_node(num_cpus=1, **small)
    cluster.wait_for_nodes()
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    ray.init(cluster.address, log_to_driver=False, runtime_env={"env_vars": environment})
    yield cluster
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("layout", ["by provider", "by mixture"])
def test_a_solve_outlives_who_solves_it(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    """First an actor is killed, then a node.

    The driver holds no pilot: what is lost can only be read from its source again.
    """
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": float(SHARDS)})
    scant = layout == "by provider"
    monkeypatch.setattr("projektor_ray.transport.memory.kernel_fits", lambda *_: not scant)
    asked = config(NAMES, sources_in(tmp_path), **SETTINGS[layout])
    held = hold(asked)
    undisturbed = held[1](ASKED)
    nth, when = (5, at_any_time) if layout == "by provider" else (1, is_solving)

    for victim in ("actor", "node"):
        held, shard = a_shard_away(asked, held)
        _, distances = held
        assert distances.plan.layout == layout
        distances.reset()
        node, process = place_of(shard)
        strike = partial(kill, shard, cluster if victim == "node" else None, when)
        with monkeypatch.context() as patch:
            patch.setattr(transport, "fetch", fetch_and(strike, nth))
            found = distances(ASKED)

        assert place_of(shard)[1] != process, victim
        assert victim == "actor" or place_of(shard)[0] != node
        for name in ("value", "gradient", "iterations"):
            np.testing.assert_array_equal(getattr(found, name), getattr(undisturbed, name), victim)


def kill(shard: Any, cluster: Cluster | None, when: Callable[[Any], bool]) -> None:
    """Kill the process of a shard, as soon as it is at it, and its node if a cluster is given."""
    node, process = place_of(shard)
    wait_until(lambda: ray.get(shard.__ray_call__.remote(when)))
    if cluster is not None:
        [lost] = [each for each in cluster.worker_nodes if each.node_id == node]
        cluster.remove_node(lost, allow_graceful=False)
    os.kill(process, signal.SIGKILL)


def hold(asked: StudyConfig) -> tuple[Pilots, PilotDistances]:
    pilots = Pilots(asked, {}, VALIDATION)
    return pilots, PilotDistances(pilots, resolve(asked, *pilots.summaries()))


def a_shard_away(
    asked: StudyConfig, held: tuple[Pilots, PilotDistances]
) -> tuple[tuple[Pilots, PilotDistances], Any]:
    """Pilots, these if they do, and a shard of theirs on another node than the driver's."""
    here = ray.get_runtime_context().get_node_id()
    for _ in range(10):
        for shard, _ in held[0].shards:
            if place_of(shard)[0] != here:
                return held, shard
        held = hold(asked)
    raise AssertionError("Ray puts every shard on the driver's node")


def sources_in(folder: Path) -> dict[str, Any]:
    """Every pilot in a file of its own."""
    for name, samples in PILOTS.items():
        np.savez(folder / f"{name}.npz", inputs=samples.inputs, labels=samples.labels)
    return {name: {"source": {"path": str(folder / f"{name}.npz")}} for name in PILOTS}


def fetch_and(strike: Callable[[], None], nth: int) -> Callable[[Any], Any]:
    """`fetch`, whose nth call strikes before it waits for what was asked."""
    calls = iter(range(1, 10**9))

    def fetching(references: Any) -> Any:
        if next(calls) == nth:
            strike()
        return fetch(references)

    return fetching


def place_of(actor: Any) -> tuple[str, int]:
    """The node and the process that an actor lives in."""
    found: tuple[str, int] = ray.get(actor.__ray_call__.remote(place))
    return found


def place(_: Any) -> tuple[str, int]:
    return ray.get_runtime_context().get_node_id(), os.getpid()


def at_any_time(_: Any) -> bool:
    return True


def is_solving(_: Any) -> bool:
    """Whether a thread of this process is in the middle of a solve."""
    for frame in sys._current_frames().values():
        while frame is not None:
            if frame.f_code.co_name == "measure_from":
                return True
            frame = frame.f_back  # type: ignore[assignment]
    return False


def wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < give_up
