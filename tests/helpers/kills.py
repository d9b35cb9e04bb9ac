"""A study on a cluster of the test's own, whose processes are killed while it runs."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import psutil
import pytest
import yaml
from ray.cluster_utils import Cluster

from jobs.cluster import ROOT
from projektor_ray.cli.signals import STOPPED
from projektor_ray.data import read_source
from projektor_ray.probes.train_probe import drawn_set, training_seed
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger, Rows
from projektor_ray.storage.schemas import Key
from projektor_ray.storage.settings import parse
from projektor_ray.study import Study, StudyConfig
from tests.helpers.job_learners import nearest_mean, training_name
from tests.helpers.job_studies import resolved, values
from tests.helpers.preloaded_workers import preloaded_workers, serving_process

NODES = 2
"""Workers of one CPU each. The head has none; the driver runs beside it."""

STORE_BYTES = 80 * 2**20

SETTINGS = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 10_000,
    "health_check_failure_threshold": 2,
}
"""So that the cluster notices a lost node within seconds."""

WAIT_SECONDS = 240.0

Victim = Literal["worker", "raylet", "driver", "pilots", "writer", "SIGTERM", "SIGINT", "cluster"]
"""Each killed by signal 9, but SIGTERM: the driver, as `ray job stop` ends it; and SIGINT: the
driver, as Ctrl-C does. Pilots are an actor that holds some. A cluster is killed with the driver:
every process of every node at once.
"""

IN_FLIGHT: dict[Victim, int] = {
    "worker": 1,
    "raylet": 1,
    "driver": NODES,
    "pilots": 0,
    "writer": 0,
    "SIGTERM": NODES,
    "SIGINT": NODES,
    "cluster": NODES,
}
"""Most trainings that are lost with each."""

ACTORS: dict[Victim, str] = {"pilots": "PilotShard", "writer": "LedgerWriter"}
"""Classes of the actors that are killed."""


@dataclass(frozen=True)
class Kill:
    """What was known when something was killed: finished probes, and trainings begun."""

    victim: Victim
    finished: frozenset[str]
    begun: int


@dataclass(eq=False)
class Scene:
    """A study's folder, a cluster, and a driver that runs the one on the other.

    Attributes
    ----------
    place : of the study's file, its tables (`out`) and the marks that trainings leave.
    seeds : of each of 6 mixtures at 2 scales.
    kills : what was killed so far.
    expected : key of each probe → the name of its training, and its value.
    """

    place: Path
    seeds: int
    cluster: Cluster = field(default_factory=lambda: start_cluster())
    kills: list[Kill] = field(default_factory=list)

    def __post_init__(self) -> None:
        asked = values(
            learner={
                "name": "tests.helpers.job_learners:traced",
                "settings": {"marks": str(self.place)},
            },
            probes={"scales": [4, 16], "lattice": 2, "seeds": self.seeds, "retries": 9},
        )
        (self.place / "study.yaml").write_text(yaml.safe_dump(asked), encoding="utf-8")
        self.study = resolved(parse(StudyConfig, asked))
        self.expected = expected_of(self.study)

    @property
    def hold(self) -> Path:
        """While this file exists, no training ends."""
        return self.place / "hold"

    def start(self, job: str = "probe") -> "subprocess.Popen[str]":
        """A driver, with the environment that Ray gives one of a submitted job."""
        there = {"runtime_env": {"env_vars": {"PYTHONPATH": str(ROOT)}}}
        return subprocess.Popen(
            [
                *(sys.executable, "-m", f"jobs.{job}", str(self.place / "study.yaml")),
                *("--out", str(self.place / "out")),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "RAY_ADDRESS": self.cluster.address,
                "RAY_JOB_CONFIG_JSON_ENV_VAR": json.dumps(there),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=heed_ctrl_c,
        )

    def rows(self) -> Rows:
        folder = Folder(self.place / "out")
        return Ledger(folder, "probes").rows(self.study.probes_metadata.input_hash)

    def trainings(self) -> list[tuple[str, int]]:
        """Name and process of every training that was begun, in order."""
        file = self.place / "trainings"
        lines = file.read_text(encoding="ascii").splitlines() if file.exists() else []
        return [(name, int(pid)) for name, pid in (line.split() for line in lines)]

    def strike(self, victim: Victim, driver: "subprocess.Popen[str]") -> "subprocess.Popen[str]":
        """Kill something; the driver that works on afterwards, which may be a new one."""
        if victim == "worker":
            until(lambda: self._workers() != [], driver)
            self._kill(victim, self._workers()[-1])
        elif victim == "raylet":
            self._lose_node()
        elif victim == "driver":
            self._kill(victim, driver.pid)
        elif victim in ACTORS:
            until(lambda: self._actors(victim) != [], driver)
            self._kill(victim, self._actors(victim)[0])
        elif victim in ("SIGTERM", "SIGINT"):
            begun = self.kills[-1].begun if self.kills else 0
            until(lambda: len(self.trainings()) > begun, driver)
            self._kill(victim, driver.pid, by=signal.Signals[victim])
            status, said = end_of(driver)
            assert status == 128 + signal.Signals[victim], said
            assert f"Stopped: {STOPPED}" in said
        else:
            self._lose_cluster(driver.pid)
        if victim in ("worker", "raylet", *ACTORS):
            return driver
        driver.communicate()
        return self.start()

    def _kill(self, victim: Victim, *processes: int, by: signal.Signals = signal.SIGKILL) -> None:
        """Kill processes, and note what must not be trained again."""
        finished = frozenset(self.expected[key][0] for key in self.rows())
        self.kills.append(Kill(victim, finished, len(self.trainings())))
        for process in processes:
            os.kill(process, by)

    def _workers(self) -> list[int]:
        """The processes that trained and still live, in the order of their trainings."""
        return [process for _, process in self.trainings() if is_worker(process)]

    def _actors(self, victim: Victim) -> list[int]:
        """The processes of this cluster that are actors of a class."""
        workers = psutil.Process(serving_process()).children()
        return [one.pid for one in workers if runs(one, ACTORS[victim])]

    def _lose_node(self) -> None:
        """Kill the raylet of a worker node; another node takes its place.

        No training ends meanwhile, or the moment of the next kill would be over.
        """
        self.hold.touch()
        node = sorted(self.cluster.worker_nodes, key=lambda node: node.node_id)[0]
        self._kill("raylet", node.all_processes["raylet"][0].process.pid)
        self.cluster.remove_node(node, allow_graceful=False)
        with preloaded_workers():
            self.cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        self.hold.unlink()

    def _lose_cluster(self, driver: int) -> None:
        """Kill everything; another cluster takes its place."""
        cluster, nodes = self.cluster, self.cluster.list_all_nodes()
        cluster.global_state.disconnect()
        started = [one for node in nodes for kind in node.all_processes.values() for one in kind]
        self._kill("cluster", driver, *(one.process.pid for one in started))
        for node in reversed(nodes):
            cluster.remove_node(node, allow_graceful=False)
        self.cluster = start_cluster()

    def check_finished(self) -> None:
        """Every probe has its value, and none that was finished before a kill began again."""
        rows = self.rows()
        assert {key: row["value"] for key, row in rows.items()} == {
            key: value for key, (_, value) in self.expected.items()
        }
        begun = [name for name, _ in self.trainings()]
        for kill in self.kills:
            assert not kill.finished & set(begun[kill.begun :]), "a finished probe began again"
        assert set(begun) == {name for name, _ in self.expected.values()}
        assert 0 <= self.repeated <= sum(IN_FLIGHT[kill.victim] for kill in self.kills)
        assert not list((self.place / "out").rglob("*.tmp"))

    @property
    def repeated(self) -> int:
        """Trainings beyond one of each probe."""
        return len(self.trainings()) - len(self.expected)

    def survive(
        self,
        victims: Sequence[Victim],
        rng: np.random.Generator,
        driver: "subprocess.Popen[str]",
    ) -> None:
        """Kill each of the victims at a random moment of the study, and check what is left.

        A moment is a number of finished probes.
        """
        open_to_kills = np.arange(2, len(self.expected) - 4)
        moments = np.sort(rng.choice(open_to_kills, size=len(victims), replace=False)).tolist()
        for victim, moment in zip(victims, moments, strict=True):
            until(lambda moment=moment: len(self.rows()) >= moment, driver)
            driver = self.strike(victim, driver)
        status, said = end_of(driver)
        assert status == 0, said
        self.check_finished()


def heed_ctrl_c() -> None:
    """A process that was started in the background ignores it, and so do those it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def runs(process: psutil.Process, name: str) -> bool:
    """Whether a living process is an actor of a class."""
    try:
        return any(name in part for part in process.cmdline())
    except psutil.Error:
        return False


