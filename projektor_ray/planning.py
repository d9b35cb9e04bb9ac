"""From fitted predictors to purchase plans: appendix A.1, stage IV."""

import numpy as np

from projektor_ray.analysis import Observations
from projektor_ray.designs import distinct
from projektor_ray.fitting import Fit
from projektor_ray.selection import (
    DistanceOracle,
    Interpolated,
    Market,
    ProjectedObjective,
    PurchasePlans,
    buy,
)
from projektor_ray.selection.compared import best_first
from projektor_ray.study import Study

MOST_ROUNDS = 5
NEGLIGIBLE = 0.005
"""Of the spread of the measured distances: what interpolation may be off by at the plans."""


def plan_purchases(
    study: Study, fitted: Fit, seen: Observations, oracle: DistanceOracle
) -> PurchasePlans:
    """The purchase that a study asks for (Algorithm 2), and its rivals.

    A search over sizes takes a thousand steps. It goes by distances interpolated between the
    measured ones; those of all plans found are measured and the search is repeated, until they
    were right.

    Raises
    ------
    InfeasibleError
        If capacities, terms and budget leave no plan; names the constraint that cannot be kept.
    InputError
        If there is one scale only, which cannot be projected from.
    """
    study.check_projectable()
    asked = study.config.selection.request
    if asked.size is not None:
        return buy(market_of(study, fitted, seen, oracle), asked)
    mixtures, distances = seen.mixtures, seen.distances
    for _ in range(MOST_ROUNDS):
        guessed = Interpolated.through(mixtures, distances)
        found = buy(market_of(study, fitted, seen, guessed), asked)
        plans = [*found.plans.values(), *found.frontier.values()]
        shown = distinct(np.array([plan.mixture for plan in plans]))
        measured = oracle(shown).value
        off = np.abs(measured - guessed(shown).value).max()
        if off <= NEGLIGIBLE * np.std(seen.distances):
            break
        mixtures, distances = np.vstack([mixtures, shown]), np.append(distances, measured)
    return found


def market_of(study: Study, fitted: Fit, seen: Observations, oracle: DistanceOracle) -> Market:
    """What a study may buy, and what it is predicted to be worth."""
    direction = study.metric.direction
    trained = seen.sizes == max(study.scales)
    return Market(
        lambda size: ProjectedObjective(fitted.model, size, oracle),
        study.providers,
        study.config.terms,
        *study.sizes_for_sale,
        direction=direction,
        starts=study.config.selection.starts,
        trained=best_first(seen.mixtures[trained], seen.values[trained], direction),
    )
