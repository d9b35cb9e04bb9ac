"""Noise levels that depend on the mixture, learned from repeats, against one level for all.

python -m benchmarks.mixture_noise [--tables 40] [--processes 2]

Planted: four providers, 12 mixtures with two seeds each, at 250 and 1,000 samples (to 4,000), or at
1,000 alone. The standard deviation of a training's noise has one of several forms.
`predictors/noise_levels.py` cannot represent most of them. Trained: CIFAR-10, 12 of 21 mixtures
with three seeds each. Every table is fitted twice by `choose_model`, as a study is: with levels
that repeats show, and with one level. Writes `benchmarks/results/mixture_noise.md`.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow.parquet as pq

from benchmarks.commit import commit_line
from projektor_ray.designs.candidates import candidates
from projektor_ray.designs.maximin import maximin_design
from projektor_ray.predictors import ProbeArrays
from projektor_ray.predictors.noise_levels import _Repeats
from projektor_ray.projection import FittedModels, choose_model
from projektor_ray.storage.array_types import Floats

RESULTS = Path(__file__).parent / "results"
PROVIDERS, MIXTURES, NOISE, TIMES = 4, 12, 0.003, 25.0
TARGET = 4000
SCALES = {"two scales": (250, 1000), "one scale": (1000,)}
TRUTH = {"two scales": 10_000, "one scale": 1000}
ACCURACY = (0.0, 1.0)
MEASURES = ("RMSE", "coverage", "interval score", "regret")
FREEDOM = 3.0
"""Of the Student's t distribution of noise with heavy tails."""
DIVERGED = 0.3
"""What a diverged training loses."""


@dataclass(frozen=True)
class Form:
    """A form of noise.

    Attributes
    ----------
    level : of mixtures (q, m), given the table's stream: 1 where noise is least.
    heavy : whether its tails are heavy.
    diverged : whether one training diverged.
    measured : whether distances to the mixture of `drawn_mixture` are known.
    """

    level: Callable[[np.random.Generator], Callable[[Floats], Floats]]
    heavy: bool = False
    diverged: bool = False
    measured: bool = False


def even(stream: np.random.Generator) -> Callable[[Floats], Floats]:
    return lambda mixtures: np.ones(len(mixtures))


def vertex(stream: np.random.Generator) -> Callable[[Floats], Floats]:
    return lambda mixtures: TIMES ** mixtures[:, 0]


def all_vertices(stream: np.random.Generator) -> Callable[[Floats], Floats]:
    """From the centre to every vertex."""
    return _apart(np.full(PROVIDERS, 1 / PROVIDERS), 1 - 1 / PROVIDERS)


def drawn_mixture(stream: np.random.Generator) -> Callable[[Floats], Floats]:
    """With the distance to a mixture that is drawn, such as what validation is like."""
    return _apart(_drawn(stream), 1.0)


def _drawn(stream: np.random.Generator) -> Floats:
    return stream.dirichlet(np.ones(PROVIDERS))


def _apart(mixture: Floats, most: float) -> Callable[[Floats], Floats]:
    return lambda mixtures: TIMES ** (_distances(mixtures, mixture) / most)


def _distances(mixtures: Floats, mixture: Floats) -> Floats:
    return np.asarray(0.5 * np.abs(mixtures - mixture).sum(axis=1))


def one_mixture(stream: np.random.Generator) -> Callable[[Floats], Floats]:
    """Of a single trained mixture."""
    noisy = design()[stream.integers(MIXTURES)]
    return lambda mixtures: np.where(np.abs(mixtures - noisy).sum(axis=1) < 1e-9, TIMES, 1.0)


FORMS = {
    "same everywhere": Form(even),
    "same, heavy tails": Form(even, heavy=True),
    "same, one diverged": Form(even, diverged=True),
    "25 times at one vertex": Form(vertex),
    "the same, heavy tails": Form(vertex, heavy=True),
    "the same, one diverged": Form(vertex, diverged=True),
    "25 times at all vertices": Form(all_vertices),
    "25 times far from a drawn mixture": Form(drawn_mixture),
    "25 times at one mixture": Form(one_mixture),
    "same, distances known": Form(even, measured=True),
    "25 times far from validation, distances known": Form(drawn_mixture, measured=True),
}


