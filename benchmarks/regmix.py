"""RegMix: rank language-model mixtures nobody trained, from few small trainings.

python -m benchmarks.regmix FOLDER [--out benchmarks/results/regmix.md]

FOLDER holds RegMix's tables as they are: `train_mixture_1m.csv`, `train_pile_loss_1m.csv` and the
`test_…` tables of 1M and 60M. Every method is fitted to the first 512, 128, 64 and 32 runs of 1M
parameters, and ranks the 256 test runs; Spearman's correlation × 100, on Pile-CC and as the mean
over all 13 losses.
"""

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.stats import spearmanr

from benchmarks.commit import commit_line
from projektor_ray.runs import MixtureRegressor, Roles, Runs, join_tables, read_table
from projektor_ray.storage.array_types import Floats

Rank = Callable[[Floats, Floats, Floats], Floats]
"""Mixtures and values fitted, mixtures asked → predictions."""

COUNTS = (512, 128, 64, 32)
SCALES = ("1m", "60m")
MAIN = "metric/the_pile_pile_cc_val_loss"
PREDICTORS = ("gp", "linear", "quadratic", "log_linear_law")
GOALS = {512: 98.5, 64: 97.5}


def tables(folder: str, part: str) -> pa.Table:
    mixtures, losses = part.split("_")[0], part.split("_")[1]
    return join_tables(
        read_table(f"{folder}/{mixtures}_mixture_{losses}.csv"),
        read_table(f"{folder}/{mixtures}_pile_loss_{losses}.csv"),
    )


def ours(name: str) -> Rank:
    def rank(mixtures: Floats, values: Floats, asked: Floats) -> Floats:
        model = MixtureRegressor(name, direction="minimize", log=True).fit(mixtures, values)
        return np.asarray(model.predict(asked))

    return rank


def lightgbm(mixtures: Floats, values: Floats, asked: Floats) -> Floats:
    """With the settings that RegMix's authors publish; no validation set is held out.

    Below 160 rows with smaller leaves than their 20, which would leave nothing to split.
    """
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(
        num_iterations=1000,
        learning_rate=1e-2,
        min_child_samples=min(20, len(values) // 8),
        seed=42,
        verbosity=-1,
        n_jobs=1,
        objective="l2",
    )
    return np.asarray(model.fit(mixtures, values).predict(asked))


def methods() -> dict[str, Rank]:
    found = {name: ours(name) for name in PREDICTORS}
    if find_spec("lightgbm"):
        found["lightgbm"] = lightgbm
    return found


def correlation(predicted: Floats, truth: Floats) -> float:
    """Spearman × 100; 0 where a method predicts one constant, which ranks nothing."""
    return 100 * float(spearmanr(predicted, truth)[0]) if np.ptp(predicted) > 0 else 0.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("folder")
    options.add_argument("--out", type=Path, default=Path("benchmarks/results/regmix.md"))
    asked = options.parse_args()
    train = tables(asked.folder, "train_1m")
    metrics = [name for name in train.column_names if name.startswith("metric/")]
    tests = {scale: tables(asked.folder, f"test_{scale}") for scale in SCALES}
    lines = [
        "| trainings | method | Pile-CC 1M | 13 losses 1M | Pile-CC 60M | 13 losses 60M | s |",
        "|---|---|---|---|---|---|---|",
    ]
    for count in COUNTS:
        for name, rank in methods().items():
            began = time.perf_counter()
            found: dict[str, list[float]] = {scale: [] for scale in SCALES}
            for metric in metrics:
                fitted = Runs.read(train, Roles(metric=metric))
                targets = {s: Runs.read(t, Roles(metric=metric)) for s, t in tests.items()}
                everything = np.vstack([target.mixtures for target in targets.values()])
                predicted = rank(fitted.mixtures[:count], fitted.values[:count], everything)
                for scale, part in zip(SCALES, np.split(predicted, len(SCALES)), strict=True):
                    truth = np.asarray(targets[scale].values)
                    found[scale].append(correlation(part, truth))
            main_at = metrics.index(MAIN)
            numbers = [
                f"{number:.2f}"
                for scale in SCALES
                for number in (found[scale][main_at], float(np.mean(found[scale])))
            ]
            seconds = (time.perf_counter() - began) / len(metrics)
            lines.append(f"| {count} | {name} | {' | '.join(numbers)} | {seconds:.2f} |")
            print(lines[-1], flush=True)
    skipped = "" if find_spec("lightgbm") else "LightGBM is not installed and was left out.\n\n"
    goals = ", ".join(f"{goal} with {count}" for count, goal in GOALS.items())
    text = __doc__.split("\n\n", 2)[2]
    asked.out.write_text(
        f"# RegMix: ranks of mixtures nobody trained\n\n{text}\n"
        f"{skipped}Goals on Pile-CC at 1M: {goals}; with 64, more than LightGBM as the mean of 13 "
        "losses at both sizes. Seconds are of one fit and prediction, one thread. All methods fit "
        "the logarithm of the loss but LightGBM, which fits the loss.\n"
        + commit_line()
        + "\n"
        + "\n".join(lines)
        + "\n"
    )


if __name__ == "__main__":
    main()
