"""Baselines: the plans that a selected plan is compared with."""

from collections.abc import Mapping, Sequence

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.selection.branch_and_bound import nearest_plan
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import Direction, Objective, upward
from projektor_ray.selection.plan import LEVEL, Plan, make_plan
from projektor_ray.selection.provider import Provider, Terms
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats

AS_MUCH_AS_POSSIBLE = 1e3
"""Times a vertex of the simplex: its projection has the largest feasible share of that provider."""


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
    rising = upward(objective, direction)
    wanted = {
        **_wanted(feasible),
        "single": _best(rising, single_mixtures(feasible, _for_sale(feasible))),
    }
    if candidates is not None:
        trained = nearest_mixtures(feasible, check_mixtures(candidates, len(providers)))
        wanted["probe"] = _best(rising, trained)
    plans = {}
    for name, mixture in wanted.items():
        nearest = nearest_plan(feasible, mixture)
        plans[name] = make_plan(
            objective, feasible, nearest.feasible, nearest.samples, level, direction
        )
    return plans


def baseline_mixtures(feasible: FeasibleSet) -> Mapping[str, Floats]:
    """Feasible mixtures nearest to `uniform`, `proportional` (to capacity) and `cheapest`."""
    each = {**_wanted(feasible), "cheapest": feasible.cheapest / feasible.size}
    return {name: nearest_mixtures(feasible, mixture[None])[0] for name, mixture in each.items()}


def _wanted(feasible: FeasibleSet) -> Mapping[str, Floats]:
    """In equal parts and in proportion to capacity, whatever the other constraints are."""
    count = len(feasible.names)
    return {
        "uniform": np.full(count, 1.0 / count),
        "proportional": feasible.upper / feasible.upper.sum(),
    }


def single_mixtures(feasible: FeasibleSet, of: Sequence[int] | None = None) -> Floats:
    """For each provider as much of it as is feasible, the rest in equal parts, shape (b, m).

    Parameters
    ----------
    of : positions of the providers; absent: all of them.
    """
    vertices = np.eye(len(feasible.names))
    chosen = vertices if of is None else vertices[np.asarray(of)]
    return nearest_mixtures(feasible, AS_MUCH_AS_POSSIBLE * chosen)


def largest_provider(plan: Plan) -> str:
    """The provider of whom a plan of `single_mixtures` has as much as possible."""
    sold = _for_sale(plan.part)
    away = np.abs(single_mixtures(plan.part, sold) - plan.mixture).sum(axis=1)
    return plan.names[sold[int(np.argmin(away))]]


def _for_sale(feasible: FeasibleSet) -> list[int]:
    """Positions of the providers from whom anything may be bought."""
    return [int(i) for i in np.flatnonzero(feasible.upper > 0)]


def _best(rising: Objective, mixtures: Floats) -> Floats:
    values, _ = rising(mixtures)
    return np.asarray(mixtures[int(np.argmax(values))])


def check_mixtures(candidates: Floats, count: int) -> Floats:
    """Candidates as an array (c, m); refuses what are no mixtures of `count` providers."""
    array = np.asarray(candidates, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != count or not np.isfinite(array).all():
        raise InputError(
            f"candidates must be finite mixtures of shape (c, {count}), a row per "
            f"mixture; got shape {array.shape}"
        )
    return array
