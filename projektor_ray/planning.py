"""From fitted predictors to purchase plans: appendix A.1, stage IV."""

from projektor_ray.analysis import Observations
from projektor_ray.fitting import Fit
from projektor_ray.selection import (
    DistanceOracle,
    ProjectedObjective,
    PurchasePlans,
    select_beside,
)
from projektor_ray.selection.compared import best_first
from projektor_ray.study import Study


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
    direction = study.metric.direction
    largest = seen.sizes == max(study.scales)
    return select_beside(
        ProjectedObjective(fitted.model, asked.size, oracle),
        study.providers,
        asked.size,
        best_first(seen.mixtures[largest], seen.values[largest], direction),
        budget=asked.budget,
        direction=direction,
        starts=asked.starts,
    )
