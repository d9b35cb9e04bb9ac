"""CNN trainings on CIFAR-10 mixtures: the table that the prediction benchmark starts from.

python -m benchmarks.outcomes --data FOLDER [--processes 2]

Three providers, 1,000 pilot samples each, validation of 2,000. `imbalanced`: each holds three or
four classes. `noisy`: 5, 30 and 60 % of the labels are wrong. Probes are drawn from the pilots, the
truth at larger sizes from all that a provider has. What `benchmarks/results/outcomes.parquet` has
already is not trained again.
"""

import argparse
import io
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from projektor_ray.data import EmbedderConfig, Samples, build_embedder
from projektor_ray.designs.drawing import draw
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.learners import LearnerConfig, build_learner
from projektor_ray.storage.hashing import generator
from projektor_ray.transport import PilotFeatures, ValidationFeatures, measure

RESULTS = Path(__file__).parent / "results"
OUTCOMES = RESULTS / "outcomes.parquet"
DISTANCES = RESULTS / "outcome_distances.parquet"

NAMES = ("a", "b", "c")
CLASSES = ((0, 1, 8, 9), (2, 3, 4), (5, 6, 7))
WRONG = (0.05, 0.30, 0.60)
SCENARIOS = ("imbalanced", "noisy")
PILOT, VALIDATION = 1000, 2000
PROBE_SIZES, TRUTH_SIZES = (1000, 250, 500), (10_000, 2000, 5000, 7000)
BUDGET_SIZES = (166, 107, 642)
"""Scales that a budget buys where pilots have 1,000 samples: 166 and 1,000 in one stage of 15,000
samples or two of 27,500, 107 and 642 in two stages of 15,000. See `budget.py` and `adaptive.py`."""
SETTINGS = {"width": 16, "epochs": 12, "min_steps": 100}
SAVE_EVERY = 5


class Training(NamedTuple):
    """One training: which scenario, mixture, size and seed, and from pilots or from all."""

    scenario: str
    mixture: tuple[float, ...]
    size: int
    seed: int
    source: str


def wanted() -> Iterator[Training]:
    """All trainings, those that the benchmark needs first at the front."""
    coarse = {tuple(row) for row in np.round(simplex_lattice(3, 5), 6).tolist()}
    fine = [tuple(row) for row in np.round(simplex_lattice(3, 10), 6).tolist()]

    def probes(seed: int, size: int) -> Iterator[Training]:
        for mixture in fine if seed == 0 else sorted(coarse):
            for scenario in SCENARIOS:
                yield Training(scenario, mixture, size, seed, "pilots")

    def truth(seed: int, size: int) -> Iterator[Training]:
        for mixture in sorted(coarse):
            for scenario in SCENARIOS:
                yield Training(scenario, mixture, size, seed, "all")

    for size in PROBE_SIZES:
        yield from probes(0, size)
    for seed in (1, 2):
        yield from probes(seed, PROBE_SIZES[0])
    for seed in (0, 1):
        for size in TRUTH_SIZES[:2]:
            yield from truth(seed, size)
    for size in TRUTH_SIZES[2:]:
        yield from truth(0, size)
    for seed in (1, 2):
        for size in PROBE_SIZES[1:]:
            yield from probes(seed, size)
    for seed, size in product((0, 1, 2), BUDGET_SIZES):
        for mixture in sorted(coarse):
            for scenario in SCENARIOS:
                yield Training(scenario, mixture, size, seed, "pilots")


@cache
def images(path: Path) -> Samples:
    """Images and classes of one of the Parquet files."""
    table = pq.read_table(path).to_pydict()
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(image))) for image in table["image"]])
    return Samples(pixels, np.asarray(table["label"], dtype=np.int64))


@cache
def providers(scenario: str, data: Path) -> list[Samples]:
    """All that each provider has; its first 1,000 samples are its pilot."""
    pool = images(data / "cifar10-train.parquet")
    labels = np.asarray(pool.labels)
    if scenario == "imbalanced":
        return [pool.take(np.flatnonzero(np.isin(labels, classes))) for classes in CLASSES]
    parts = []
    for part, (rows, wrong) in enumerate(
        zip(np.array_split(np.arange(len(pool)), 3), WRONG, strict=True)
    ):
        stream = generator("wrong labels", scenario, part)
        own = labels[rows].copy()
        picked = stream.random(len(rows)) < wrong
        own[picked] = (own[picked] + stream.integers(1, 10, int(picked.sum()))) % 10
        parts.append(Samples(pool.inputs[rows], own))
    return parts