@cache
def design() -> Floats:
    return maximin_design(PROVIDERS, MIXTURES, np.empty((0, PROVIDERS)))


@dataclass(frozen=True, eq=False)
class Table:
    """Probes, and what they are to predict.

    Attributes
    ----------
    size : at which it is predicted.
    queries : mixtures, (q, m).
    distances : of the queries, (q,); None where they are not known.
    truth : without noise, or nearly, (q,).
    fresh : of a new training, (q,).
    diverged : rows of the probes that diverged.
    """

    probes: ProbeArrays
    size: int
    queries: Floats
    distances: Floats | None
    truth: Floats
    fresh: Floats
    diverged: tuple[int, ...] = ()


def planted(form: Form, setting: str, seed: int) -> Table:
    stream = np.random.default_rng([seed, 7])
    level, scales = form.level(stream), SCALES[setting]
    rows = np.tile(np.repeat(design(), 2, axis=0), (len(scales), 1))
    sizes = np.repeat(np.array(scales, dtype=float), 2 * MIXTURES)
    strengths = np.append(stream.uniform(0.0, 0.1, 4), stream.uniform(-0.1, 0.2, 6))
    first, second = np.triu_indices(PROVIDERS, 1)

    def accuracy(mixtures: Floats, at: Floats | float) -> Floats:
        columns = np.hstack([mixtures, mixtures[:, first] * mixtures[:, second]])
        return np.asarray(0.6 + columns @ strengths + 0.03 * np.log(np.asarray(at) / 1000))

    def noise(mixtures: Floats, at: Floats | float) -> Floats:
        one = stream.normal(size=len(mixtures))
        if form.heavy:
            one = stream.standard_t(FREEDOM, size=len(mixtures)) / np.sqrt(FREEDOM / (FREEDOM - 2))
        return np.asarray(NOISE * level(mixtures) * (np.asarray(at) / 1000) ** -0.35 * one)

    values = accuracy(rows, sizes) + noise(rows, sizes)
    diverged = (int(stream.integers(len(rows))),) if form.diverged else ()
    values[list(diverged)] -= DIVERGED
    size, grid = TARGET if len(scales) > 1 else scales[0], candidates(PROVIDERS)
    truth = accuracy(grid, size)
    near = _drawn(np.random.default_rng([seed, 7])) if form.measured else None
    known, at = [None if near is None else _distances(of, near) for of in (rows, grid)]
    probes = ProbeArrays.check(rows, known, np.clip(values, 0.02, 0.98), sizes)
    return Table(probes, size, grid, at, truth, truth + noise(grid, size), diverged)


def trained(scenario: str, setting: str, seed: int) -> Table:
    """12 of the 21 mixtures with several seeds; at one scale the other 9 are predicted."""
    every = [row for row in _outcomes() if row["scenario"] == scenario]
    repeated = sorted({tuple(row["mixture"]) for row in every if row["seed"] == 2})
    order = np.random.default_rng([seed, 3]).permutation(len(repeated))
    used = {repeated[i] for i in order[:MIXTURES]}
    queries = repeated if len(SCALES[setting]) > 1 else [repeated[i] for i in order[MIXTURES:]]
    probes = [
        (row["mixture"], row["value"], row["size"])
        for row in every
        if row["size"] in SCALES[setting] and tuple(row["mixture"]) in used
    ]
    mixtures, values, sizes = map(np.array, zip(*probes, strict=True))
    size = TRUTH[setting]
    at = [
        [r["value"] for r in every if r["size"] == size and tuple(r["mixture"]) == one]
        for one in queries
    ]
    truth = np.array([np.mean(one) for one in at])
    arrays = ProbeArrays.check(mixtures, None, values, sizes)
    return Table(arrays, size, np.array(queries), None, truth, np.array([one[0] for one in at]))


@cache
def _outcomes() -> list[dict[str, object]]:
    return pq.read_table(RESULTS / "outcomes.parquet").to_pylist()


