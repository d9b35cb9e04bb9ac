"""A purchase that is hard for every simple plan: five sellers with caps, truth trained.

python -m benchmarks.purchase --data FOLDER

An honest seller of all classes is small, two honest specialists cover a part each, and two large
ones have 60 and 80 % wrong labels. 10,000 samples are bought by the system's plan and by each
baseline's; the learner is trained on every purchase. Writes `benchmarks/results/purchase.md`;
trainings are kept in `purchase.parquet` beside it.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.outcomes import (
    PILOT,
    RESULTS,
    SETTINGS,
    data_folder,
    images,
    validation,
)
from projektor_ray.data import EmbedderConfig, Samples, build_embedder
from projektor_ray.designs.drawing import draw
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.learners import LearnerConfig, build_learner
from projektor_ray.projection import JointPower
from projektor_ray.selection import Plan, ProjectedObjective, Provider, select
from projektor_ray.selection.baselines import baseline_plans
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator
from projektor_ray.storage.largest_remainder import round_counts
from projektor_ray.transport import (
    DistanceFunction,
    PilotFeatures,
    TransportDistances,
    ValidationFeatures,
)

STORE = RESULTS / "purchase.parquet"
SIZE = 10_000
SCALES = (250, 1000)
RANDOM_MIXTURES = 15
TRUTH_SEEDS = 3
POINTS = 100.0


class Seller(NamedTuple):
    """Who sells which classes of which rows, with what share of wrong labels, up to a capacity."""

    name: str
    rows: tuple[int, int]
    classes: tuple[int, ...]
    wrong: float
    capacity: int


EVERY = tuple(range(10))
SELLERS = (
    Seller("animals", (0, 20_000), (2, 3, 4, 5, 6, 7), 0.0, 4000),
    Seller("boutique", (20_000, 24_000), EVERY, 0.0, 3000),
    Seller("crowd", (24_000, 37_000), EVERY, 0.6, 13_000),
    Seller("scraper", (37_000, 50_000), EVERY, 0.8, 13_000),
    Seller("vehicles", (0, 20_000), (0, 1, 8, 9), 0.0, 3000),
)
NAMES = [seller.name for seller in SELLERS]


@cache
def stocks(data: Path) -> list[Samples]:
    """All that each seller has, sorted by name; its first 1,000 samples are its pilot."""
    pool = images(data / "cifar10-train.parquet")
    parts = []
    for seller in SELLERS:
        own = pool.take(np.arange(*seller.rows))
        own = own.take(np.flatnonzero(np.isin(own.labels, seller.classes))[: seller.capacity])
        stream = generator("wrong labels", seller.name)
        labels = np.asarray(own.labels).copy()
        wrong = stream.random(len(labels)) < seller.wrong
        labels[wrong] = (labels[wrong] + stream.integers(1, 10, int(wrong.sum()))) % 10
        parts.append(Samples(own.inputs, labels))
    return parts


def design() -> Floats:
    """Every seller alone, every pair in halves, and random mixtures, shape (30, 5)."""
    stream = generator("purchase design")
    random = stream.dirichlet(np.ones(len(SELLERS)), size=RANDOM_MIXTURES)
    return np.vstack([simplex_lattice(len(SELLERS), 2), random])


def train(counts: tuple[int, ...], seed: int, pilots_only: bool, data: Path) -> float:
    """Accuracy of the learner on whole samples of each seller."""
    held = stocks(data)
    if pilots_only:
        held = [samples.take(np.arange(PILOT)) for samples in held]
    size = sum(counts)
    sizes = np.array([len(samples) for samples in held])
    drawn = draw(np.array(counts) / size, size, seed, sizes, NAMES)
    parts = [samples.take(index) for samples, index in zip(held, drawn, strict=True) if len(index)]
    learner = build_learner(LearnerConfig(name="small_cnn", settings=SETTINGS))
    stream = generator("purchase", list(counts), seed)
    return learner(Samples.concatenate(parts), validation(data), int(stream.integers(2**32)))[
        "accuracy"
    ]


class Trainings:
    """Trainings by (counts, seed, pilots only), kept on disk and made when asked for."""

    def __init__(self, data: Path, processes: int) -> None:
        self._data, self._processes = data, processes
        rows = pq.read_table(STORE).to_pylist() if STORE.exists() else []
        self._known = {(tuple(r["counts"]), r["seed"], r["pilots"]): r["value"] for r in rows}

    def __call__(self, wanted: list[tuple[tuple[int, ...], int, bool]]) -> Floats:
        missing = [one for one in dict.fromkeys(wanted) if one not in self._known]
        with ProcessPoolExecutor(self._processes) as pool:
            futures = [pool.submit(train, *one, self._data) for one in missing]
            for one, future in zip(missing, futures, strict=True):
                self._known[one] = future.result()
        rows = [
            {"counts": list(counts), "seed": seed, "pilots": pilots, "value": value}
            for (counts, seed, pilots), value in self._known.items()
        ]
        pq.write_table(pa.Table.from_pylist(rows), STORE, compression="zstd")
        return np.array([self._known[one] for one in wanted])


def counts_of(mixture: Floats, size: int) -> tuple[int, ...]:
    """Whole samples of each seller, largest remainder."""
    return tuple(round_counts(mixture, size, NAMES).tolist())


def plans(data: Path, trainings: Trainings) -> dict[str, Plan]:
    """The system's plan and the baselines', from single trainings of 30 mixtures at two scales."""
    mixtures = design()
    wanted = [(counts_of(p, size), 0, True) for size in SCALES for p in mixtures]
    values = trainings(wanted)
    distance_function = distances_of(data)
    distances = distance_function(mixtures).value
    model = JointPower((0.0, 1.0)).fit(
        np.tile(mixtures, (len(SCALES), 1)),
        np.tile(distances, len(SCALES)),
        np.repeat(SCALES, len(mixtures)),
        values,
    )
    objective = ProjectedObjective(model, SIZE, distance_function)
    sellers = [Provider(seller.name, seller.capacity, 0.0) for seller in SELLERS]
    best_first = mixtures[np.argsort(-values[-len(mixtures) :])]
    found = {"selected": select(objective, sellers, SIZE, candidates=best_first)}
    return {**found, **baseline_plans(objective, sellers, SIZE, candidates=best_first[:1])}


def distances_of(data: Path) -> DistanceFunction:
    """Distances of mixtures of the pilots to the validation set."""
    target = validation(data)
    embed = build_embedder(EmbedderConfig(name="validation_cnn"), target)
    pilots = Samples.concatenate([samples.take(np.arange(PILOT)) for samples in stocks(data)])
    provider = np.repeat(np.arange(len(SELLERS)), PILOT)
    return TransportDistances.of_pilots(
        PilotFeatures(embed(pilots.inputs), pilots.labels, provider),
        ValidationFeatures(embed(target.inputs), target.labels),
    )


def main(data: Path, processes: int) -> None:
    trainings = Trainings(data, processes)
    found = plans(data, trainings)
    lines = [
        "# A purchase of 10,000 from five sellers with caps\n",
        "Written by `python -m benchmarks.purchase`. CIFAR-10, small CNN; 30 mixtures, trained",
        f"once at {SCALES[0]} and {SCALES[1]:,}; truth: {TRUTH_SEEDS} trainings of each.\n",
        f"| plan | {' | '.join(NAMES)} | predicted (90 %) | truth, % | selected is better by |",
        f"|---|{'---|' * len(NAMES)}---|---|---|",
    ]
    truth: dict[str, Any] = {}
    for name, plan in found.items():
        counts = tuple(int(count) for count in plan.samples)
        wanted = [(counts, seed, False) for seed in range(TRUTH_SEEDS)]
        truth[name] = POINTS * trainings(wanted)
        gain = truth["selected"].mean() - truth[name].mean()
        low, high = plan.interval or (np.nan, np.nan)
        lines.append(
            f"| {name} | {' | '.join(f'{count:,}' for count in counts)} "
            f"| {POINTS * plan.predicted:.1f} ({POINTS * low:.1f} … {POINTS * high:.1f}) "
            f"| {truth[name].mean():.1f} ± {truth[name].std(ddof=1):.1f} | {gain:+.1f} |"
        )
    text = "\n".join(lines) + "\n"
    (RESULTS / "purchase.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    data_folder(options)
    options.add_argument("--processes", type=int, default=os.cpu_count())
    chosen = options.parse_args()
    if chosen.data is None:
        options.error("name the folder of cifar10-train.parquet: --data or PROJEKTOR_DATA")
    main(chosen.data, chosen.processes)