@cache
def validation(data: Path) -> Samples:
    return images(data / "cifar10-test.parquet").take(np.arange(VALIDATION))


def run(training: Training, data: Path) -> dict[str, Any]:
    """Draw, train and measure one; the row of the table."""
    started = time.perf_counter()
    held = providers(training.scenario, data)
    if training.source == "pilots":
        held = [samples.take(np.arange(PILOT)) for samples in held]
    sizes = np.array([len(samples) for samples in held])
    drawn = draw(np.array(training.mixture), training.size, training.seed, sizes, NAMES)
    train = Samples.concatenate(
        [samples.take(index) for samples, index in zip(held, drawn, strict=True) if len(index)]
    )
    learner = build_learner(LearnerConfig(name="small_cnn", settings=SETTINGS))
    stream = generator("training", *training)
    metrics = learner(train, validation(data), int(stream.integers(2**32)))
    seconds = time.perf_counter() - started
    return {**training._asdict(), "value": metrics["accuracy"], "seconds": seconds}


def measure_distances(data: Path) -> None:
    """Distances and gradients of all mixtures of both scenarios."""
    target = validation(data)
    embed = build_embedder(EmbedderConfig(name="validation_cnn"), target)
    mixtures = simplex_lattice(3, 10)
    rows: list[dict[str, Any]] = []
    for scenario in SCENARIOS:
        pilots = [samples.take(np.arange(PILOT)) for samples in providers(scenario, data)]
        pooled = Samples.concatenate(pilots)
        features = PilotFeatures(embed(pooled.inputs), pooled.labels, np.repeat([0, 1, 2], PILOT))
        found = measure(mixtures, features, ValidationFeatures(embed(target.inputs), target.labels))
        rows += [
            {"scenario": scenario, "mixture": np.round(p, 6).tolist(), "distance": d, "gradient": g}
            for p, d, g in zip(mixtures, found.value, found.gradient.tolist(), strict=True)
        ]
    pq.write_table(pa.Table.from_pylist(rows), DISTANCES, compression="zstd")


def load() -> list[dict[str, Any]]:
    return pq.read_table(OUTCOMES).to_pylist() if OUTCOMES.exists() else []


def save(rows: list[dict[str, Any]]) -> None:
    beside = OUTCOMES.with_suffix(".writing")
    pq.write_table(pa.Table.from_pylist(rows), beside, compression="zstd")
    beside.replace(OUTCOMES)


def key(row: dict[str, Any]) -> Training:
    return Training(row["scenario"], tuple(row["mixture"]), row["size"], row["seed"], row["source"])


def main(data: Path, processes: int, retrain: bool) -> None:
    rows = [] if retrain else load()
    if retrain or not DISTANCES.exists():
        measure_distances(data)
    done = {key(row) for row in rows}
    missing = [training for training in wanted() if training not in done]
    print(f"{len(done)} trainings are there, {len(missing)} are missing")
    with ProcessPoolExecutor(processes) as pool:
        futures = [pool.submit(run, training, data) for training in missing]
        for count, future in enumerate(as_completed(futures), 1):
            rows.append(future.result())
            if count % SAVE_EVERY == 0 or count == len(missing):
                save(rows)
                print(f"{count}/{len(missing)}", flush=True)


def data_folder(parser: argparse.ArgumentParser) -> None:
    """The option that names the folder of the data."""
    parser.add_argument("--data", type=Path, default=os.environ.get("PROJEKTOR_DATA"))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    data_folder(options)
    options.add_argument("--processes", type=int, default=os.cpu_count())
    options.add_argument("--retrain", action="store_true", help="train everything anew")
    chosen = options.parse_args()
    if chosen.data is None:
        options.error("name the folder of cifar10-train.parquet: --data or PROJEKTOR_DATA")
    main(chosen.data, chosen.processes, chosen.retrain)
