"""A smaller plan that is as good: without samples that are only bought to reach a given size."""

import numpy as np

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.feasible_set import FeasibleSet
from projektor_ray.selection.objective import MetricObjective
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.purchase_problem import PurchaseProblem

LEFT_OUT = (1.0, 0.75, 0.5, 0.25)
"""Parts of the harmful samples that are left out, to find the best of them."""


def smaller_plan(problem: PurchaseProblem, plan: Plan, budget: float | None) -> Plan | None:
    """The plan with fewer samples of the providers whose marginal value is negative.

    None where there are none, where the metric is the same at every size, or where no such plan
    that keeps the constraints is predicted as good.

    Parameters
    ----------
    plan : of a given size.
    budget : most money to spend.
    """
    sign = 1.0 if problem.direction == "maximize" else -1.0
    harmful = np.where(sign * plan.marginal_value < 0, plan.samples, 0)
    if not harmful.any() or problem.is_flat:
        return None
    smaller = []
    for part in LEFT_OUT:
        samples = plan.samples - np.ceil(part * harmful).astype(np.int64)
        size = int(samples.sum())
        if size < problem.min_size:
            continue
        try:
            feasible = FeasibleSet.of(problem.providers, size, budget, problem.terms)
        except InfeasibleError:
            continue
        objective = problem.objective_at(size)
        if feasible.contains(samples) and isinstance(objective, MetricObjective):
            value = sign * float(objective((samples / size)[None])[0][0])
            smaller.append((value, -feasible.cost(samples), samples))
    if not smaller:
        return None
    best = problem.plan_of(max(smaller, key=lambda one: one[:2])[2], budget)
    return None if problem.is_better(plan, best) else best
