"""Many providers: fits whose cost is linear in them, and selection beside convex solvers.

python -m benchmarks.many

Distances are a convex quadratic of the mixture with its gradient, so that what is timed is the
fit and the search, not the transport. The last column is Frank and Wolfe's gap, from a linear
program over all that may be bought: where the fitted metric is concave (`cs` of a metric that
falls with the distance, `linear`), no mixture is predicted better than the plan by more.

Then fewer mixtures than providers, at two scales: providers of five types, more or less alike; a
type is worth something that the distance does not tell. Errors on other mixtures at ten times the
larger scale. Writes `results/many.md`.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.optimize import linprog

from benchmarks.commit import commit_line
from projektor_ray.predictors import PREDICTORS
from projektor_ray.projection import Grouped, Joint, LogLinear, NoProjection, provider_groups
from projektor_ray.selection import Plan, ProjectedObjective, Provider, select
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import Distances

SIZE, PROBES, FEATURES = 100_000, 200, 8
POINTS = 100.0
COUNTS = (10, 100, 1000)
FITTED = ("cs", "pq", "linear", "pseudo_quadratic")
TYPES, SCALES, LARGE, REPETITIONS = 5, (250, 1000), 10_000, 10
FEW = ((100, 20, 0.3), (100, 50, 0.3), (100, 50, 1.0), (100, 90, 0.3), (1000, 100, 0.3))
"""Providers, mixtures, and how unlike the providers of a type are: 1 as types are."""


class Problem:
    """m providers with capacities, prices and a budget, and a planted metric at one scale."""

    def __init__(self, providers: int, seed: int = 0) -> None:
        rng = np.random.default_rng([providers, seed])
        self.features = rng.normal(size=(FEATURES, providers)) / 2
        self.centre = self.features @ rng.dirichlet(np.full(providers, 0.5))
        self.prices = rng.uniform(0.5, 2.0, providers)
        self.capacities = rng.integers(4, 40, providers) * SIZE // (10 * providers)
        self.budget = 1.1 * SIZE
        self.probes = rng.dirichlet(np.full(providers, 0.3), size=PROBES)
        distances = self.distances(self.probes).value
        self.values = 0.8 - 0.5 * distances + 0.01 * rng.normal(size=PROBES)
        self.sellers = [
            Provider(f"{i:04}", int(capacity), float(price))
            for i, (capacity, price) in enumerate(zip(self.capacities, self.prices, strict=True))
        ]

    def distances(self, mixtures: Floats) -> Distances:
        apart = mixtures @ self.features.T - self.centre
        return Distances.closed_form(np.sum(apart**2, axis=1), 2 * apart @ self.features)

    def fit(self, name: str) -> NoProjection:
        distances = self.distances(self.probes).value
        fitted = PREDICTORS[name]().fit(self.probes, distances, self.values)
        return NoProjection.of({SIZE: fitted})

    def objective(self, model: NoProjection) -> ProjectedObjective:
        return ProjectedObjective(model, SIZE, self.distances)

    def plan(self, objective: ProjectedObjective) -> Plan:
        return select(objective, self.sellers, SIZE, budget=self.budget, restarts=4)

    @property
    def polytope(self) -> dict[str, object]:
        """The set of plans, for linprog."""
        return {
            "A_ub": self.prices[None],
            "b_ub": [self.budget / SIZE],
            "A_eq": np.ones((1, len(self.prices))),
            "b_eq": [1.0],
            "bounds": [(0.0, capacity / SIZE) for capacity in self.capacities],
        }

    def optimality_gap(self, objective: ProjectedObjective, plan: Plan) -> float:
        """Most by which any mixture could be better, if the objective is concave.

        `max_q ∇L(p)·(q − p)` over the mixtures that may be bought (Frank and Wolfe's gap), by a
        linear program: the search is checked by another algorithm, at no assumption but concavity.
        """
        _, gradient = objective(plan.mixture[None])
        best = linprog(-gradient[0], **self.polytope)
        return float(-best.fun - gradient[0] @ plan.mixture)


def row(name: str, providers: int) -> str:
    """A predictor's fit and selection: CPU seconds, and how far from the optimum at most."""
    problem = Problem(providers)
    begun = time.process_time()
    model = problem.fit(name)
    fitted = time.process_time()
    objective = problem.objective(model)
    plan = problem.plan(objective)
    ended = time.process_time()
    gap = problem.optimality_gap(objective, plan)
    return (
        f"| {providers:,} | {name} | {fitted - begun:.2f} | {ended - fitted:.2f} "
        f"| {np.count_nonzero(plan.samples):,} | {plan.restarts_converged} of {plan.restarts} "
        f"| {POINTS * gap:.4f} |"
    )


def few_errors(providers: int, count: int, unlike: float, seed: int) -> list[float]:
    """Mean absolute errors, in points, of CS + Eq. 3, `joint` and `grouped`."""
    rng = np.random.default_rng([providers, count, seed])
    kinds = rng.permutation(np.arange(providers) % TYPES)
    noise = unlike * rng.normal(size=(FEATURES, providers))
    features = (rng.normal(size=(FEATURES, TYPES))[:, kinds] + noise) / 2
    centre = features @ rng.dirichlet(np.full(providers, 0.5))
    worth, bend = 0.1 * rng.normal(size=(2, TYPES))

    def truth(mixtures: Floats, sizes: Floats | float) -> Floats:
        of_types = mixtures @ np.eye(TYPES)[kinds]
        hidden = of_types @ worth + 0.5 * of_types**2 @ bend
        near = 0.8 - 0.5 * np.sum((mixtures @ features.T - centre) ** 2, axis=1)
        return np.asarray(near + hidden + 0.05 * np.log(np.asarray(sizes) / SCALES[-1]))

    trained, fresh = np.split(rng.dirichlet(np.full(providers, 0.3), size=count + 200), [count])
    rows, sizes = np.tile(trained, (2, 1)), np.repeat(SCALES, count).astype(float)
    apart, new = rows @ features.T - centre, fresh @ features.T - centre
    distances, gradients = np.sum(apart**2, axis=1), 2 * apart @ features
    values = truth(rows, sizes) + 0.01 * (sizes / SCALES[-1]) ** -0.35 * rng.normal(size=len(rows))
    models = (LogLinear("cs"), Joint(), Grouped(provider_groups(rows, gradients)))
    fitted = [model.fit(rows, distances, sizes, values) for model in models]
    found = [model.predict(fresh, np.sum(new**2, axis=1), LARGE) for model in fitted]
    return [POINTS * float(np.abs(one - truth(fresh, LARGE)).mean()) for one in found]


def few_row(providers: int, count: int, unlike: float) -> str:
    errors = [few_errors(providers, count, unlike, seed) for seed in range(REPETITIONS)]
    means, deviations = np.mean(errors, axis=0), np.std(errors, axis=0) / np.sqrt(REPETITIONS)
    cells = [f"{mean:.2f} ± {off:.2f}" for mean, off in zip(means, deviations, strict=True)]
    return f"| {providers:,} | {count} | {unlike} | {' | '.join(cells)} |"


def main() -> None:
    lines = [
        "# Many providers\n",
        f"Written by `python -m benchmarks.many`: {PROBES} probes at one scale, capacities, prices",
        f"and a budget; a purchase of {SIZE:,}. CPU seconds of one thread. The last column bounds",
        "how much better any mixture is predicted, where the metric is concave (cs, linear).",
        commit_line(),
        "| providers | predictor | fit, s | selection, s | bought from | starts that agree "
        "| a better mixture by at most, points |",
        "|---|---|---|---|---|---|---|",
    ]
    for providers in COUNTS:
        for name in FITTED:
            lines.append(row(name, providers))
            print(lines[-1], flush=True)
    lines += [
        "\n## Fewer mixtures than providers\n",
        f"Mixtures trained once at 250 and at 1,000, providers of {TYPES} types, whose worth the",
        "distance does not tell in full. Error at 10,000 on other mixtures, in points, with the",
        f"standard error of {REPETITIONS} repetitions.\n",
        "| providers | mixtures | unlike within a type | cs + Eq. 3 | joint | grouped |",
        "|---|---|---|---|---|---|",
    ]
    for case in FEW:
        lines.append(few_row(*case))
        print(lines[-1], flush=True)
    text = "\n".join(lines) + "\n"
    (Path(__file__).parent / "results" / "many.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
