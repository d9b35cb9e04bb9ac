"""From fitted predictors to purchase plans: appendix A.1, stage IV."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.analysis import Observations
from projektor_ray.fitting import Fit
from projektor_ray.selection import (
    DistanceOracle,
    Plan,
    ProjectedObjective,
    baseline_plans,
    select,
)
from projektor_ray.study import Study
from projektor_ray.tables import Row

SELECTED = "selected"
BEST_PROBES = 8
"""How many of the best trained mixtures the search also starts from."""


@dataclass(frozen=True, eq=False)
class PurchasePlans:
    """The selected plan, and the plans to compare it with.

    Attributes
    ----------
    plans : by name: `selected`, `uniform`, `proportional`, `single`, `probe`.
    """

    plans: Mapping[str, Plan]

    @property
    def selected(self) -> Plan:
        return self.plans[SELECTED]


def plan_purchases(
    study: Study, fitted: Fit, seen: Observations, oracle: DistanceOracle
) -> PurchasePlans:
    """Select the mixture predicted best at the size to buy (Algorithm 2), and its rivals.

    Raises
    ------
    InfeasibleError
        If capacities and budget leave no plan; names the constraint that cannot be kept.
    InputError
        If there is one scale only, which cannot be projected from.
    """
    study.check_projectable()
    asked = study.config.selection
    objective = ProjectedObjective(fitted.model, asked.size, oracle)
    tried = best_mixtures(study, seen)
    selected = select(
        objective,
        study.providers,
        asked.size,
        budget=asked.budget,
        direction=study.metric.direction,
        starts=asked.starts,
        candidates=tried[:BEST_PROBES],
    )
    rivals = baseline_plans(
        objective,
        study.providers,
        asked.size,
        budget=asked.budget,
        direction=study.metric.direction,
        candidates=tried[:1],
    )
    return PurchasePlans({SELECTED: selected, **rivals})


def best_mixtures(study: Study, seen: Observations) -> NDArray[np.float64]:
    """Trained mixtures, best mean metric at the largest scale first."""
    largest = seen.sizes == max(study.scales)
    mixtures, group = np.unique(seen.mixtures[largest], axis=0, return_inverse=True)
    group = group.reshape(-1)
    means = np.bincount(group, seen.values[largest]) / np.bincount(group)
    return np.asarray(mixtures[np.argsort(-means if study.metric.maximize else means)])


def plan_rows(study: Study, purchases: PurchasePlans) -> list[Row]:
    """The `plans` table: every provider in every plan."""
    return [
        {
            "plan": name,
            "size": plan.size,
            "provider": provider.name,
            "share": float(plan.mixture[i]),
            "samples": int(plan.samples[i]),
            "price": provider.price,
            "cost": float(plan.costs[i]),
            "marginal_value": float(plan.marginal_value[i]),
            "predicted": plan.predicted,
            "low": None if plan.interval is None else plan.interval[0],
            "high": None if plan.interval is None else plan.interval[1],
        }
        for name, plan in purchases.plans.items()
        for i, provider in enumerate(study.providers)
    ]