def judged(table: Table, fitted: FittedModels) -> list[float]:
    """The measures in points, then rows rightly and wrongly called far."""
    model, at = fitted.model, (table.queries, table.distances, table.size)
    guess, (low, high) = model.predict(*at), model.interval(*at).T
    outside = np.maximum(low - table.fresh, 0) + np.maximum(table.fresh - high, 0)
    far = {run.row for run in fitted.far}
    right = len(far & set(table.diverged))
    return [
        100 * float(np.sqrt(np.mean((guess - table.truth) ** 2))),
        float(np.mean((low <= table.fresh) & (table.fresh <= high))),
        100 * float(np.mean(high - low + 20 * outside)),
        100 * float(table.truth.max() - table.truth[guess.argmax()]),
        right,
        len(far) - right,
    ]


def both(make: Callable[[int], Table], seed: int) -> Floats:
    """One level, levels from repeats: shape (2, 7); the last is whether levels differ."""
    table = make(seed)
    answers, test = [], _Repeats.differ
    with mock.patch.object(
        _Repeats, "differ", lambda self: answers.append(test(self)) or answers[-1]
    ):
        fitted = choose_model(table.probes, ACCURACY, compare=False)
    differ = fitted.model.uneven_noise(table.probes.mixtures, table.probes.distances) is not None
    now = before = judged(table, fitted)
    if any(answers):
        with mock.patch.object(_Repeats, "differ", return_value=False):
            before = judged(table, choose_model(table.probes, ACCURACY, compare=False))
    return np.array([[*before, differ], [*now, differ]])


def rows_of(name: str, setting: str, found: Floats) -> Iterator[str]:
    """Rows of the results, from those of the tables, (tables, 2, 7)."""
    tables = len(found)
    for which, measure in enumerate(MEASURES):
        before, now = found[:, 0, which], found[:, 1, which]
        apart, base = now - before, before.mean()
        error = apart.std(ddof=1) / np.sqrt(tables)
        change = f"{100 * apart.mean() / base:+.1f}%" if base and measure != "coverage" else ""
        head = ("", "", "")
        if which == 0:
            head = (setting, name, f"{100 * found[:, 0, 6].mean():.0f}%")
        cells = (measure, f"{base:.3f}", f"{now.mean():.3f} ± {error:.3f}", change)
        yield f"| {' | '.join((*head, *cells))} |"
    if found[:, :, 4:6].any():
        cells = [f"{found[:, i, 4].sum():.0f} and {found[:, i, 5].sum():.0f}" for i in (0, 1)]
        yield f"| | | | far: diverged and others | {' | '.join(cells)} | |"


def machine() -> str:
    return f"{os.cpu_count()} cores"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tables", type=int, default=40)
    options.add_argument("--processes", type=int, default=2)
    arguments = options.parse_args()
    makers: dict[tuple[str, str], Callable[[int], Table]] = {}
    for setting in SCALES:
        for name, form in FORMS.items():
            makers[setting, name] = partial(planted, form, setting)
        for scenario in ("imbalanced", "noisy"):
            makers[setting, f"CIFAR-10, {scenario} providers"] = partial(trained, scenario, setting)
    lines = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        for (setting, name), make in makers.items():
            found = np.array([*pool.map(partial(both, make), range(arguments.tables))])
            lines += rows_of(name, setting, found)
            print(*lines[-5:], sep="\n", flush=True)
    text = "\n".join(
        [
            "# Noise levels that depend on the mixture, learned from repeats\n",
            f"Written by `python -m benchmarks.mixture_noise`: {arguments.tables} tables a row, in",
            f"points of accuracy, on a machine with {machine()}. ±: standard error of the",
            "difference. Differ: share of tables whose repeats are found to differ in noise;",
            "all others keep every number. Coverage and the score are of 90% intervals and new",
            "trainings with noise of their own; regret is that of the mixture predicted best.",
            commit_line(),
            "| | noise | differ | | one level | levels from repeats | change |",
            "|---|---|---|---|---|---|---|",
            *lines,
        ]
    )
    (RESULTS / "mixture_noise.md").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
