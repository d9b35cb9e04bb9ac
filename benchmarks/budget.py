"""A budget of samples on CIFAR-10 trainings: the rule, and a second stage.

python -m benchmarks.budget [--splits 40]

Nothing is trained: designs are made of the trainings in `benchmarks/results/outcomes.parquet`, so
that scales are the rule's or the trained sizes nearest to them, mixtures and plans are of the grid
of 21. Mixtures are spread (maximin) from a random order of the grid, which a split draws along with
which of a mixture's trainings are taken. Writes `benchmarks/results/budget.md`.
"""

import argparse
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.commit import commit_line
from benchmarks.outcomes import RESULTS
from benchmarks.prediction import (
    BOUNDS,
    CLASS_SHARES,
    FAMILY,
    Projected,
    judge,
    pooled,
    projection_floor,
    with_error,
)
from benchmarks.scenarios import Mixture, Scenario, load
from projektor_ray.designs.maximin import maximin
from projektor_ray.predictors import ProbeArrays
from projektor_ray.projection import FittedModels, choose_model
from projektor_ray.study.adaptive import outlook

TARGET = 10_000
ERROR_GOAL = 4.3
"""Multiples of the noise floor, of the rule at 25,000 samples."""
REGRET_GOALS = (0.9, 0.6)
"""Points at 15,000 samples, one stage and two; set on four tables; two of them are here."""

COLUMNS = ("design", "trainings", "samples", "error", "× floor", "coverage", "half-width", "score")
COLUMNS += ("regret", "by scenario", "gains covered")


@dataclass(frozen=True)
class Design:
    """Mixtures at each scale, the largest scale with the first of them; then plans, if any.

    Attributes
    ----------
    name : as the table has it.
    scales : size → mixtures.
    plans, size : of a second stage.
    """

    name: str
    scales: dict[int, int]
    plans: int = 0
    size: int = 0

    @property
    def samples(self) -> int:
        return sum(size * count for size, count in self.scales.items()) + self.plans * self.size


RULE = Design("rule, one stage: 250 and 2,000", {250: 12, 2000: 11})
ONE = Design("rule, one stage: 166 and 1,000", {166: 12, 1000: 12})
TWO = Design("rule, two stages: 107 and 642, then 3 plans at 2,000", {107: 12, 642: 12}, 3, 2000)
DESIGNS = {
    15_000: (
        ONE,
        TWO,
        Design("one stage: 250 and 1,000", {250: 12, 1000: 12}),
        Design("two stages: 250 and 1,000, then 3 plans at 2,000", {250: 7, 1000: 7}, 3, 2000),
        Design("three scales", {250: 9, 500: 9, 1000: 8}),
        Design("fewer mixtures, larger: 250 and 2,000", {250: 7, 2000: 6}),
    ),
    25_000: (
        RULE,
        Design("more mixtures: 250 and 1,000", {250: 20, 1000: 20}),
        Design("three scales", {250: 16, 500: 16, 1000: 13}),
        Design("two stages: 250 and 1,000, then 2 plans at 5,000", {250: 12, 1000: 12}, 2, 5000),
    ),
}


def drawn(
    scenario: Scenario, size: int, mixtures: Sequence[Mixture], rng: np.random.Generator
) -> list[float]:
    """One training of each mixture at a size, of those that there are."""
    return [float(rng.choice([*scenario.values[size, one].values()])) for one in mixtures]


