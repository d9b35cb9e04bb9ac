"""What the probe runner costs, number by number; for a machine of 2 cores that is otherwise idle.

    python -m benchmarks.probes [overhead] [efficiency] [threads] [ledger]

overhead    probes of 0.2 s on 2 CPUs: wall time of 130, and what Tune and the ledger add to one.
efficiency  396 probes of 1, 3 and 10 s on 4 simulated nodes with 2 CPUs each: the share of the time
            of all slots that learners took. The probes sleep, so that 8 slots need no 8 cores.
threads     small_cnn: 2 probes at once, of one thread each, against one after the other in two.
ledger      100,000 probes, appended one at a time: an append; open and difference with what is
            wanted.

Named none, all four are measured, some 20 minutes, and `benchmarks/results/probes.md` is written.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import ray
from ray.cluster_utils import Cluster

from actors.ledger import LedgerWriter
from actors.pilots import Pilots
from actors.probes import ProbeRunner
from jobs.cluster import ROOT
from projektor_ray.data import Samples
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.settings import parse
from projektor_ray.study import SetSummary, StudyConfig, resolve
from projektor_ray.study.fitting import missing_probes

SAMPLES = Samples(np.random.default_rng(0).normal(size=(128, 4)), np.arange(128) % 2)
SECONDS = 0.2
FIRST_HUNDRED = 100
SIZES = (10, 30, 100)
SECONDS_PER_SAMPLE = 0.1
NODES, CPUS_PER_NODE = 4, 2
STORE_BYTES = 80 * 2**20
ROWS = 100_000
NETWORKS = 8
IMAGE = 16

Line = tuple[str, str, str]
"""What was measured, how much it was, and the goal."""


def sleeper(
    train: Samples, validation: Samples, seed: int, settings: Mapping[str, Any]
) -> dict[str, float]:
    """A learner that takes as long as its settings say."""
    time.sleep(settings["seconds"] + settings["per_sample"] * len(train))
    return {"accuracy": 0.5}


def study_of(
    providers: int,
    probes: Mapping[str, Any],
    seconds: float = 0.0,
    per_sample: float = 0.0,
) -> StudyConfig:
    settings = {"seconds": seconds, "per_sample": per_sample}
    return parse(
        StudyConfig,
        {
            "name": "benchmark",
            "providers": [{"name": f"p{i}"} for i in range(providers)],
            "learner": {"name": "benchmarks.probes:sleeper", "settings": settings},
            "probes": probes,
            "selection": {"size": 200},
        },
    )


@dataclass(frozen=True)
class Timing:
    """Of one run of the runner.

    Attributes
    ----------
    wall : seconds from the call of the runner to its return.
    finished : when each probe was, in seconds after the call.
    busy : seconds of all trainings together.
    """

    wall: float
    finished: tuple[float, ...]
    busy: float


def run(config: StudyConfig) -> Timing:
    """All probes of a study through the runner, on the Ray that is connected."""
    names = [provider.name for provider in config.providers]
    pilots = Pilots(config, dict.fromkeys(names, SAMPLES), SAMPLES)
    study = resolve(config, *pilots.summaries())
    finished, busy = [], []

    def on_finished(outcome: Outcome) -> None:
        finished.append(time.perf_counter() - started)
        busy.append(outcome.seconds)

    references = pilots.references()
    ray.wait([*pilots.validations.values(), *references.values()], num_returns=len(names) + 1)
    with tempfile.TemporaryDirectory() as out:
        runner = ProbeRunner(
            study, Folder(out), {}, references, list(pilots.validations.values()), on_finished
        )
        started = time.perf_counter()
        runner.train(missing_probes(study, {}))
        return Timing(time.perf_counter() - started, tuple(finished), sum(busy))


@contextmanager
def cluster(nodes: int, cpus: int) -> Iterator[None]:
    """Nodes that are simulated on this machine."""
    there = Cluster()
    for _ in range(nodes):
        there.add_node(num_cpus=cpus, object_store_memory=STORE_BYTES, include_dashboard=False)
    there.wait_for_nodes()
    environment = {"PYTHONPATH": str(ROOT), "RAY_AUTH_MODE": "disabled"}
    ray.init(there.address, log_to_driver=False, runtime_env={"env_vars": environment})
    try:
        yield
    finally:
        ray.shutdown()
        there.shutdown()  # type: ignore[no-untyped-call]


def overhead() -> list[Line]:
    """Probes of 0.2 s, of which the first are slower: workers start."""
    slots = 2
    with cluster(1, slots):
        few, many = (
            run(study_of(2, {"scales": [8, 32], "lattice": 4, "seeds": seeds}, SECONDS))
            for seeds in (13, 30)
        )
    later = many.finished[-1] - many.finished[FIRST_HUNDRED]
    each = slots * later / (len(many.finished) - FIRST_HUNDRED - 1) - SECONDS
    return [
        (f"{len(few.finished)} probes of {SECONDS} s on 2 CPUs", f"{few.wall:.1f} s", "22 s"),
        (f"overhead of a probe, from number 100 to {len(many.finished)}", f"{each:.3f} s", "0.1 s"),
    ]


def efficiency() -> list[Line]:
    """66 mixtures, 3 scales whose probes take 1, 3 and 10 s, 2 seeds."""
    slots = NODES * CPUS_PER_NODE
    probes = {"scales": SIZES, "lattice": 10, "seeds": 2}
    with cluster(NODES, CPUS_PER_NODE):
        timing = run(study_of(3, probes, per_sample=SECONDS_PER_SAMPLE))
    lengths = ", ".join(f"{size * SECONDS_PER_SAMPLE:.0f}" for size in SIZES)
    what = f"{len(timing.finished)} probes of {lengths} s on {NODES} nodes, {slots} slots"
    return [
        (f"{what}: wall time", f"{timing.wall:.0f} s", f"{timing.busy / slots / 0.85:.0f} s"),
        ("worker efficiency", f"{timing.busy / slots / timing.wall:.3f}", "0.85"),
    ]


def train_networks(count: int, threads: int) -> None:
    import torch

    from projektor_ray.learners.network import trained
    from projektor_ray.learners.network_settings import NetworkSettings

    torch.set_num_threads(threads)
    images = np.random.default_rng(0).integers(0, 256, (512, IMAGE, IMAGE, 3), dtype=np.uint8)
    settings, device = NetworkSettings(epochs=4), torch.device("cpu")
    for seed in range(count):
        trained("small_cnn", images, np.arange(512) % 10, 10, settings, seed, device)


def threads() -> list[Line]:
    """The same networks, trained two at once and one after the other."""
    seconds = {}
    for at_once, threads_each in ((2, 1), (1, 2)):
        with ProcessPoolExecutor(at_once) as pool:
            list(pool.map(train_networks, [1] * at_once, [threads_each] * at_once))
            started = time.perf_counter()
            share = NETWORKS // at_once
            list(pool.map(train_networks, [share] * at_once, [threads_each] * at_once))
            seconds[at_once] = time.perf_counter() - started
    return [
        (f"{NETWORKS} small_cnn, 2 at once in 1 thread each", f"{seconds[2]:.1f} s", "less"),
        (f"{NETWORKS} small_cnn, one by one in 2 threads", f"{seconds[1]:.1f} s", "more"),
    ]


def ledger() -> list[Line]:
    """Appends of one row, as the runner makes them, and what a driver does on starting."""
    probes = {"scales": [8, 32], "lattice": 32, "seeds": -(-ROWS // 66)}
    summaries = [SetSummary.of(name, SAMPLES) for name in ("p0", "p1", "validation")]
    study = resolve(study_of(2, probes), summaries[:2], summaries[2:])
    wanted, stamp, now = study.wanted_probes(), study.probes_metadata, datetime.now(timezone.utc)
    took = []
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryDirectory() as scratch:
        writer = LedgerWriter(out, [stamp], scratch)
        for probe in wanted[:ROWS]:
            outcome = Outcome(probe, (0.5,), "", 1.0, now)
            started = time.perf_counter()
            writer.append(outcome)
            took.append(time.perf_counter() - started)
        opened = []
        for _ in range(3):
            started = time.perf_counter()
            missing = missing_probes(study, Ledger(Folder(out), "probes").rows(stamp.input_hash))
            opened.append(time.perf_counter() - started)
        assert len(missing) == len(wanted) - ROWS
    append = np.array(took) * 1e3
    return [
        (
            f"ledger of {ROWS:,}: an append, mean with compaction",
            f"{append.mean():.1f} ms",
            "10 ms",
        ),
        (f"ledger of {ROWS:,}: an append, median", f"{np.median(append):.1f} ms", "10 ms"),
        (f"ledger of {ROWS:,}: open and difference", f"{np.median(opened):.2f} s", "1 s"),
    ]


PARTS: dict[str, Callable[[], list[Line]]] = {
    "overhead": overhead,
    "efficiency": efficiency,
    "threads": threads,
    "ledger": ledger,
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    asked = options.parse_args().parts or list(PARTS)
    lines = [
        "# The probe runner\n",
        "Written by `python -m benchmarks.probes` on an idle machine of 2 cores.\n",
        "| what | measured | goal |",
        "|---|---|---|",
    ]
    for part in asked:
        for line in PARTS[part]():
            lines.append(f"| {' | '.join(line)} |")
            print(lines[-1], flush=True)
    if set(asked) == set(PARTS):
        text = "\n".join(lines) + "\n"
        (Path(__file__).parent / "results" / "probes.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
