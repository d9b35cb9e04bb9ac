"""What Ray Tune adds to a probe: many probes of a known length through the real engine.

    python -m benchmarks.probes [--probes 130] [--seconds 0.2]

Prints the wall time of the probe stage, the ideal (probes × seconds / CPUs), and the overhead of a
probe, over all and from the second hundred on.
"""

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import ray

from actors.pilots import Pilots
from actors.probes import missing_probes, run_probes
from jobs.cluster import connected
from projektor_ray.config import parse
from projektor_ray.providers import Samples
from projektor_ray.study import StudyConfig, resolve
from projektor_ray.tables import Folder, Row


def sleeper(
    train: Samples, validation: Samples, seed: int, settings: Mapping[str, Any]
) -> dict[str, float]:
    """A learner that takes as long as its settings say."""
    time.sleep(settings["seconds"])
    return {"accuracy": 0.5}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--probes", type=int, default=130)
    options.add_argument("--seconds", type=float, default=0.2)
    options.add_argument("--out", default=f"/tmp/projektor-benchmark-{time.time():.0f}")
    arguments = options.parse_args()
    samples = Samples(np.random.default_rng(0).normal(size=(64, 4)), np.arange(64) % 2)
    config = parse(
        StudyConfig,
        {
            "name": "overhead",
            "providers": [{"name": "a"}, {"name": "b"}],
            "learner": {
                "name": "benchmarks.probes:sleeper",
                "settings": {"seconds": arguments.seconds},
            },
            "probes": {"scales": [8, 32], "lattice": 1, "seeds": -(-arguments.probes // 4)},
            "selection": {"size": 64},
        },
    )
    with connected(None):
        pilots = Pilots(config, {"a": samples, "b": samples}, samples)
        study = resolve(config, *pilots.summaries())
        probes = missing_probes(study, {})[: arguments.probes]
        finished: list[float] = []

        def on_finished(row: Row) -> None:
            finished.append(time.perf_counter())

        started = time.perf_counter()
        folder = Folder(arguments.out)
        references = pilots.references()
        run_probes(study, folder, probes, {}, references, pilots.validation, on_finished)
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