def run(scenario: Scenario, design: Design, seed: int) -> Projected:
    """One design, fitted as a study fits it, compared with the trainings at the target."""
    rng = np.random.default_rng(seed)
    grid = scenario.mixtures(TARGET)
    order = rng.permutation(len(grid))
    spread = [grid[order[i]] for i in maximin(np.array(grid)[order], max(design.scales.values()))]
    rows: list[Mixture] = []
    sizes: list[int] = []
    values: list[float] = []

    def train(size: int, mixtures: Sequence[Mixture]) -> FittedModels:
        rows.extend(mixtures)
        sizes.extend([size] * len(mixtures))
        values.extend(drawn(scenario, size, mixtures, rng))
        probes = ProbeArrays.check(rows, scenario.distance(rows), values, sizes)
        classes = CLASS_SHARES.get(scenario.name)
        return choose_model(probes, BOUNDS, compare=False, family=FAMILY, classes=classes)

    for size, count in list(design.scales.items())[:-1]:
        rows.extend(spread[:count])
        sizes.extend([size] * count)
        values.extend(drawn(scenario, size, spread[:count], rng))
    size, count = list(design.scales.items())[-1]
    fitted = train(size, spread[:count])
    if design.plans:
        chosen = plans(scenario, grid, fitted, design.plans)
        fitted = train(design.size, [grid[i] for i in chosen])
    return judge(scenario, fitted.model, TARGET)


def plans(
    scenario: Scenario, grid: Sequence[Mixture], fitted: FittedModels, count: int
) -> NDArray[np.intp]:
    """The plans of a second stage, as a study chooses them."""
    nothing = np.zeros(len(grid), dtype=bool)
    at = (np.array(grid), scenario.distance(grid))
    return outlook(fitted.probes, *at, nothing, TARGET, count, bounds=BOUNDS).best


def table(scenarios: Sequence[Scenario], splits: int) -> Iterable[str]:
    """A table for each budget, means of both scenarios."""
    floor = projection_floor(scenarios)
    fields = ("error", "covered", "width", "score", "regret", "gains")
    for budget, designs in DESIGNS.items():
        yield f"\n## {budget:,} samples, projected to {TARGET:,}\n"
        yield f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
        for design in designs:
            runs = [[run(one, design, seed) for seed in range(splits)] for one in scenarios]
            each = {
                field: [np.array([getattr(one, field) for one in of]) for of in runs]
                for field in fields
            }
            error, covered, width, score, regret, gains = (pooled(each[f]) for f in fields)
            trainings = sum(design.scales.values()) + design.plans
            own = " / ".join(f"{of.mean():.2f}" for of in each["regret"])
            yield (
                f"| {design.name} | {trainings} | {design.samples:,} | {with_error(error)} "
                f"| {error.mean() / floor:.1f} | {covered.mean():.2f} | {width.mean():.1f} "
                f"| {score.mean():.1f} | {with_error(regret)} | {own} | {gains.mean():.2f} |"
            )
            yield from verdict(design, float(error.mean() / floor), float(regret.mean()))


def verdict(design: Design, ratio: float, regret: float) -> Iterable[str]:
    """Whether a goal is kept, after the row that it is for."""
    goals = {
        RULE.name: ("× floor", ratio, ERROR_GOAL),
        ONE.name: ("regret", regret, REGRET_GOALS[0]),
        TWO.name: ("regret", regret, REGRET_GOALS[1]),
    }
    if design.name in goals:
        what, found, goal = goals[design.name]
        kept = "kept" if found <= goal else "missed"
        yield f"| goal: {what} {goal} ({kept}) |{' |' * (len(COLUMNS) - 1)}"


def main(splits: int) -> None:
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    lines = [
        "# Budgets of samples on CIFAR-10\n",
        f"Written by `python -m benchmarks.budget --splits {splits}`, from the trainings of",
        "`benchmarks/outcomes.py`: mean of both scenarios ± standard error over splits, points",
        "of accuracy. Scales are the rule's for pilots of 1,000 samples at 15,000, and the trained",
        "sizes nearest to them at 25,000. Mixtures, and the plans of a second stage, are of the",
        "grid of 21. The goals were set on four tables, of which",
        "these are two.",
        commit_line().rstrip("\n"),
        *table(load(), splits),
    ]
    text = "\n".join(lines) + "\n"
    (RESULTS / "budget.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--splits", type=int, default=40)
    main(options.parse_args().splits)
