"""What a provider is to the plan: the best plan without it."""

from dataclasses import replace

import numpy as np

from projektor_ray.errors import InfeasibleError
from projektor_ray.selection.plan import Plan
from projektor_ray.selection.problem import PurchaseProblem
from projektor_ray.selection.provider_terms import Terms

MOST_LEFT_OUT = 12
"""Of many providers, those of whom most is bought."""


def plans_without(
    market: PurchaseProblem, plan: Plan, budget: float | None
) -> dict[str, Plan | None]:
    """The plan predicted best that leaves a provider out, of the same size, by provider name.

    For each provider that the plan buys from, of many for those of whom most is bought; None where
    no plan keeps the constraints without it. The search starts from the plan's other providers and
    from three fixed mixtures, so that a better plan elsewhere may be missed; it is never worse
    than these.

    Parameters
    ----------
    market : that the plan is of.
    budget : that it keeps.
    """
    order = np.argsort(-plan.samples, kind="stable")
    found: dict[str, Plan | None] = {}
    for i in order[: min(MOST_LEFT_OUT, int(np.count_nonzero(plan.samples)))]:
        name = plan.names[i]
        terms = {**(market.terms or {}), name: Terms(excluded=True)}
        try:
            found[name] = replace(market, terms=terms).near(plan.size, budget, [plan.mixture])
        except InfeasibleError:
            found[name] = None
    return found
