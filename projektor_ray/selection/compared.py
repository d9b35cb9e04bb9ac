"""The selected plan beside the plans to compare it with, and all of them as rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.predictors.base import mixture_groups
from projektor_ray.providers import Provider
from projektor_ray.selection.feasible import Floats
from projektor_ray.selection.objective import Objective
from projektor_ray.selection.plan import Direction, Plan
from projektor_ray.selection.search import baseline_plans, select
from projektor_ray.selection.terms import Terms

SELECTED = "selected"
BEST_PROBES = 8
"""How many of the best trained mixtures the search also starts from."""


def select_beside(
    objective: Objective,
    providers: Sequence[Provider],
    size: int,
    trained: Floats,
    *,
    budget: float | None = None,
    terms: Mapping[str, Terms] | None = None,
    direction: Direction = "maximize",
    starts: int = 32,
) -> dict[str, Plan]:
    """`selected` (see `select`), and beside it the plans of `baseline_plans`.

    Parameters
    ----------
    trained : mixtures (c, m) with probes, best first (see `best_first`).

    Raises
    ------
    InfeasibleError, InputError
        As `select`.
    """
    selected = select(
        objective,
        providers,
        size,
        budget=budget,
        terms=terms,
        direction=direction,
        starts=starts,
        candidates=trained[:BEST_PROBES],
    )
    return beside(
        selected,
        objective,
        providers,
        trained,
        budget=budget,
        terms=terms,
        direction=direction,
    )


def beside(
    selected: Plan,
    objective: Objective,
    providers: Sequence[Provider],
    trained: Floats,
    *,
    budget: float | None,
    terms: Mapping[str, Terms] | None,
    direction: Direction,
) -> dict[str, Plan]:
    """A plan as `selected`, and the plans of `baseline_plans` of the same size."""
    rivals = baseline_plans(
        objective,
        providers,
        selected.size,
        budget=budget,
        terms=terms,
        direction=direction,
        candidates=trained[:1],
    )
    return {SELECTED: selected, **rivals}


def best_first(mixtures: Floats, values: NDArray[np.float64], direction: Direction) -> Floats:
    """Distinct mixtures of probes (k, m), best mean metric first."""
    groups = mixture_groups(mixtures)
    means = np.array([values[rows].mean() for rows in groups])
    order = np.argsort(means if direction == "minimize" else -means, kind="stable")
    return np.asarray(mixtures[[groups[i][0] for i in order]])


def plan_rows(plans: Mapping[str, Plan]) -> list[dict[str, Any]]:
    """The table `plans`: every provider in every plan."""
    return [
        {
            "plan": name,
            "size": plan.size,
            "provider": provider,
            "share": float(plan.mixture[i]),
            "samples": int(plan.samples[i]),
            "price": float(plan.prices[i]),
            "cost": float(plan.costs[i]),
            "marginal_value": float(plan.marginal_value[i]),
            "predicted": plan.predicted,
            "low": None if plan.interval is None else plan.interval[0],
            "high": None if plan.interval is None else plan.interval[1],
        }
        for name, plan in plans.items()
        for i, provider in enumerate(plan.names)
    ]
