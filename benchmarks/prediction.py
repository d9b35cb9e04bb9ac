"""Predictors and projections on CIFAR-10 trainings, every method side by side.

python -m benchmarks.prediction [--splits 40] [--goals]

Starts from `benchmarks/results/outcomes.parquet`, and writes `benchmarks/results/prediction.md`.
With `--goals` only what a study takes by itself is fitted, which needs a tenth of the time, and
`benchmarks/results/prediction_goals.md` is written.
`python -m benchmarks.outcomes --retrain` makes that table anew. All errors are mean absolute errors
in points of accuracy; a split draws which mixtures are fitted to, the same for all methods.
"""

import argparse
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.commit import commit_line
from benchmarks.outcomes import CLASSES, RESULTS
from benchmarks.prediction_goals import (
    BEFORE,
    EARLIER,
    GOALS,
    PAPER,
    SCALE_GOALS,
    goal_rows,
    in_scale_goal_rows,
)
from benchmarks.scenarios import SCALE, Mixture, Scenario, load, split, split_region
from projektor_ray.errors import InputError
from projektor_ray.predictors import PREDICTORS, ProbeArrays
from projektor_ray.projection import ClassShares, JointPower, ScaleModel, choose_model
from projektor_ray.storage.array_types import Floats

COUNTS = (5, 8, 12, 21, 48)
TARGETS = (2000, 5000, 7000, 10_000)
"""The sizes of the paper; the last is what the goals are on."""
POINTS = 100.0
NORMAL_MAE = np.sqrt(2 / np.pi)
SYSTEM = "ensemble"
WITH_INTERVALS = ("cs", "pq", "gp", SYSTEM)
"""Predictors whose intervals are shown; the last one is judged by the goals."""
CHOSEN = "chosen by the study"
BOUNDS = (0.0, 1.0)

FAMILY = "network"
CLASS_SHARES = {
    "imbalanced": ClassShares(
        np.array([np.isin(np.arange(10), held) / len(held) for held in CLASSES]), np.full(10, 0.1)
    )
}
"""Scenario → which of CIFAR-10's classes each provider holds; where all hold all, no ceiling."""
PROJECTIONS = {
    "no projection (gp)": "none",
    "cs + Eq. 3": "cs",
    "pq + Eq. 3": "pq",
    "gp + Eq. 3": "gp",
    "gp + saturating": "saturating",
    "joint": "joint",
    "joint_power": "joint_power",
}
"""Name in the table → name in `FittedModels.models`."""
WITHOUT_CEILINGS = "joint_power, classes unknown"
ROWS = (*PROJECTIONS, WITHOUT_CEILINGS, CHOSEN)


def in_scale(
    scenario: Scenario,
    count: int,
    splits: int,
    divide: Any = split,
    names: Collection[str] = tuple(PREDICTORS),
) -> dict[str, tuple[Floats, Floats, Floats]]:
    """For each predictor: errors, coverage of 90 % intervals and their scores, (splits,) each."""
    errors: dict[str, list[float]] = {name: [] for name in names}
    covered: dict[str, list[float]] = {name: [] for name in names}
    scores: dict[str, list[float]] = {name: [] for name in names}
    mixtures = scenario.mixtures(SCALE)
    for seed in range(splits):
        fitted, rest = divide(mixtures, count, seed)
        truth = scenario.first(SCALE, rest)
        for name in names:
            try:
                model = PREDICTORS[name]().fit(
                    fitted, scenario.distance(fitted), scenario.first(SCALE, fitted)
                )
            except InputError:
                continue
            predicted = model.predict(rest, scenario.distance(rest))
            low, high = model.interval(rest, scenario.distance(rest)).T
            errors[name].append(POINTS * float(np.abs(predicted - truth).mean()))
            covered[name].append(float(np.mean((low <= truth) & (truth <= high))))
            scores[name].append(interval_score(low, high, truth))
    return {
        name: (np.array(errors[name]), np.array(covered[name]), np.array(scores[name]))
        for name in names
    }


