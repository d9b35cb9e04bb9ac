"""Kills at random moments of a study: what was trained again, and whether anything was lost.

python -m benchmarks.kills [--seeds 1 2 3]

Each seed draws 20 victims of driver, worker and raylet, and as many moments, for a study of 192
probes on a cluster of its own with two workers of one CPU. `tests/jobs/kills.py` kills and checks.
Writes `benchmarks/results/kills.md`; rows of seeds that are not asked for stay.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from tests.helpers.kills import Scene, random_victims

RESULTS = Path(__file__).parent / "results" / "kills.md"
HEAD = """# Kills

Written by `python -m benchmarks.kills`: a study of 192 probes on a cluster of its own (a head
without CPUs, two workers of one CPU), 20 kills by signal 9 a seed. After each seed it was checked
that the ledger holds every probe with the value of an undisturbed training, that no probe began
again which was finished before a kill, and that no half-written file was left. `at`: finished
probes at each kill.

| seed | drivers | workers | raylets | trained again | lost | at |
|---|---|---|---|---|---|---|
"""


def line_of(seed: int) -> str:
    """Kill at random, check, and tell it as a row of the table."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as place:
        scene = Scene(Path(place), seeds=16)
        try:
            scene.survive(random_victims(rng), rng, scene.start())
        finally:
            scene.cluster.shutdown()  # type: ignore[no-untyped-call]
        killed = Counter(kill.victim for kill in scene.kills)
        counts = [killed[kind] for kind in ("driver", "worker", "raylet")]
        lost = len(scene.expected) - len(scene.rows())
        at = " ".join(str(len(kill.finished)) for kill in scene.kills)
        cells = [seed, *counts, scene.repeated, lost, at]
    return f"| {' | '.join(map(str, cells))} |\n"


def recorded_rows() -> dict[int, str]:
    """Rows of the results so far, by seed."""
    lines = (
        RESULTS.read_text(encoding="utf-8").splitlines(keepends=True) if RESULTS.exists() else []
    )
    cells = [(line.split("|")[1].strip(), line) for line in lines if line.startswith("|")]
    return {int(first): line for first, line in cells if first.isdecimal()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    rows = recorded_rows()
    for seed in options.parse_args().seeds:
        rows[seed] = line_of(seed)
        print(rows[seed], end="", flush=True)
        RESULTS.write_text(HEAD + "".join(rows[seed] for seed in sorted(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
