"""The selected plan beside the plans to compare it with: gains, agreement, and their table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projektor_ray.predictors.base import mixture_groups
from projektor_ray.providers import Provider
from projektor_ray.selection.agreement import Agreement, agree
from projektor_ray.selection.feasible import Floats
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Direction, Plan
from projektor_ray.selection.search import baseline_plans, select
from projektor_ray.selection.terms import Terms
from projektor_ray.tables import SCHEMAS, Row

SELECTED = "selected"
BEST_PROBES = 8
"""How many of the best trained mixtures the search also starts from."""
LEVEL = 0.9
"""Of the intervals."""


@dataclass(frozen=True)
class Gain:
    """By how much a plan's metric is better than another's, trainings' noise apart.

    Attributes
    ----------
    value : predicted; positive is better, also where the metric is a loss.
    low, high : of the 90 % interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class PurchasePlans:
    """The selected plan, and the plans to compare it with.

    Attributes
    ----------
    plans : by name: `selected`, `uniform`, `proportional`, `single`, `probe`.
    gains : of the selected plan over each of the others, by their names.
    agreement : of the selected plan with the best ones of plausible worlds; None where the model
        that predicts has no posterior to draw them from.
    providers : m of them, in the order of the plans' samples.
    """

    plans: Mapping[str, Plan]
    gains: Mapping[str, Gain]
    agreement: Agreement | None
    providers: tuple[Provider, ...]

    @property
    def selected(self) -> Plan:
        return self.plans[SELECTED]

    def rows(self) -> list[Row]:
        """The table `plans`."""
        return plan_rows(self.plans, self.gains, self.agreement)

    def table(self) -> pa.Table:
        """The same as an Arrow table, not stamped as a study's."""
        return pa.Table.from_pylist(self.rows(), schema=SCHEMAS["plans"])


def select_beside(
    objective: MetricObjective,
    providers: Sequence[Provider],
    size: int,
    trained: Floats,
    *,
    budget: float | None = None,
    terms: Mapping[str, Terms] | None = None,
    direction: Direction = "maximize",
    starts: int = 32,
) -> PurchasePlans:
    """`selected` (see `select`), and beside it the plans of `baseline_plans`.

    Parameters
    ----------
    trained : mixtures (c, m) with probes, best first (see `best_first`).

    Raises
    ------
    InfeasibleError, InputError
        As `select`.
    """
    plan = select(
        objective,
        providers,
        size,
        budget=budget,
        terms=terms,
        direction=direction,
        starts=starts,
        candidates=trained[:BEST_PROBES],
        level=LEVEL,
    )
    return beside(
        plan, objective, providers, trained, budget=budget, terms=terms, direction=direction
    )


def beside(
    plan: Plan,
    objective: MetricObjective,
    providers: Sequence[Provider],
    trained: Floats,
    *,
    budget: float | None = None,
    terms: Mapping[str, Terms] | None = None,
    direction: Direction = "maximize",
) -> PurchasePlans:
    """A selected plan, and beside it the plans of `baseline_plans` of the same size.

    Raises
    ------
    InfeasibleError, InputError
        As `select`.
    """
    rivals = baseline_plans(
        objective,
        providers,
        plan.size,
        budget=budget,
        terms=terms,
        direction=direction,
        candidates=trained[:1],
        level=LEVEL,
    )
    gains = {name: gain_over(objective, plan, other, direction) for name, other in rivals.items()}
    agreement = agree(objective, plan, direction)
    return PurchasePlans({SELECTED: plan, **rivals}, gains, agreement, tuple(providers))


def gain_over(objective: MetricObjective, plan: Plan, other: Plan, direction: Direction) -> Gain:
    """What a plan is better by than another one of the same size."""
    sign = 1 if direction == "maximize" else -1
    low, high = objective.gain_interval(plan.mixture[None], other.mixture[None], LEVEL)[0]
    bounds = np.sort([sign * low, sign * high]).tolist()
    return Gain(sign * (plan.predicted - other.predicted), *bounds)


def best_first(mixtures: Floats, values: NDArray[np.float64], direction: Direction) -> Floats:
    """Distinct mixtures of probes (k, m), best mean metric first."""
    groups = mixture_groups(mixtures)
    means = np.array([values[rows].mean() for rows in groups])
    order = np.argsort(means if direction == "minimize" else -means, kind="stable")
    return np.asarray(mixtures[[groups[i][0] for i in order]])


def plan_rows(
    plans: Mapping[str, Plan],
    gains: Mapping[str, Gain] | None = None,
    agreement: Agreement | None = None,
) -> list[Row]:
    """The table `plans`: every provider in every plan.

    Parameters
    ----------
    gains : of the selected plan over others, by their names.
    agreement : of the selected plan.
    """
    return [
        row
        for name, plan in plans.items()
        for row in _rows_of(
            name, plan, (gains or {}).get(name), agreement if name == SELECTED else None
        )
    ]


def _rows_of(name: str, plan: Plan, gain: Gain | None, worlds: Agreement | None) -> list[Row]:
    low, high = plan.interval or (None, None)
    shares = None if worlds is None else worlds.shares.tolist()
    whole = {
        "predicted": plan.predicted,
        "low": low,
        "high": high,
        "gain": None if gain is None else gain.value,
        "gain_low": None if gain is None else gain.low,
        "gain_high": None if gain is None else gain.high,
        "agreement": None if worlds is None else worlds.nearly_same,
        "regret": None if worlds is None else worlds.regret,
        "budget_value": plan.budget_value,
    }
    return [
        {
            "plan": name,
            "size": plan.size,
            "provider": provider,
            "share": float(plan.mixture[i]),
            "share_low": None if shares is None else shares[i][0],
            "share_high": None if shares is None else shares[i][1],
            "samples": int(plan.samples[i]),
            "price": float(plan.prices[i]),
            "cost": float(plan.costs[i]),
            "marginal_value": float(plan.marginal_value[i]),
            "capacity_value": float(plan.capacity_value[i]),
            **whole,
        }
        for i, provider in enumerate(plan.names)
    ]
