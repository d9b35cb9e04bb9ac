"""Algorithm 2: how many samples to buy from whom, and the plans to compare with."""

from collections.abc import Mapping, Sequence

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.selection.branch_and_bound import nearest_plan, search
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import Objective
from projektor_ray.selection.plan import LEVEL, Direction, Plan, make_plan
from projektor_ray.selection.provider import Provider
from projektor_ray.selection.provider_terms import Terms
from projektor_ray.storage.arrays import Floats
from projektor_ray.storage.hashing import generator

MOST_VERTICES = 32
AS_MUCH_AS_POSSIBLE = 1e3


def select(
    objective: Objective,
    providers: Sequence[Provider],
    size: int,
    *,
    budget: float | None = None,
    terms: Mapping[str, Terms] | None = None,
    direction: Direction = "maximize",
    restarts: int = 32,
    seed: int = 0,
    candidates: Floats | None = None,
    level: float = LEVEL,
) -> Plan:
    """The purchase plan predicted best (Algorithm 2).

    The search starts from the mixtures of `baseline_mixtures`, the feasible mixtures nearest to
    every provider alone (of many providers: the most promising), `candidates`, and random ones.
    Of starts that reach the same value the cheapest plan is taken. Prices that fall with the
    quantity and minimum orders are kept by branch and bound (`branching.search`).

    Parameters
    ----------
    objective : mixtures (B, m) → predicted metrics (B,) and gradients (B, m), one batch per step.
    providers : m of them, in the order of the objective's columns.
    size : samples to buy, N.
    budget : most money to spend.
    terms : minimum orders, and providers that must be in or out, by provider name.
    direction : whether the metric is better higher or lower.
    restarts : random starts, in addition to the fixed ones.
    candidates : mixtures (c, m) to start from as well, such as the best probes.
    level : of the interval.

    Raises
    ------
    InfeasibleError
        If no plan keeps every constraint; names the one that cannot be kept.
    InputError
        If an argument cannot be used, or the objective gives a number that is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import pyarrow as pa
    >>> import projektor_ray as pr
    >>> table = pa.table(
    ...     {"provider": ["clinic", "web"], "price": [0.5, 0.1], "capacity": [300, 5000]}
    ... )
    >>> offers = pr.Offers.read(table, ["clinic", "web"])
    >>> def objective(mixtures):
    ...     worth = np.array([0.9, 0.6])
    ...     return mixtures @ worth, np.tile(worth, (len(mixtures), 1))
    >>> plan = pr.select(objective, offers.providers, size=1000, budget=200)
    >>> dict(zip(plan.names, plan.samples.tolist()))
    {'clinic': 250, 'web': 750}
    """
    feasible = FeasibleSet.of(providers, size, budget, terms)
    points = _starts(_upward(objective, direction), feasible, restarts, seed, candidates)
    return select_from(points, objective, feasible, direction, level)


def select_from(
    points: Floats,
    objective: Objective,
    feasible: FeasibleSet,
    direction: Direction,
    level: float,
) -> Plan:
    """The plan predicted best of those that the search from mixtures (B, m) finds."""
    found = search(_upward(objective, direction), feasible, points)
    return make_plan(
        objective,
        feasible,
        found.best.feasible,
        found.best.samples,
        level,
        direction,
        restarts=len(points),
        restarts_converged=int(found.best.ascent.reached_best.sum()),
        optimality_gap=found.optimality_gap,
    )


def baseline_plans(
    objective: Objective,
    providers: Sequence[Provider],
    size: int,
    *,
    budget: float | None = None,
    terms: Mapping[str, Terms] | None = None,
    direction: Direction = "maximize",
    candidates: Floats | None = None,
    level: float = LEVEL,
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
    feasible = FeasibleSet.of(providers, size, budget, terms)
    upward = _upward(objective, direction)
    wanted = {**_wanted(feasible), "single": _best(upward, single_mixtures(feasible))}
    if candidates is not None:
        tried = feasible.project(_check_candidates(candidates, len(providers)))
        wanted["probe"] = _best(upward, tried)
    plans = {}
    for name, mixture in wanted.items():
        found = nearest_plan(feasible, mixture)
        plans[name] = make_plan(
            objective, feasible, found.feasible, found.samples, level, direction
        )
    return plans


def baseline_mixtures(feasible: FeasibleSet) -> Mapping[str, Floats]:
    """Feasible mixtures nearest to `uniform`, `proportional` (to capacity) and `cheapest`."""
    each = {**_wanted(feasible), "cheapest": feasible.cheapest / feasible.size}
    return {name: feasible.project(mixture[None])[0] for name, mixture in each.items()}


def _wanted(feasible: FeasibleSet) -> Mapping[str, Floats]:
    """In equal parts and in proportion to capacity, whatever the other constraints are."""
    count = len(feasible.names)
    return {
        "uniform": np.full(count, 1.0 / count),
        "proportional": feasible.upper / feasible.upper.sum(),
    }


def single_mixtures(feasible: FeasibleSet) -> Floats:
    """For every provider as much of it as is feasible, the rest in equal parts, shape (m, m)."""
    return feasible.project(AS_MUCH_AS_POSSIBLE * np.eye(len(feasible.names)))


def favourite(plan: Plan) -> str:
    """Whom a plan of `single_mixtures` favours."""
    away = np.abs(single_mixtures(plan.part) - plan.mixture).sum(axis=1)
    return plan.names[int(np.argmin(away))]


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
        points.append(feasible.project(_check_candidates(candidates, count)))
    return np.concatenate(points)


def _best(upward: Objective, mixtures: Floats) -> Floats:
    values, _ = upward(mixtures)
    return np.asarray(mixtures[int(np.argmax(values))])


def _check_candidates(candidates: Floats, count: int) -> Floats:
    array = np.asarray(candidates, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != count or not np.isfinite(array).all():
        raise InputError(
            f"candidates must be finite mixtures of shape (c, {count}), a row per "
            f"mixture; got shape {array.shape}"
        )
    return array