def interval_score(low: Floats, high: Floats, truth: Floats) -> float:
    """Mean score of 90 % intervals (Gneiting and Raftery 2007), in points; less is better.

    `high − low + (2 / 0.1)·(distance of the truth from the interval)`.
    """
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    return POINTS * float(np.mean(high - low + 20 * outside))


@dataclass(frozen=True)
class Projected:
    """One split of one projection: error, half-width, interval score and regret, in points; share
    of trainings within the interval, and of gains of the mixture predicted best over the others."""

    error: float
    covered: float
    width: float
    score: float
    regret: float
    gains: float
    gain_score: float


Runs = dict[int, dict[str, list[Projected]]]
"""Target size → name of the projection → a result per split."""


def fit_all(
    scenario: Scenario, scales: Sequence[int], fitted: Sequence[Mixture], *, compare: bool = True
) -> dict[str, ScaleModel]:
    """Every projection that can be fitted to one training of each mixture at each scale."""
    rows = [*fitted] * len(scales)
    values = np.concatenate([scenario.first(scale, fitted) for scale in scales])
    sizes = np.repeat(scales, len(fitted))
    probes = ProbeArrays.check(rows, scenario.distance(rows), values, sizes)
    classes = CLASS_SHARES.get(scenario.name)
    fit = choose_model(probes, BOUNDS, compare=compare, family=FAMILY, classes=classes)
    if not compare:
        return {CHOSEN: fit.model}
    models = {label: fit.models[name] for label, name in PROJECTIONS.items() if name in fit.models}
    without = JointPower(BOUNDS, FAMILY).fit_arrays(probes)
    return {**models, WITHOUT_CEILINGS: without, CHOSEN: fit.model}


def projected(
    scenario: Scenario, scales: Sequence[int], count: int, splits: int, *, compare: bool = True
) -> Runs:
    """Every projection, or with `compare` False the chosen one, fitted to `count` mixtures."""
    targets = [target for target in TARGETS if target > scales[-1]]
    found: Runs = {target: {name: [] for name in ROWS} for target in targets}
    common = [
        m for m in scenario.mixtures(scales[0]) if all((s, m) in scenario.values for s in scales)
    ]
    for seed in range(splits if count < len(common) else 1):
        models = fit_all(scenario, scales, split(common, count, seed)[0], compare=compare)
        for target in targets:
            for name, model in models.items():
                found[target][name].append(judge(scenario, model, target))
    return found


def judge(scenario: Scenario, model: ScaleModel, target: int) -> Projected:
    """A projection beside the trainings at a size."""
    grid = scenario.mixtures(target)
    truth, best = scenario.first(target, grid), scenario.mean(target, grid)
    predicted = model.predict(grid, scenario.distance(grid), target)
    distances = scenario.distance(grid)
    low, high = model.interval(grid, distances, target).T
    chosen = np.full(len(grid), np.argmax(predicted))
    gains = model.gain_interval(np.array(grid)[chosen], distances[chosen], grid, distances, target)
    gained, others = best[chosen] - best, np.arange(len(grid)) != chosen
    return Projected(
        POINTS * float(np.abs(predicted - truth).mean()),
        float(np.mean((low <= truth) & (truth <= high))),
        POINTS * float(np.mean(high - low)) / 2,
        interval_score(low, high, truth),
        POINTS * float(best.max() - best[chosen[0]]),
        float(np.mean((gains[:, 0] <= gained)[others] & (gained <= gains[:, 1])[others])),
        interval_score(*gains[others].T, gained[others]),
    )


def with_error(errors: Floats) -> str:
    if not len(errors):
        return "–"
    return f"{errors.mean():.2f} ± {errors.std() / np.sqrt(len(errors)):.2f}"


Cell = Sequence[Mapping[str, tuple[Floats, Floats, Floats]]]
"""What `in_scale` found in each scenario."""


def in_scale_cells(
    scenarios: Sequence[Scenario], splits: int, names: Collection[str] = tuple(PREDICTORS)
) -> list[Cell]:
    """A cell for each of the goals in scale."""
    asked = [*((count, split) for count in COUNTS), (21, split_region)]
    return [
        [in_scale(s, count, splits, divide, names) for s in scenarios] for count, divide in asked
    ]


