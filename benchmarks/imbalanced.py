"""Projections where providers lack classes: what learner families and ceilings do.

python -m benchmarks.imbalanced [--splits 10]

Ten made classes in 20 features; three providers hold classes 0-3, 4-6 and 7-9. Learners of
scikit-learn are trained once on each of 21 mixtures at 125, 500 and 5,000 samples, and measured on
4,000. Models are fitted to 12 mixtures at the two smaller sizes and judged on all 21 at 5,000. No
constant of the models was set by these tables. Writes `benchmarks/results/imbalanced.md`.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import make_classification
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.commit import commit_line
from projektor_ray.designs.simplex_lattice import simplex_lattice
from projektor_ray.projection import ClassShares, JointPower
from projektor_ray.storage.array_types import Floats

CLASSES = ((0, 1, 2, 3), (4, 5, 6), (7, 8, 9))
GOAL = 2.6
"""Points of error with the learner's family and the providers' classes known."""
SCALES, SIZE, MIXTURES, VALIDATION = (125, 500), 5000, 12, 4000
DATA_SETS = {
    "clean": {"class_sep": 1.5, "flip_y": 0.0},
    "overlapping": {"class_sep": 0.8, "flip_y": 0.1},
}
LEARNERS: dict[str, tuple[str, Any]] = {
    "random forest": ("flexible", lambda: RandomForestClassifier(60, random_state=0)),
    "nearest neighbours": ("flexible", lambda: KNeighborsClassifier(5)),
    "logistic regression": ("saturating", lambda: LogisticRegression(max_iter=200)),
    "discriminant analysis": ("saturating", LinearDiscriminantAnalysis),
    "naive Bayes": ("saturating", GaussianNB),
}
HELD = ClassShares(
    np.array([np.isin(np.arange(10), some) / len(some) for some in CLASSES]), np.full(10, 0.1)
)
VARIANTS = {
    "neither": (False, False),
    "family": (True, False),
    "ceilings": (False, True),
    "family and ceilings": (True, True),
}
"""Whether the learner's family is known, and whether the classes are."""
POINTS = 100.0


@dataclass(frozen=True)
class Table:
    """Accuracies of one learner on one data set: size → (21,)."""

    name: str
    family: str
    mixtures: Floats
    values: dict[int, Floats]


def tables() -> Iterable[Table]:
    mixtures = simplex_lattice(3, 5)
    for name, settings in DATA_SETS.items():
        inputs, labels = make_classification(
            30_000, 20, n_informative=12, n_redundant=0, n_classes=10,
            n_clusters_per_class=2, random_state=1, **settings,
        )  # fmt: skip
        pools = [
            np.flatnonzero(np.isin(labels[VALIDATION:], some)) + VALIDATION for some in CLASSES
        ]
        for learner, (family, make) in LEARNERS.items():
            values = {}
            for size in (*SCALES, SIZE):
                accuracies = []
                for mixture in mixtures:
                    counts = np.round(mixture * size).astype(int)
                    rows = np.concatenate([p[:n] for p, n in zip(pools, counts, strict=True)])
                    model = make().fit(inputs[rows], labels[rows])
                    accuracies.append(model.score(inputs[:VALIDATION], labels[:VALIDATION]))
                values[size] = np.array(accuracies)
            yield Table(f"{learner}, {name}", family, mixtures, values)


def judged(table: Table, split: int) -> dict[str, Floats]:
    """Error, coverage, interval score, score of gains and regret of each variant, in points."""
    rows = np.random.default_rng([3, split]).permutation(len(table.mixtures))[:MIXTURES]
    fitted = np.tile(table.mixtures[rows], (len(SCALES), 1))
    sizes = np.repeat(SCALES, MIXTURES)
    values = np.concatenate([table.values[size][rows] for size in SCALES])
    found = {}
    for name, (family, ceilings) in VARIANTS.items():
        model = JointPower(
            (0.0, 1.0), table.family if family else "unknown", HELD if ceilings else None
        ).fit(fitted, None, sizes, values)
        truth = table.values[SIZE]
        predicted = model.predict(table.mixtures, None, SIZE)
        low, high = model.interval(table.mixtures, None, SIZE).T
        best = int(np.argmax(predicted))
        gains = model.gain_interval(
            np.tile(table.mixtures[best], (len(truth), 1)), None, table.mixtures, None, SIZE
        )
        others = np.arange(len(truth)) != best
        found[name] = np.array(
            [
                POINTS * np.abs(predicted - truth).mean(),
                np.mean((low <= truth) & (truth <= high)),
                score(low, high, truth),
                score(*gains[others].T, (truth[best] - truth)[others]),
                POINTS * (truth.max() - truth[best]),
            ]
        )
    return found


def score(low: Floats, high: Floats, truth: Floats) -> float:
    """Mean score of 90 % intervals, in points."""
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return POINTS * float(np.mean(high - low + 20 * outside))


def lines(splits: int) -> Iterable[str]:
    yield "# Projections where providers lack classes\n"
    yield f"Written by `python -m benchmarks.imbalanced --splits {splits}`: from {MIXTURES}"
    yield f"mixtures at each of {SCALES[0]} and {SCALES[1]} samples to {SIZE:,}; means over splits,"
    yield "in points."
    yield "What is known to `joint_power`: the learner's family, the providers' classes."
    yield commit_line()
    yield "| table | known | error | coverage | score | score of gains | regret |"
    yield "|---|---|---|---|---|---|---|"
    means: dict[str, list[Floats]] = {name: [] for name in VARIANTS}
    for table in tables():
        each = [judged(table, split) for split in range(splits)]
        for name in VARIANTS:
            means[name].append(np.mean([one[name] for one in each], axis=0))
            yield row(table.name, name, means[name][-1])
    for name, of_tables in means.items():
        yield row("**mean**", name, np.mean(of_tables, axis=0))
    apart = np.array(means["family and ceilings"])[:, 0] - np.array(means["neither"])[:, 0]
    spread = apart.std(ddof=1) / np.sqrt(len(apart))
    difference = f"{apart.mean():.2f} ± {spread:.2f}"
    yield f"\nError with both less that with neither, over tables: {difference}"
    reached = np.mean(means["family and ceilings"], axis=0)[0]
    verdict = "kept" if reached <= GOAL else "missed"
    yield f"\nGoal: an error of {GOAL} points with both known, {verdict}."


def row(table: str, name: str, numbers: Floats) -> str:
    error, covered, level, gains, regret = numbers
    cells = f"{error:.2f} | {covered:.2f} | {level:.1f} | {gains:.1f} | {regret:.2f}"
    return f"| {table} | {name} | {cells} |"


def main(splits: int) -> None:
    text = "\n".join(lines(splits)) + "\n"
    (Path(__file__).parent / "results" / "imbalanced.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--splits", type=int, default=10)
    main(options.parse_args().splits)
