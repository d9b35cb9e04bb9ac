"""Detection of diverged runs in tables of 48, and false alarms in tables without any.

python -m benchmarks.far_runs [--draws 10]

Planted: losses of 24 mixtures of four providers at two sizes, with noise of 0.01. Some runs, at
random, have a higher loss. CIFAR-10: stored trainings, none of which diverged; each draw takes 12
or 24 of the mixtures at two sizes. Writes `benchmarks/results/far_runs.md`.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection.far_runs import judge
from projektor_ray.projection.joint import Joint
from projektor_ray.projection.joint_power import JointPower
from projektor_ray.projection.scale_model import Bounds

RESULTS = Path(__file__).parent / "results"
NOISE = 0.01
MIXTURES, SCALES = 24, (1000.0, 4000.0)
DIVERGED = (1, 2, 3, 5)
OFFSETS = (10, 15, 20, 40, 800)
"""In standard deviations of the noise."""
SUBSETS = (12, 24)
LOSS, ACCURACY = (0.0, np.inf), (0.0, 1.0)


def planted(stream: np.random.Generator) -> ProbeArrays:
    """A table of losses without a diverged run."""
    drawn = stream.dirichlet(np.ones(4), size=MIXTURES)
    mixtures = np.vstack([drawn] * len(SCALES))
    sizes = np.repeat(SCALES, MIXTURES)
    pace = 1.0 + mixtures @ [0.45, 0.0, 0.75, 0.3] + 0.5 * ((mixtures - 0.25) ** 2).sum(axis=1)
    losses = 2.2 + pace * (sizes / 1000) ** -0.25 + NOISE * stream.normal(size=len(sizes))
    return ProbeArrays.check(mixtures, None, losses, sizes)


def far_rows(probes: ProbeArrays, bounds: Bounds) -> set[int]:
    """Rows that the product calls far."""
    makers = [partial(JointPower, bounds=bounds), Joint]
    return {run.row for run in judge(probes, makers, bounds)[1]}


def planted_row(offset: int, draws: int) -> str:
    cells, alarms = [], 0
    for diverged in DIVERGED:
        found = 0
        for seed in range(draws):
            stream = np.random.default_rng([seed, diverged])
            probes = planted(stream)
            rows = stream.choice(len(probes), diverged, replace=False)
            probes.values[rows] += offset * NOISE
            far = far_rows(probes, LOSS)
            found += len(far & set(rows.tolist()))
            alarms += len(far - set(rows.tolist()))
        cells.append(f"{100 * found / (diverged * draws):.0f}%")
    return f"| {offset} | {' | '.join(cells)} | {alarms} |"


def cifar_tables(draws: int) -> list[ProbeArrays]:
    """Tables of stored trainings."""
    rows = pq.read_table(RESULTS / "outcomes.parquet").to_pylist()
    tables = []
    for scenario in sorted({row["scenario"] for row in rows}):
        ours = [r for r in rows if r["scenario"] == scenario and r["size"] in (250, 1000)]
        every = sorted({tuple(row["mixture"]) for row in ours})
        for count in SUBSETS:
            for seed in range(draws):
                chosen = np.random.default_rng([seed, count]).permutation(len(every))[:count]
                kept = {every[i] for i in chosen}
                part = [row for row in ours if tuple(row["mixture"]) in kept]
                columns = ([row[name] for row in part] for name in ("mixture", "value", "size"))
                mixtures, values, sizes = map(np.array, columns)
                tables.append(ProbeArrays.check(mixtures, None, values, sizes))
    return tables


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=10)
    draws = options.parse_args().draws
    clean = [planted(np.random.default_rng([seed, 0])) for seed in range(2 * draws)]
    planted_alarms = sum(len(far_rows(probes, LOSS)) for probes in clean)
    trained = cifar_tables(draws)
    alarms = sum(len(far_rows(probes, ACCURACY)) for probes in trained)
    runs = sum(map(len, trained))
    text = "\n".join(
        [
            "# Diverged runs that are named as far, of 48 runs\n",
            f"Written by `python -m benchmarks.far_runs`: {draws} tables a cell. A diverged run",
            "has a loss that is higher by so many standard deviations of a training's noise.\n",
            f"| higher by | {' | '.join(f'{k} diverged' for k in DIVERGED)} | false alarms |",
            f"|---|{'---|' * len(DIVERGED)}---|",
            *(planted_row(offset, draws) for offset in OFFSETS),
            "",
            f"Without a diverged run: {planted_alarms} of {sum(map(len, clean)):,} planted runs",
            f"and {alarms} of {runs:,} trainings on CIFAR-10 are called far.",
        ]
    )
    (RESULTS / "far_runs.md").write_text(f"{text}\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
