"""Algorithm 2: how many samples to buy from each provider, for a given size."""

from collections.abc import Mapping, Sequence

import numpy as np

from projektor_ray.selection import exchange
from projektor_ray.selection.baselines import baseline_mixtures, check_mixtures, single_mixtures
from projektor_ray.selection.branch_and_bound import branch_and_bound
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import Direction, Objective, upward
from projektor_ray.selection.plan import LEVEL, Plan, make_plan
from projektor_ray.selection.provider import Provider, Terms
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

MOST_VERTICES = 32
"""Providers from whose vertices the search starts, of many the most promising."""


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
    quantity and minimum orders are kept by branch and bound.

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
    points = _starts(upward(objective, direction), feasible, restarts, seed, candidates)
    return select_from(points, objective, feasible, direction, level)


def select_from(
    points: Floats,
    objective: Objective,
    feasible: FeasibleSet,
    direction: Direction,
    level: float,
) -> Plan:
    """The plan predicted best of those that the search from mixtures (B, m) finds."""
    rising = upward(objective, direction)
    result = branch_and_bound(rising, feasible, points)
    part, samples = result.best.feasible, result.best.samples
    if exchange.applies(feasible):
        samples = exchange.best_integer_plan(rising, feasible, samples)
        part = part if part.contains(samples) else feasible.part_of(samples)
    return make_plan(
        objective,
        feasible,
        part,
        samples,
        level,
        direction,
        restarts=len(points),
        restarts_converged=int(result.best.ascent.reached_best.sum()),
        optimality_gap=result.optimality_gap,
    )


def _starts(
    objective: Objective, feasible: FeasibleSet, random: int, seed: int, candidates: Floats | None
) -> Floats:
    count = len(feasible.names)
    fixed = np.stack(list(baseline_mixtures(feasible).values()))
    _, gradients = objective(fixed[:1])
    promising = np.argsort(-gradients[0], kind="stable")[:MOST_VERTICES]
    alone = single_mixtures(feasible, promising.tolist())
    stream = generator("selection", seed)
    drawn = nearest_mixtures(feasible, stream.dirichlet(np.ones(count), size=random))
    points = [fixed, alone, drawn]
    if candidates is not None:
        points.append(nearest_mixtures(feasible, check_mixtures(candidates, count)))
    return np.concatenate(points)
