"""What Ray Tune adds to a probe, and what a ledger of many probes costs.

    python -m benchmarks.probes [--probes 130] [--seconds 0.2]
    python -m benchmarks.probes --ledger 100000

The first sends many probes of a known length through the real engine and prints the wall time of
the probe stage, the ideal (probes × seconds / CPUs), and the overhead of a probe, over all and from
the second hundred on. The second fills a ledger one append at a time, as the engine does, and then
times what a driver does on starting: open it and find what is missing.
"""

import argparse
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import numpy as np
import ray

from actors.ledger import LedgerWriter
from actors.pilots import Pilots
from actors.probes import Engine, missing_probes
from jobs.cluster import connected
from projektor_ray.config import parse
from projektor_ray.ledger import Ledger
from projektor_ray.probe import Outcome
from projektor_ray.providers import Samples
from projektor_ray.study import SetSummary, StudyConfig, resolve
from projektor_ray.tables import Folder, Row


def sleeper(
    train: Samples, validation: Samples, seed: int, settings: Mapping[str, Any]
) -> dict[str, float]:
    """A learner that takes as long as its settings say."""
    time.sleep(settings["seconds"])
    return {"accuracy": 0.5}


def study_of(probes: int, seconds: float, lattice: int = 1) -> StudyConfig:
    """A study of two providers and about this many probes."""
    return parse(
        StudyConfig,
        {
            "name": "overhead",
            "providers": [{"name": "a"}, {"name": "b"}],
            "learner": {"name": "benchmarks.probes:sleeper", "settings": {"seconds": seconds}},
            "probes": {
                "scales": [8, 32],
                "lattice": lattice,
                "seeds": -(-probes // (2 * (lattice + 1))),
            },
            "selection": {"size": 64},
        },
    )


def time_ledger(probes: int, samples: Samples, out: str) -> None:
    """Appends of one row, and open + difference with what is wanted."""
    config = study_of(probes + 100, 0.0, lattice=32)
    sets = [SetSummary.of(name, samples) for name in ("a", "b", "validation")]
    study = resolve(config, sets[:2], sets[2])
    wanted, stamp, now = study.wanted_probes(), study.probes_stamp, datetime.now(timezone.utc)
    rows = [Outcome(probe, 0.5, "", 1.0, now).row() for probe in wanted[:probes]]
    writer = LedgerWriter(out, "probes", stamp)
    took = []
    for row in rows:
        started = time.perf_counter()
        writer.append([row])
        took.append(time.perf_counter() - started)
    per_append = np.array(took) * 1e3
    print(
        f"append: median {np.median(per_append):.1f} ms, mean with compaction "
        f"{per_append.mean():.1f} ms, 99 % {np.quantile(per_append, 0.99):.1f} ms, "
        f"worst {per_append.max():.1f} ms"
    )
    for _ in range(3):
        started = time.perf_counter()
        ledger = Ledger(Folder(out), "probes")
        found = ledger.rows(stamp.made_by)
        missing = missing_probes(study, found)
        seconds = time.perf_counter() - started
        parts = len(ledger.folder.names("probes"))
        print(
            f"open and diff: {seconds:.2f} s; {len(found):,} rows in {parts} parts, "
            f"{len(missing)} of {len(wanted):,} missing"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--probes", type=int, default=130)
    options.add_argument("--seconds", type=float, default=0.2)
    options.add_argument("--ledger", type=int, default=0, metavar="ROWS")
    options.add_argument("--out", default=f"/tmp/projektor-benchmark-{time.time():.0f}")
    arguments = options.parse_args()
    samples = Samples(np.random.default_rng(0).normal(size=(64, 4)), np.arange(64) % 2)
    if arguments.ledger:
        time_ledger(arguments.ledger, samples, arguments.out)
        return
    config = study_of(arguments.probes, arguments.seconds)
    with connected(None):
        pilots = Pilots(config, {"a": samples, "b": samples}, samples)
        study = resolve(config, *pilots.summaries())
        probes = missing_probes(study, {})[: arguments.probes]
        finished: list[float] = []

        def on_finished(row: Row) -> None:
            finished.append(time.perf_counter())

        started = time.perf_counter()
        folder, references = Folder(arguments.out), pilots.references()
        engine = Engine(study, folder, {}, references, pilots.validation, on_finished)
        engine.train(probes)
        wall = time.perf_counter() - started
        slots = int(ray.cluster_resources()["CPU"])
    ideal = arguments.seconds * len(probes) / slots
    print(f"{len(probes)} probes of {arguments.seconds} s on {slots} CPUs: {wall:.1f} s in all")
    print(f"ideal {ideal:.1f} s; overhead {slots * (wall - ideal) / len(probes):.3f} s a probe")
    if len(finished) > 101:
        later = (finished[-1] - finished[100]) / (len(finished) - 101) * slots
        print(f"from the second hundred on: {later - arguments.seconds:.3f} s a probe")


if __name__ == "__main__":
    main()
