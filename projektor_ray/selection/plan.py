"""Algorithm 2: how many samples to buy from whom, and the plans to compare with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.identity import generator
from projektor_ray.providers import Provider
from projektor_ray.selection.ascent import ascend
from projektor_ray.selection.feasible import FeasibleSet, Floats, Integers
from projektor_ray.selection.objective import MetricObjective, Objective
from projektor_ray.selection.rounding import whole_samples

Direction = Literal["maximize", "minimize"]

THOUSAND = 1000
MOST_VERTICES = 32
AS_MUCH_AS_POSSIBLE = 1e3


@dataclass(frozen=True, eq=False)
class Plan:
    """A purchase: whole samples of each provider that keep every constraint.

    Attributes
    ----------
    names : of the providers, m of them.
    samples : to buy from each, shape (m,); they sum to the size.
    prices : money per sample, shape (m,).
    predicted : the metric of this mixture at this size.
    interval : low and high of a training's metric, or None where the objective gives none.
    marginal_value : change of the predicted metric if 1,000 samples more were bought of each
        provider on top of the plan, to first order, shape (m,). Where the objective knows one
        size only, if they were bought instead of 1,000 samples of the plan's mixture.
    starts : how many starts the search had; 0 for a plan that was not searched.
    agreed : how many of them reached the best value.
    """

    names: tuple[str, ...]
    samples: Integers
    prices: Floats
    predicted: float
    interval: tuple[float, float] | None
    marginal_value: Floats
    starts: int = 0
    agreed: int = 0

    @property
    def size(self) -> int:
        """Samples in all, N."""
        return int(self.samples.sum())

    @property
    def mixture(self) -> Floats:
        """Shares of the providers in what is bought, shape (m,)."""
        return np.asarray(self.samples / self.size)

    @property
    def costs(self) -> Floats:
        """Money for each provider, shape (m,)."""
        return np.asarray(self.samples * self.prices)

    @property
    def cost(self) -> float:
        """Money in all."""
        return float(self.costs.sum())


def select(
    objective: Objective,
    providers: Sequence[Provider],
    size: int,
    *,
    budget: float | None = None,
    direction: Direction = "maximize",
    starts: int = 32,
    seed: int = 0,
    candidates: Floats | None = None,
    level: float = 0.9,
) -> Plan:
    """The purchase plan predicted best (Algorithm 2).

    The search starts from the mixtures of `baseline_mixtures`, the feasible mixtures nearest to
    every provider alone (of many providers: the most promising), `candidates`, and random ones.
    Of starts that reach the same value the cheapest plan is taken.

    Parameters
    ----------
    objective : mixtures (B, m) → predicted metrics (B,) and gradients (B, m), one batch per step.
    providers : m of them, in the order of the objective's columns.
    size : samples to buy, N.
    budget : most money to spend.
    direction : whether the metric is better higher or lower.
    starts : random starts beside the fixed ones.
    candidates : mixtures (c, m) to start from as well, such as the best probes.
    level : of the interval.

    Raises
    ------
    InfeasibleError
        If no plan keeps every constraint; names the one that cannot be kept.
    InputError
        If an argument cannot be used, or the objective gives a number that is not finite.
    """
    feasible = FeasibleSet.of(providers, size, budget)
    upward = _upward(objective, direction)
    points = _starts(upward, feasible, starts, seed, candidates)
    found = ascend(upward, feasible, points)
    best = np.flatnonzero(found.reached_best)
    costs = np.round(found.mixtures[best] @ feasible.prices, 12)
    chosen = best[np.lexsort((-found.values[best], costs))[0]]
    samples = whole_samples(found.mixtures[chosen], feasible)
    return _plan(objective, feasible, samples, level, starts=len(points), agreed=len(best))


def baseline_plans(
    objective: Objective,
    providers: Sequence[Provider],
    size: int,
    *,
    budget: float | None = None,
    direction: Direction = "maximize",
    candidates: Floats | None = None,
    level: float = 0.9,
) -> dict[str, Plan]:
    """The plans to compare with, by name: `uniform`, `proportional`, `single`, `probe`.

    As `baseline_mixtures`, cut to what is feasible: samples in equal parts; in proportion to
    capacities; as many as possible from the one provider that is predicted best alone; and the
    one of `candidates` (the trained mixtures, best first or not) that is predicted best.

    Raises
    ------
    InfeasibleError, InputError
        As `select`.
    """
    feasible = FeasibleSet.of(providers, size, budget)
    upward = _upward(objective, direction)
    fixed = baseline_mixtures(feasible)
    chosen: dict[str, Floats] = {name: fixed[name] for name in ("uniform", "proportional")}
    chosen["single"] = _best(upward, single_mixtures(feasible))
    if candidates is not None:
        chosen["probe"] = _best(upward, feasible.project(_check_candidates(candidates, feasible)))
    return {
        name: _plan(objective, feasible, whole_samples(mixture, feasible), level)
        for name, mixture in chosen.items()
    }


def baseline_mixtures(feasible: FeasibleSet) -> Mapping[str, Floats]:
    """Feasible mixtures nearest to `uniform`, `proportional` (to capacity) and `cheapest`."""
    count = len(feasible.names)
    wanted = {
        "uniform": np.full(count, 1.0 / count),
        "proportional": feasible.upper / feasible.upper.sum(),
        "cheapest": feasible.cheapest / feasible.size,
    }
    return {name: feasible.project(mixture[None])[0] for name, mixture in wanted.items()}


def single_mixtures(feasible: FeasibleSet) -> Floats:
    """For every provider as much of it as is feasible, the rest in equal parts, shape (m, m)."""
    return feasible.project(AS_MUCH_AS_POSSIBLE * np.eye(len(feasible.names)))


def _upward(objective: Objective, direction: Direction) -> Objective:
    if direction == "maximize":
        return objective
    if direction != "minimize":
        raise InputError(f"the direction must be 'maximize' or 'minimize'; got {direction!r}")

    def downward(mixtures: Floats) -> tuple[Floats, Floats]:
        values, gradients = objective(mixtures)
        return -values, -gradients

    return downward


def _starts(
    upward: Objective, feasible: FeasibleSet, random: int, seed: int, candidates: Floats | None
) -> Floats:
    count = len(feasible.names)
    fixed = np.stack(list(baseline_mixtures(feasible).values()))
    _, gradients = upward(fixed[:1])
    promising = np.argsort(-gradients[0], kind="stable")[:MOST_VERTICES]
    alone = feasible.project(AS_MUCH_AS_POSSIBLE * np.eye(count)[promising])
    stream = generator("selection", seed)
    drawn = feasible.project(stream.dirichlet(np.ones(count), size=random))
    points = [fixed, alone, drawn]
    if candidates is not None:
        points.append(feasible.project(_check_candidates(candidates, feasible)))
    return np.concatenate(points)


def _best(upward: Objective, mixtures: Floats) -> Floats:
    values, _ = upward(mixtures)
    return np.asarray(mixtures[int(np.argmax(values))])


def _check_candidates(candidates: Floats, feasible: FeasibleSet) -> Floats:
    array = np.asarray(candidates, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != len(feasible.names) or not np.isfinite(array).all():
        raise InputError(
            f"candidates must be finite mixtures of shape (c, {len(feasible.names)}), a row per "
            f"mixture; got shape {array.shape}"
        )
    return array


def _plan(
    objective: Objective,
    feasible: FeasibleSet,
    samples: NDArray[np.int64],
    level: float,
    starts: int = 0,
    agreed: int = 0,
) -> Plan:
    mixtures = (samples / feasible.size)[None]
    values, gradients = objective(mixtures)
    exchange = (gradients[0] - gradients[0] @ mixtures[0]) / feasible.size
    predicted, interval = float(values[0]), None
    if isinstance(objective, MetricObjective):
        exchange = exchange + objective.size_slope(mixtures)[0]
        predicted = float(objective.predict(mixtures)[0])
        low, high = objective.interval(mixtures, level)[0]
        interval = (float(low), float(high))
    return Plan(
        names=feasible.names,
        samples=samples,
        prices=feasible.prices,
        predicted=predicted,
        interval=interval,
        marginal_value=np.asarray(THOUSAND * exchange),
        starts=starts,
        agreed=agreed,
    )
