"""Which constraints a plan reaches: what limits it besides the model."""

from dataclasses import dataclass
from typing import Literal

from projektor_ray.selection.plan import Plan
from projektor_ray.selection.provider import Terms
from projektor_ray.selection.purchase_problem import PurchaseProblem
from projektor_ray.selection.shadow_prices import CLOSE, ROUNDED
from projektor_ray.selection.unspent_budget import NOTEWORTHY

ConstraintKind = Literal[
    "target",
    "size",
    "max_size",
    "min_size",
    "budget",
    "capacity",
    "minimum_order",
    "required",
    "excluded",
]


@dataclass(frozen=True)
class BindingConstraint:
    """A constraint that a plan reaches.

    Attributes
    ----------
    kind : `target`: the plan is the least that reaches it; `size`: the size was asked for;
        `max_size`, `min_size`: of an open size; `budget`: it is spent but for a hundredth;
        `capacity`: sold out; `minimum_order`: no more than it is bought; `required`: a provider
        that must be bought, of whom no more is; `excluded`: a provider that must not be bought.
    bound : the metric, samples or money that the constraint names.
    provider : whose constraint it is; None where it is of the whole plan.
    """

    kind: ConstraintKind
    bound: float | None = None
    provider: str | None = None


def binding_constraints(
    problem: PurchaseProblem,
    plan: Plan,
    *,
    size: int | None,
    budget: float | None,
    target: float | None,
) -> tuple[BindingConstraint, ...]:
    """The constraints that a plan reaches: those of the whole plan, then those of providers.

    Parameters
    ----------
    size : that was asked for; None: it was searched.
    budget : most money to spend.
    target : that the plan reaches, if it was to.
    """
    whole = []
    if target is not None:
        whole.append(BindingConstraint("target", target))
    if size is not None:
        whole.append(BindingConstraint("size", size))
    elif problem.max_size is not None and plan.size >= problem.max_size:
        whole.append(BindingConstraint("max_size", problem.max_size))
    elif plan.size <= problem.min_size and problem.min_size > 1:
        whole.append(BindingConstraint("min_size", problem.min_size))
    if budget is not None and budget - plan.cost <= NOTEWORTHY * budget:
        whole.append(BindingConstraint("budget", budget))
    near = 0.0 if size is not None else CLOSE * plan.size
    own = [
        _of_provider(name, int(bought), provider.capacity, terms, near)
        for name, bought, provider, terms in zip(
            plan.names,
            plan.samples,
            problem.providers,
            [(problem.terms or {}).get(name, Terms()) for name in plan.names],
            strict=True,
        )
    ]
    return (*whole, *(one for one in own if one is not None))


def _of_provider(
    name: str, bought: int, capacity: int | None, terms: Terms, near: float
) -> BindingConstraint | None:
    """The constraint of a provider that the plan reaches, where an open size is right to `near`."""
    if terms.excluded:
        return BindingConstraint("excluded", provider=name)
    if not bought:
        return None
    if capacity is not None and bought >= capacity - near:
        return BindingConstraint("capacity", capacity, name)
    if terms.minimum_order and bought <= terms.minimum_order + ROUNDED:
        return BindingConstraint("minimum_order", terms.minimum_order, name)
    if terms.required and bought <= ROUNDED:
        return BindingConstraint("required", provider=name)
    return None
