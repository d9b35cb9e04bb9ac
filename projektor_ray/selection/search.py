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
from projektor_ray.selection.regimes import feasible_sets, next_regimes, within_tiers
from projektor_ray.selection.rounding import whole_samples

MOST_VERTICES = 32
FEWEST_STARTS = 2
"""Random starts within each combination of price tiers."""
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
    sets = feasible_sets(providers, size, budget, terms)
    upward = _upward(objective, direction)
    each = max(starts // len(sets), FEWEST_STARTS if len(sets) > 1 else 0)
    tried = [(part, _starts(upward, part, each, seed, candidates)) for part in sets]
    return select_from(tried, objective, direction, level)


def select_from(
    tried: Sequence[tuple[FeasibleSet, Floats]],
    objective: Objective,
    direction: Direction,
    level: float,
) -> Plan:
    """The plan predicted best of those that the search from mixtures (B, m) in each set finds.

    From the best plan it goes on to the sets a tier away that were not among them, until none is
    better.
    """
    upward = _upward(objective, direction)

    def search(feasible: FeasibleSet, points: Floats) -> Plan:
        samples, agreed = _complete(upward, feasible, ascend(upward, feasible, points))
        return make_plan(objective, feasible, samples, level, direction, len(points), agreed)

    found: list[tuple[FeasibleSet, Plan]] = []
    refusal: InfeasibleError | None = None
    for feasible, points in tried:
        try:
            found.append((feasible, search(feasible, points)))
        except InfeasibleError as failure:
            refusal = failure
    if not found:
        raise refusal or InfeasibleError("there is no set of plans to search")
    sign = 1 if direction == "maximize" else -1

    def rank(pair: tuple[FeasibleSet, Plan]) -> tuple[float, float]:
        return sign * pair[1].unbounded, -pair[1].cost

    best = max(found, key=rank)
    known = {feasible.regime for feasible, _ in tried}
    while others := [r for r in next_regimes(best[0], best[1].samples) if r not in known]:
        known.update(others)
        whole = best[0].whole or best[0]
        for regime in others[:MOST_VERTICES] if best[0].whole else ():
            part = within_tiers(whole, regime)
            try:
                part.check()
                best = max(
                    best, (part, search(part, part.project(best[1].mixture[None]))), key=rank
                )
            except InfeasibleError:
                continue
    return best[1]


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
    upward = _upward(objective, direction)
    tried = None if candidates is None else _check_candidates(candidates, len(providers))
    found: dict[str, list[tuple[float, FeasibleSet, Floats]]] = {}
    for part in feasible_sets(providers, size, budget, terms):
        fixed, wanted = baseline_mixtures(part), _wanted(part.whole or part)
        for name in ("uniform", "proportional"):
            away = float(np.sum((fixed[name] - wanted[name]) ** 2))
            found.setdefault(name, []).append((-away, part, fixed[name]))
        found.setdefault("single", []).append(_best(upward, part, single_mixtures(part)))
        if tried is not None:
            found.setdefault("probe", []).append(_best(upward, part, part.project(tried)))
    chosen = {name: max(each, key=lambda one: one[0]) for name, each in found.items()}
    return {
        name: make_plan(objective, part, _settle(part, mixture), level, direction)
        for name, (_, part, mixture) in chosen.items()
    }


def baseline_mixtures(feasible: FeasibleSet) -> Mapping[str, Floats]:
    """Feasible mixtures nearest to `uniform`, `proportional` (to capacity) and `cheapest`."""
    each = {**_wanted(feasible), "cheapest": feasible.cheapest / feasible.size}
    return {name: feasible.project(mixture[None])[0] for name, mixture in each.items()}


def _wanted(feasible: FeasibleSet) -> Mapping[str, Floats]:
    """In equal parts and in proportion to capacity, whatever the other constraints are."""
    count, capacities = len(feasible.names), (feasible.whole or feasible).upper
    return {
        "uniform": np.full(count, 1.0 / count),
        "proportional": capacities / capacities.sum(),
    }


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
        points.append(feasible.project(_check_candidates(candidates, count)))
    return np.concatenate(points)


def _best(
    upward: Objective, feasible: FeasibleSet, mixtures: Floats
) -> tuple[float, FeasibleSet, Floats]:
    values, _ = upward(mixtures)
    at = int(np.argmax(values))
    return float(values[at]), feasible, np.asarray(mixtures[at])


def _check_candidates(candidates: Floats, count: int) -> Floats:
    array = np.asarray(candidates, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != count or not np.isfinite(array).all():
        raise InputError(
            f"candidates must be finite mixtures of shape (c, {count}), a row per "
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
