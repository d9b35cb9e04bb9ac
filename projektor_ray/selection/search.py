"""Algorithm 2: how many samples to buy from whom, and the plans to compare with."""

from collections.abc import Mapping, Sequence

import numpy as np

from projektor_ray.errors import InfeasibleError, InputError
from projektor_ray.identity import generator
from projektor_ray.providers import Provider
from projektor_ray.selection.ascent import Ascent, ascend
from projektor_ray.selection.feasible import FeasibleSet, Floats, Integers, Terms
from projektor_ray.selection.objective import Objective
from projektor_ray.selection.plan import Direction, Plan, make_plan
from projektor_ray.selection.rounding import whole_samples

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
    starts: int = 32,
    seed: int = 0,
    candidates: Floats | None = None,
    level: float = 0.9,
) -> Plan:
    """The purchase plan predicted best (Algorithm 2).

    The search starts from the mixtures of `baseline_mixtures`, the feasible mixtures nearest to
    every provider alone (of many providers: the most promising), `candidates`, and random ones.
    Of starts that reach the same value the cheapest plan is taken. Where a provider would be
    bought below its minimum order, the better of buying nothing of it and of ordering the minimum
    is taken, one provider after the other.

    Parameters
    ----------
    objective : mixtures (B, m) → predicted metrics (B,) and gradients (B, m), one batch per step.
    providers : m of them, in the order of the objective's columns.
    size : samples to buy, N.
    budget : most money to spend.
    terms : minimum orders, and providers that must be in or out, by provider name.
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
    feasible = FeasibleSet.of(providers, size, budget, terms)
    points = _starts(_upward(objective, direction), feasible, starts, seed, candidates)
    return select_from(points, objective, feasible, direction, level)


def select_from(
    points: Floats, objective: Objective, feasible: FeasibleSet, direction: Direction, level: float
) -> Plan:
    """The plan predicted best of those that the search from feasible mixtures (B, m) finds."""
    upward = _upward(objective, direction)
    samples, agreed = _complete(upward, feasible, ascend(upward, feasible, points))
    return make_plan(objective, feasible, samples, level, direction, len(points), agreed)


def baseline_plans(
    objective: Objective,
    providers: Sequence[Provider],
    size: int,
    *,
    budget: float | None = None,
    terms: Mapping[str, Terms] | None = None,
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
    feasible = FeasibleSet.of(providers, size, budget, terms)
    upward = _upward(objective, direction)
    fixed = baseline_mixtures(feasible)
    chosen: dict[str, Floats] = {name: fixed[name] for name in ("uniform", "proportional")}
    chosen["single"] = _best(upward, single_mixtures(feasible))
    if candidates is not None:
        chosen["probe"] = _best(upward, feasible.project(_check_candidates(candidates, feasible)))
    return {
        name: make_plan(objective, feasible, _settle(feasible, mixture), level, direction)
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


def _complete(upward: Objective, feasible: FeasibleSet, found: Ascent) -> tuple[Integers, int]:
    """Samples that keep minimum orders too, and how many starts reached the best.

    Depth first, the branch that is predicted better first; the other one only where it fails.
    """
    best = np.flatnonzero(found.reached_best)
    costs = np.round(found.mixtures[best] @ feasible.prices, 12)
    chosen = best[np.lexsort((-found.values[best], costs))[0]]
    samples = whole_samples(found.mixtures[chosen], feasible)
    lacking = feasible.lacking(samples)
    if not lacking:
        return samples, len(best)
    branches = _branches(feasible, lacking[0])
    reached = [ascend(upward, branch, found.mixtures) for branch in branches]
    order = sorted(range(len(branches)), key=lambda b: -reached[b].values.max())
    for b in order[:-1]:
        try:
            return _complete(upward, branches[b], reached[b])
        except InfeasibleError:
            continue
    return _complete(upward, branches[order[-1]], reached[order[-1]])


def _branches(feasible: FeasibleSet, provider: int) -> list[FeasibleSet]:
    """The feasible ones of buying nothing of a provider, and of ordering its minimum."""
    branches = []
    for branch in (feasible.without(provider), feasible.ordering(provider)):
        try:
            branch.check()
            branches.append(branch)
        except InfeasibleError as failure:
            refusal = failure
    if not branches:
        raise InfeasibleError(
            f"the minimum order of {feasible.names[provider]!r} cannot be kept: neither with "
            f"nothing nor with {feasible.minimum_orders[provider]:,} samples of it is there a "
            f"plan ({refusal})"
        )
    return branches


def _settle(feasible: FeasibleSet, mixture: Floats) -> Integers:
    """Whole samples near a mixture that keep minimum orders as well."""
    samples = whole_samples(mixture, feasible)
    while lacking := feasible.lacking(samples):
        feasible = _branches(feasible, lacking[0])[0]
        samples = whole_samples(feasible.project(mixture[None])[0], feasible)
    return samples
