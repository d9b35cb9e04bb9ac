"""From fitted predictors to purchase plans: appendix A.1, stage IV."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from projektor_ray.designs.mixtures import distinct
from projektor_ray.projection import FittedModels
from projektor_ray.selection import (
    ProjectedObjective,
    PurchasePlans,
    PurchaseProblem,
    aggregate,
    buy,
)
from projektor_ray.storage.array_types import Floats
from projektor_ray.study.study import Study
from projektor_ray.transport import DistanceFunction, InterpolatedDistances

if TYPE_CHECKING:
    from projektor_ray.runs import Runs

MOST_ROUNDS = 5
NEGLIGIBLE = 0.005
"""Of the spread of the measured distances: what interpolation may be off by at the plans."""


@dataclass(frozen=True, eq=False)
class SetFit:
    """What a study knows of the metric on one of its validation sets.

    Attributes
    ----------
    study : of that set alone, see `Study.each`.
    fitted, runs : the models, and the finished probes that they are fitted to.
    distances : mixtures → their distances to the set.
    """

    study: Study
    fitted: FittedModels
    runs: "Runs"
    distances: DistanceFunction


def plan_purchases(study: Study, fits: Sequence[SetFit]) -> PurchasePlans:
    """The purchase that a study asks for (Algorithm 2), and the plans to compare it with.

    A search over sizes takes a thousand steps. Where the fits' distances are by transport, it goes
    by distances interpolated between the measured ones; those of all plans found are measured and
    the search is repeated, until they were right: at most five times.

    Parameters
    ----------
    fits : of each validation set, in their order.

    Raises
    ------
    InfeasibleError
        If capacities, terms and budget leave no plan; names the constraint that cannot be kept.
    InputError
        If there is one scale only, which cannot be projected from.
    """
    study.check_projectable()
    request = study.config.selection.request
    interpolated = all(isinstance(one.distances, InterpolatedDistances) for one in fits)
    if request.size is not None or interpolated:
        return buy(purchase_problem(study, fits), request)
    guesses = [Guesses(one) for one in fits]
    for _ in range(MOST_ROUNDS):
        plans = buy(purchase_problem(study, [one.fit for one in guesses]), request)
        every = [*plans.every, *filter(None, plans.without.values())]
        shown = distinct(np.array([plan.mixture for plan in every]))
        confirmed = [one.confirms(shown) for one in guesses]
        if all(confirmed):
            return plans
    return replace(plans, distances_confirmed=False)


class Guesses:
    """Distances to a validation set, interpolated between those that are measured.

    Attributes
    ----------
    fit : as it was given, but that its distances are interpolated.
    """

    def __init__(self, measured: SetFit) -> None:
        self._measure = measured.distances
        probes = measured.runs.arrays()
        self._known = probes.mixtures, probes.distances
        self._negligible = NEGLIGIBLE * float(np.std(probes.distances))
        self.fit = replace(measured, distances=InterpolatedDistances.fit(*self._known))

    def confirms(self, mixtures: Floats) -> bool:
        """Whether the distances of mixtures (b, m) were guessed right; learns them if not."""
        measured = self._measure(mixtures).value
        off = np.abs(measured - self.fit.distances(mixtures).value).max()
        if off <= self._negligible:
            return True
        known, distances = self._known
        self._known = np.vstack([known, mixtures]), np.append(distances, measured)
        self.fit = replace(self.fit, distances=InterpolatedDistances.fit(*self._known))
        return False


def purchase_problem(study: Study, fits: Sequence[SetFit]) -> PurchaseProblem:
    """What a study may buy, and what it is predicted to be worth; of several sets together."""
    problems = {one.study.validation.name: _problem(one) for one in fits}
    if study.aggregation is None:
        (problem,) = problems.values()
        return problem
    return aggregate(problems, study.aggregation)


def _problem(fit: SetFit) -> PurchaseProblem:
    study = fit.study
    at_largest = fit.runs.arrays().at(max(study.scales))
    return PurchaseProblem(
        lambda size: ProjectedObjective(fit.fitted.model, size, fit.distances),
        study.providers,
        study.config.terms,
        *study.size_bounds,
        direction=study.metric.direction,
        restarts=study.config.selection.restarts,
        trials=(at_largest.mixtures, at_largest.values),
        trained_at=max(study.scales),
        bounds=(study.metric.low, study.metric.high),
    )