def is_worker(process: int) -> bool:
    """Whether a process is a living one of Ray's."""
    command = Path(f"/proc/{process}/cmdline")
    return command.exists() and command.read_bytes().startswith(b"ray::")


def random_victims(rng: np.random.Generator) -> list[Victim]:
    """Twenty, of driver, worker and raylet."""
    kinds: list[Victim] = ["driver", "worker", "raylet"]
    return [kinds[i] for i in rng.integers(len(kinds), size=20)]


def start_cluster() -> Cluster:
    cluster = Cluster()
    room = {"object_store_memory": STORE_BYTES}
    with preloaded_workers():
        cluster.add_node(num_cpus=0, include_dashboard=False, _system_config=SETTINGS, **room)
        for _ in range(NODES):
            cluster.add_node(num_cpus=1, **room)
    cluster.wait_for_nodes()
    return cluster


def expected_of(study: Study) -> dict[Key, tuple[str, float]]:
    """Key of each probe → name of its training and its value, computed here and now."""
    sources = {p.name: p.source for p in study.config.providers}
    pilots = {name: read_source(source) for name, source in sources.items() if source}
    assert study.config.validation is not None
    validation = read_source(study.config.validation)
    found = {}
    for probe in study.wanted_probes():
        train, seed = drawn_set(probe, pilots, replacement=False), training_seed(probe)
        value = nearest_mean(train, validation, seed, {})["accuracy"]
        found[probe.key] = training_name(train, seed), value
    return found


def until(reached: Callable[[], bool], driver: "subprocess.Popen[str]") -> None:
    """Wait for something that happens while the driver runs."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not reached():
        if driver.poll() is not None or time.monotonic() > deadline:
            said, _ = driver.communicate()
            pytest.fail(f"the driver ended or hung before its time ({driver.returncode}):\n{said}")
        time.sleep(0.02)


def end_of(driver: "subprocess.Popen[str]") -> tuple[int, str]:
    """The driver's exit status and what it said, line breaks folded."""
    said, _ = driver.communicate(timeout=WAIT_SECONDS)
    return driver.returncode, " ".join(said.split())
