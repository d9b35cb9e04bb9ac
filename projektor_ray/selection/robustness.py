"""Robustness of a plan: stability over posterior samples, and best plans without a provider."""

from dataclasses import dataclass, replace

import numpy as np

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import Direction, MetricObjective
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.provider import Terms
from projektor_ray.selection.purchase_problem import PurchaseProblem
from projektor_ray.selection.simplex_projection import nearest_mixtures
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

POSTERIOR_SAMPLES = 1000
SHARES_LEVEL = 0.8
"""Level of the interval of each provider's best share over the posterior samples."""
CANDIDATES = 400
SHORTEST, LONGEST = 0.02, 2.0
"""Steps from the plan to the candidates, as Euclidean distances of mixtures."""
NEARLY = 0.1
"""Two plans are nearly the same if at most this fraction of their samples differs."""
MOST_WITHOUT = 12
"""Providers whose absence is tried: those of whom most is bought."""


@dataclass(frozen=True, eq=False)
class PlanStability:
    """The best mixture of each of many posterior samples, compared with the plan.

    A posterior sample is a metric surface that agrees with the probes as well as their noise
    allows. The law of growth with size is the same in all of them.

    Attributes
    ----------
    mixture : of the plan, shape (m,).
    mixtures : the best of each posterior sample, shape (W, m).
    regrets : metric of that best mixture less that of the plan, shape (W,).
    """

    mixture: Floats
    mixtures: Floats
    regrets: Floats

    @property
    def shares(self) -> Floats:
        """The central 80 % range of each provider's best share, shape (m, 2)."""
        tail = (1 - SHARES_LEVEL) / 2
        return np.asarray(np.quantile(self.mixtures, [tail, 1 - tail], axis=0).T)

    @property
    def fraction_stable(self) -> float:
        """Fraction of posterior samples whose best plan is nearly the plan."""
        moved = 0.5 * np.abs(self.mixtures - self.mixture).sum(axis=1)
        return float(np.mean(moved <= NEARLY))

    @property
    def expected_regret(self) -> float:
        """Mean regret: what knowing the metric exactly would gain over the plan."""
        return float(self.regrets.mean())


def plan_stability(
    objective: MetricObjective, plan: Plan, direction: Direction
) -> PlanStability | None:
    """The plan and 400 mixtures around it, compared in each of 1,000 posterior samples.

    Where price tiers or minimum orders divide the feasible set, the mixtures are of the plan's
    part of it. None where the model has no posterior. The posterior samples are the same for every
    plan, so that plans that are equal but for rounding have the same ranges.
    """
    mixtures = _around(plan.mixture, plan.part)
    stream = generator("posterior samples")
    metrics = objective.sample_posterior(mixtures, POSTERIOR_SAMPLES, stream)
    if metrics is None:
        return None
    values = metrics if direction == "maximize" else -metrics
    best = values.argmax(axis=1)
    return PlanStability(plan.mixture, mixtures[best], values.max(axis=1) - values[:, 0])


def _around(mixture: Floats, feasible: FeasibleSet) -> Floats:
    """A mixture (m,), then feasible mixtures at growing distances in random directions: (400, m).

    Distances are in geometric progression, so that near and far mixtures are both present. The
    constraints turn the longest steps into the corners of the feasible set.
    """
    stream = generator("candidates", len(mixture))
    directions = stream.normal(size=(CANDIDATES - 1, len(mixture)))
    directions -= directions.mean(axis=1, keepdims=True)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-300)
    lengths = np.geomspace(SHORTEST, LONGEST, CANDIDATES - 1)
    return np.vstack([mixture, nearest_mixtures(feasible, mixture + lengths[:, None] * directions)])


def plans_without(
    problem: PurchaseProblem, plan: Plan, budget: float | None
) -> dict[str, Plan | None]:
    """The best plan of the same size without each provider that the plan buys from, by name.

    For the 12 providers of whom most is bought. None where no plan keeps the constraints without
    the provider. The search starts from the plan's other providers and from three fixed mixtures:
    it is never worse than these, but may miss a better plan elsewhere.

    Parameters
    ----------
    problem : that the plan solves.
    budget : most money to spend.
    """
    order = np.argsort(-plan.samples, kind="stable")
    by_absent: dict[str, Plan | None] = {}
    for i in order[: min(MOST_WITHOUT, int(np.count_nonzero(plan.samples)))]:
        name = plan.names[i]
        terms = {**(problem.terms or {}), name: Terms(excluded=True)}
        try:
            by_absent[name] = replace(problem, terms=terms).near(plan.size, budget, [plan.mixture])
        except InfeasibleError:
            by_absent[name] = None
    return by_absent
