"""Small purchases with minimum orders, against the enumeration of every plan.

Random problems of 2 to 5 providers and 3 to 40 samples have capacities, prices (some in tiers),
budgets, minimum orders, required and excluded providers. The metric is a concave bowl, an
indefinite quadratic as PQ gives, or a few hills. For each problem `buy` selects a plan and its
baselines; all plans that keep every constraint are enumerated beside it.

    python -m benchmarks.minimum_orders [--problems 10000] [--out benchmarks/results]
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection import Provider, PurchaseProblem, PurchaseRequest, Terms, buy
from projektor_ray.selection.provider import cost_of
from projektor_ray.storage.array_types import Floats

CLOSE = 0.01
"""Of the spread of the values of all plans: a plan this near the best counts as the best."""
SMALL = 30
TIE = 1e-9


@dataclass(frozen=True, eq=False)
class Metric:
    """A bowl or saddle `−½ (p − peak)ᵀ Q (p − peak)`, and hills."""

    peak: Floats
    curvature: Floats
    hills: Floats

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        away = mixtures - self.peak
        pulled = away @ self.curvature
        value, gradient = -0.5 * np.sum(away * pulled, axis=1), -pulled
        for centre, height, width in zip(
            self.hills[:, :-2], self.hills[:, -2], self.hills[:, -1], strict=True
        ):
            apart = mixtures - centre
            hill = height * np.exp(-np.sum(apart**2, axis=1) / width**2)
            value, gradient = value + hill, gradient - hill[:, None] * 2 * apart / width**2
        return value, gradient


@dataclass(frozen=True, eq=False)
class Case:
    """One random problem: what is for sale, how many samples, for what money."""

    metric: Metric
    providers: list[Provider]
    terms: dict[str, Terms]
    size: int
    budget: float | None

    @staticmethod
    def drawn(seed: int) -> "Case":
        rng = np.random.default_rng(seed)
        m, size = int(rng.integers(2, 6)), int(rng.integers(3, 41))
        names = [f"p{i}" for i in range(m)]
        providers = []
        for name in names:
            capacity = None if rng.random() < 0.5 else int(rng.integers(0, size + 1))
            price = float(rng.choice([0.0, 0.5, 1.0, 2.0, 3.5]))
            falls = rng.random() < 0.25 and size > 4
            tiers = ((int(rng.integers(1, size)), price / 2),) if falls else ()
            providers.append(Provider(name, capacity, price, tiers))
        terms = {
            name: Terms(
                int(rng.integers(1, size + 1)) if rng.random() < 0.6 else 0,
                required=bool(rng.random() < 0.1),
            )
            for name in names
        }
        if rng.random() < 0.1 and m > 2:
            terms[names[-1]] = Terms(excluded=True)
        dearest = max(one.price for one in providers) * size
        budget = None if rng.random() < 0.4 else float(rng.uniform(0.1, 1.0) * dearest)
        return Case(_metric(rng, m), providers, terms, size, budget)

    def plans(self) -> Floats:
        """Every plan that keeps the constraints, (k, m), enumerated."""
        m, size = len(self.providers), self.size
        bars = np.array(list(combinations(range(size + m - 1), m - 1))).reshape(-1, m - 1)
        edges = np.pad(bars, ((0, 0), (1, 1)), constant_values=-1)
        edges[:, -1] = size + m - 1
        samples = np.diff(edges, axis=1) - 1
        kept, costs = np.ones(len(samples), dtype=bool), np.zeros(len(samples))
        for i, one in enumerate(self.providers):
            terms, bought = self.terms[one.name], samples[:, i]
            kept &= bought <= (size if one.capacity is None else one.capacity)
            kept &= (bought == 0) | (bought >= terms.minimum_order)
            kept &= (bought > 0) | (not terms.required)
            kept &= (bought == 0) | (not terms.excluded)
            costs += np.array([cost_of(one.schedule, n) for n in range(size + 1)])[bought]
        if self.budget is not None:
            kept &= costs <= self.budget * (1 + TIE)
        return np.asarray(samples[kept])


def _metric(rng: np.random.Generator, m: int) -> Metric:
    peak, kind = rng.dirichlet(np.ones(m)), rng.integers(3)
    root = rng.normal(size=(m, m))
    signs = np.ones(m) if kind == 0 else rng.choice([-1.0, 1.0], m)
    hills = np.empty((0, m + 2))
    if kind == 2:
        count = int(rng.integers(2, 5))
        hills = np.column_stack(
            [
                rng.dirichlet(np.ones(m), count),
                rng.uniform(1, 3, count),
                rng.uniform(0.2, 0.6, count),
            ]
        )
    return Metric(peak, root.T @ (signs[:, None] * root) / m, hills)


@dataclass(frozen=True)
class Outcome:
    """What became of one problem.

    Attributes
    ----------
    short : the best value less the selected plan's, as a part of the spread of all plans' values.
    below : by how much the best baseline is above the selected plan, in the same unit; at most 0
        where none is.
    wrong : whether a problem with a plan was refused, or one without was not.
    """

    size: int
    short: float = 0.0
    below: float = 0.0
    wrong: bool = False


def outcome(case: Case) -> Outcome:
    plans = case.plans()
    problem = PurchaseProblem(lambda _: case.metric, case.providers, case.terms)
    try:
        found = buy(problem, PurchaseRequest(case.size, case.budget))
    except InfeasibleError:
        return Outcome(case.size, wrong=len(plans) > 0)
    if not len(plans):
        return Outcome(case.size, wrong=True)
    values = case.metric(plans / case.size)[0]
    spread = float(np.ptp(values)) or 1.0
    selected = found.selected.predicted
    others = [plan.predicted for plan in found.plans.values()]
    return Outcome(
        case.size, float(values.max() - selected) / spread, (max(others) - selected) / spread
    )


def outcomes(count: int, first: int = 0) -> Iterator[Outcome]:
    for seed in range(first, first + count):
        yield outcome(Case.drawn(seed))


def report(found: list[Outcome]) -> str:
    lines = [
        "# Small purchases with minimum orders\n",
        f"{len(found):,} random problems of 2 to 5 providers and 3 to 40 samples, with minimum",
        "orders, capacities, prices in tiers and budgets; every plan enumerated",
        "(`python -m benchmarks.minimum_orders`). *Below a baseline*: a baseline is predicted",
        "better than the selected plan. *Short by more than 1 %*: the best plan is better by more",
        "than 1 % of the spread of all plans' values.\n",
        "| samples | problems | refused wrongly | below a baseline | short by more than 1 % "
        "| largest shortfall |",
        "|---|---|---|---|---|---|",
    ]
    groups = {
        f"below {SMALL}": [one for one in found if one.size < SMALL],
        f"{SMALL} and more": [one for one in found if one.size >= SMALL],
        "all": found,
    }
    for name, group in groups.items():
        short = [one.short for one in group]
        lines.append(
            f"| {name} | {len(group):,} | {sum(one.wrong for one in group)} "
            f"| {sum(one.below > TIE for one in group)} "
            f"| {sum(one > CLOSE for one in short)} ({np.mean(np.array(short) > CLOSE):.2%}) "
            f"| {max(short):.1%} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--problems", type=int, default=10_000)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    options.add_argument("--out", type=Path, help="folder of the results; absent: print only")
    arguments = options.parse_args()
    text = report(list(outcomes(arguments.problems, arguments.first)))
    print(text)
    if arguments.out:
        (arguments.out / "minimum_orders.md").write_text(text)


if __name__ == "__main__":
    main()