def scale_floors(scenarios: Sequence[Scenario]) -> list[float]:
    """Error that a perfect predictor would still show, in points."""
    return [float(POINTS * NORMAL_MAE * scenario.deviation(SCALE)) for scenario in scenarios]


def scale_ratios(scenarios: Sequence[Scenario], cells: Sequence[Cell]) -> list[float]:
    """Error of what the system would take by itself, in multiples of the mean floor."""
    floor = np.mean(scale_floors(scenarios))
    return [float(pooled([by[SYSTEM][0] for by in cell]).mean() / floor) for cell in cells]


def in_scale_table(
    scenarios: Sequence[Scenario],
    splits: int,
    goals: list[str],
    names: Collection[str] = tuple(PREDICTORS),
) -> Iterable[str]:
    """Tables of the predictors at one size; adds to the rows of the table of goals."""
    floors = scale_floors(scenarios)
    floor = float(np.mean(floors))
    named = ", ".join(f"{s.name} {f:.2f}" for s, f in zip(scenarios, floors, strict=True))
    yield f"## In scale, N = {SCALE:,}, mixtures not fitted, mean of both scenarios\n"
    yield f"Noise floor, from the seeds: {named}; mean {floor:.2f}.\n"
    columns = [*(f"{count}" for count in COUNTS), "unseen region, 21"]
    yield f"| predictor | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}"
    cells = in_scale_cells(scenarios, splits, names)
    for name in names:
        errors = [[by[name][0] for by in cell] for cell in cells]
        means = [pooled(two) for two in errors]
        yield f"| {name} | {' | '.join(with_error(mean) for mean in means)} |"
    yield from PAPER
    ratios = scale_ratios(scenarios, cells)
    yield f"| **{SYSTEM}, × noise floor** | {' | '.join(f'{r:.2f}' for r in ratios)} |"
    yield f"| goal | {' | '.join(f'{goal:.1f}' for goal in SCALE_GOALS)} |\n"
    yield "Share of held-out trainings within the 90 % interval, and mean interval score:\n"
    columns = [*columns, "mean score"]
    yield f"| predictor | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}"
    for name in (one for one in WITH_INTERVALS if one in names):
        shares = [
            np.mean([by[name][1].mean() for by in cell if len(by[name][1])]) for cell in cells
        ]
        score = np.mean([by[name][2].mean() for cell in cells for by in cell if len(by[name][2])])
        yield f"| {name} | {' | '.join(f'{share:.2f}' for share in shares)} | {score:.1f} |"
    goals += in_scale_goal_rows(
        SYSTEM, columns[: len(SCALE_GOALS)], ratios, float(score), float(np.mean(shares))
    )


def pooled(errors: Sequence[Floats]) -> Floats:
    """Mean over the scenarios, split by split."""
    count = min(len(one) for one in errors)
    return np.mean([one[:count] for one in errors], axis=0)


def projection_floor(scenarios: Sequence[Scenario]) -> float:
    """What a perfect projection to the last target would still show, in points."""
    return float(np.mean([POINTS * NORMAL_MAE * s.deviation(TARGETS[-1]) for s in scenarios]))


