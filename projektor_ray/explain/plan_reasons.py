"""Why a plan is as it is: its model, the constraints that limit it, its target, its stability."""

from collections.abc import Iterator, Sequence

import numpy as np

from projektor_ray.errors import listed
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import budget_text, count
from projektor_ray.explain.plan_summary import (
    few_converged,
    only_plan,
    search_result,
    target_result,
    unspent_money,
)
from projektor_ray.explain.results import Results
from projektor_ray.explain.uncertainty import plan_stability
from projektor_ray.selection import PurchasePlans
from projektor_ray.selection.binding_constraints import BindingConstraint, ConstraintKind

SHOWN_PROVIDERS = 4
OF_PROVIDERS: dict[ConstraintKind, tuple[str, str]] = {
    "capacity": ("the capacity of", "the capacities of"),
    "minimum_order": ("the minimum order of", "the minimum orders of"),
    "required": ("a required provider:", "required providers:"),
    "excluded": ("an excluded provider:", "excluded providers:"),
}
"""Before the names of one provider, and of several."""


def plan_reasons(results: Results) -> tuple[str, ...]:
    """Sentences that say why this plan, the same on terminal, page and service."""
    facts = [*other_models(results), *plan_facts(results)]
    return (*results.reasons, *map(str, facts))


def plan_facts(results: Results, *, always_search: bool = False) -> list[Fact]:
    """What limits the plan, its target, its stability, the search, and the money left.

    Parameters
    ----------
    always_search : whether to include the search where it is a warning, see `few_converged`, and
        where the constraints leave nearly one plan.
    """
    bought, metric = results.bought, results.metric_text
    search = always_search or not (few_converged(bought.selected) or bought.is_only_plan)
    facts = [
        plan_limits(bought),
        target_result(bought, metric),
        only_plan(bought) or plan_stability(bought, metric),
        *(search_result(bought.selected) if search else []),
        unspent_money(bought),
    ]
    return [one for one in facts if one is not None]


def other_models(results: Results) -> Iterator[Fact]:
    """What other models of all sizes predict of the plan, outside its interval."""
    interval, metric = results.selected.interval, results.metric_text
    if interval is None:
        return
    outside = {
        one.model: one.value
        for one in results.opinions
        if not one.decides and not interval[0] <= one.value <= interval[1]
    }
    if outside:
        each = [f"{metric.value(value)} ({model})" for model, value in outside.items()]
        yield fact(
            "other_models",
            f"Other scaling models predict {metric.name} outside the 90% interval: {listed(each)}.",
            predicted=outside,
        )


def plan_limits(plans: PurchasePlans) -> Fact:
    """The constraints that the plan reaches, and what the model sets within them."""
    whole = [_of_plan(one, plans) for one in plans.limits if one.provider is None]
    named = {kind: [one for one in plans.limits if one.kind == kind] for kind in OF_PROVIDERS}
    limits = whole + [_of_providers(kind, of, plans) for kind, of in named.items() if of]
    if limits:
        text = f"Limits that the plan reaches: {'; '.join(limits)}.{_rest(plans)}"
    else:
        text = (
            "The plan reaches no limit: the search found no plan of another size or mixture that "
            "is predicted better."
        )
    values = [
        {"kind": one.kind, "bound": one.bound, "provider": one.provider} for one in plans.limits
    ]
    return fact("limits", text, limits=values)


def _of_plan(limit: BindingConstraint, plans: PurchasePlans) -> str:
    """A constraint of the whole plan: `the budget (19.92 of 20 spent)`."""
    bound = limit.bound or 0.0
    if limit.kind == "target":
        return f"the target {bound:.10g}"
    if limit.kind == "budget":
        return f"the budget ({plans.selected.cost:,.2f} of {budget_text(bound)} spent)"
    which = {
        "size": "the requested size",
        "max_size": "the largest size allowed",
        "min_size": "the smallest size allowed",
    }[limit.kind]
    return f"{which} ({count(int(bound), 'sample')})"


def _of_providers(
    kind: ConstraintKind, limits: Sequence[BindingConstraint], plans: PurchasePlans
) -> str:
    """A constraint of some providers: `the capacities of alpha (170) and beta (199 of 200)`."""
    one, several = OF_PROVIDERS[kind]
    bought = dict(zip(plans.selected.names, plans.selected.samples.tolist(), strict=True))
    names = []
    for limit in limits:
        name, bound = str(limit.provider), limit.bound
        left = kind == "capacity" and bound is not None and bought[name] < bound
        number = "" if bound is None else f" ({f'{bought[name]:,} of ' * left}{bound:,.0f})"
        names.append(name + number)
    return f"{one if len(limits) == 1 else several} {listed(names, SHOWN_PROVIDERS)}"


def _rest(plans: PurchasePlans) -> str:
    """How many samples the model chose of the providers whose constraints are not reached."""
    plan = plans.selected
    limited = {one.provider for one in plans.limits}
    order = np.argsort(-plan.samples, kind="stable")
    free = [int(i) for i in order if plan.names[i] not in limited]
    if not free or len(plan.names) == 1:
        return ""
    amounts = [f"{plan.samples[i]:,} from {plan.names[i]}" for i in free if plan.samples[i]]
    none = [plan.names[i] for i in free if not plan.samples[i]]
    if none:
        amounts = amounts[:SHOWN_PROVIDERS] if len(amounts) > SHOWN_PROVIDERS + 2 else amounts
        amounts.append(f"none from {listed(none, SHOWN_PROVIDERS)}")
    return f" The model sets the rest: {listed(amounts, SHOWN_PROVIDERS + 1)}."