def projection_table(
    scenarios: Sequence[Scenario], splits: int, goals: list[str], *, compare: bool = True
) -> Iterable[str]:
    """Tables of every design; adds to the rows of the table of goals."""
    last, floor = TARGETS[-1], projection_floor(scenarios)
    yield f"\n## Projected to {last:,}, mean of both scenarios\n"
    seeds = "from the seeds" if all(s.seeds(last) > 1 for s in scenarios) else "that at 1,000"
    if seeds != "from the seeds":
        seeds += " scaled by N^−0.35"
    yield f"Noise floor {floor:.2f}, {seeds}. Error ± standard error; coverage of 90 %"
    yield "intervals, their half-width and mean score; regret on the grid of 21 mixtures; coverage"
    yield "and score of intervals on gains of the mixture predicted best over each other; error at"
    yield f"the other sizes. `{CHOSEN}`: by `choose_model`, for the learner family"
    yield f"{FAMILY}. From three scales with 21 trainings there is one"
    yield "split: all 21 mixtures that were trained at 2,000.\n"
    for (scales, count), goal in GOALS.items():
        yield f"\n### From {', '.join(map(str, scales))}; {count} trainings each\n"
        runs = [projected(s, scales, count, splits, compare=compare) for s in scenarios]
        others = [target for target in runs[0] if target != last]
        columns = [f"error at {target:,}" for target in others]
        named = ["model", "error", "coverage", "half-width", "score", "regret"]
        named += ["gains covered", "score of gains", *columns]
        yield f"| {' | '.join(named)} |"
        yield f"|{'---|' * len(named)}"
        for name in ROWS:
            if not all(run[last][name] for run in runs):
                continue
            error, covered, width, score, regret, gains, gain_score = (
                over_scenarios(runs, last, name, field) for field in Projected.__annotations__
            )
            else_where = [over_scenarios(runs, target, name, "error") for target in others]
            yield (
                f"| {name} | {with_error(error)} | {covered.mean():.2f} | {width.mean():.1f} "
                f"| {score.mean():.1f} | {with_error(regret)} "
                f"| {gains.mean():.2f} | {gain_score.mean():.1f} "
                f"| {' | '.join(map(with_error, else_where))} |"
            )
        ratio, rest = error.mean() / floor, "| " * (6 + len(others))
        yield f"| **{CHOSEN}, × noise floor** | {ratio:.2f} {rest}|"
        name = f"{', '.join(f'{scale:,}' for scale in scales)}; {count} trainings each"
        measured = (ratio, float(score.mean()), float(covered.mean()), float(regret.mean()))
        parts = [by_scenario(scenarios, runs, last, field) for field in ("score", "covered")]
        goals += goal_rows(name, measured, BEFORE[scales, count], ("", *parts, ""), goal)


def by_scenario(
    scenarios: Sequence[Scenario], runs: Sequence[Runs], target: int, field: str
) -> str:
    """One figure of the chosen model on each table."""
    means = [np.mean([getattr(one, field) for one in run[target][CHOSEN]]) for run in runs]
    return ", ".join(f"{s.name} {mean:.3g}" for s, mean in zip(scenarios, means, strict=True))


def over_scenarios(runs: Sequence[Runs], target: int, name: str, field: str) -> Floats:
    """One figure, mean over the scenarios, split by split."""
    return pooled([np.array([getattr(one, field) for one in run[target][name]]) for run in runs])


def main(splits: int, goals_only: bool) -> None:
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    scenarios = load()
    trainings = sum(len(by_seed) for s in scenarios for by_seed in s.values.values())
    goals: list[str] = []
    names = (SYSTEM,) if goals_only else tuple(PREDICTORS)
    tables = [*in_scale_table(scenarios, splits, goals, names)]
    tables += projection_table(scenarios, splits, goals, compare=not goals_only)
    option = " --goals" if goals_only else ""
    lines = [
        "# Predictors and projections on CIFAR-10\n",
        f"Written by `python -m benchmarks.prediction --splits {splits}{option}`, from {trainings}",
        "trainings of a small CNN (`benchmarks/outcomes.py`): three providers of 1,000 samples,",
        "validation of 2,000, single trainings. Points of accuracy.",
        commit_line(),
        "## Goals\n",
        "The goals were set on four tables; two of them are here. `before`: commit",
        f"{EARLIER}, without families, ceilings and narrower intervals, on the same 40 splits.\n",
        f"| from | what | before | now | by table | goal | |\n|{'---|' * 7}",
        *goals,
    ]
    lines += [] if goals_only else ["", *tables]
    text = "\n".join(lines) + "\n"
    name = "prediction_goals.md" if goals_only else "prediction.md"
    (RESULTS / name).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--splits", type=int, default=40)
    options.add_argument("--goals", action="store_true", help="only what a study takes by itself")
    chosen = options.parse_args()
    main(chosen.splits, chosen.goals)
