"""The selected plan in words: its size and cost, its target, unspent money, the search."""

from typing import Any

from projektor_ray.errors import listed
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import MetricText, budget_text, count, quoted, significant
from projektor_ray.selection import Plan, PurchasePlans
from projektor_ray.selection.unspent_budget import UnspentBudget, UnspentReason

FEW_CONVERGED = 0.5
"""Share of the restarts below which their agreement is a warning."""
SHOWN_PROVIDERS = 3


def plan_heading(plans: PurchasePlans) -> Fact:
    """How much to buy, for how much money: the title of the plan."""
    best, budget = plans.selected, plans.budget
    cost = f" for {best.cost:,.2f}" if plans.priced or budget is not None else ""
    of_budget = "" if budget is None else f" (budget {budget_text(budget)})"
    text = f"Buy {count(best.size, 'sample')}{cost}{of_budget}"
    if (answer := plans.target_result) is not None and not answer.reached:
        lower = f"{text[0].lower()}{text[1:]}"
        text = f"Target {answer.target:.10g} not reachable. Best plan: {lower}"
    return fact(
        "plan", text, size=best.size, cost=best.cost, budget=budget, predicted=best.predicted
    )


def plan_numbers(plan: Plan) -> dict[str, Any]:
    """A plan as plain values, for JSON."""
    low, high = plan.interval or (None, None)
    bought = zip(plan.names, plan.samples.tolist(), strict=True)
    return {
        "size": plan.size,
        "cost": plan.cost,
        "predicted": plan.predicted,
        "low": low,
        "high": high,
        "samples": {name: samples for name, samples in bought if samples},
    }


def target_result(plans: PurchasePlans, metric: MetricText) -> Fact | None:
    """Whether the target is reached, and with what; None where none was set."""
    answer = plans.target_result
    if answer is None:
        return None
    plan = answer.plan
    bought = count(plan.size, "sample") + (f" for {plan.cost:,.2f}" if plan.cost else "")
    predicted = f"predicted {metric.name} {metric.value(plan.predicted)}"
    if plan.interval is not None:
        predicted += f" (90% interval {metric.interval(plan.interval)})"
    if answer.reached:
        text = f"The target {answer.target:.10g} is reached with {bought}: {predicted}."
    else:
        within = (
            "" if plans.budget is None else f" within the budget of {budget_text(plans.budget)}"
        )
        text = (
            f"The target {answer.target:.10g} cannot be reached{within}. The best plan has "
            f"{bought}: {predicted}."
        )
    return fact(
        "target",
        text,
        target=answer.target,
        reached=answer.reached,
        size=plan.size,
        cost=plan.cost,
        predicted=plan.predicted,
    )


def unspent_money(plans: PurchasePlans) -> Fact | None:
    """What is left of the budget, and why; None where nothing noteworthy is."""
    left = plans.unspent
    if left is None:
        return None
    text = f"{left.amount:,.2f} of the budget is left: {_why_unspent(left, plans.selected)}."
    return fact(
        "unspent_budget", text, amount=left.amount, reason=left.reason, providers=left.providers
    )


def _why_unspent(left: UnspentBudget, plan: Plan) -> str:
    names = listed(left.providers, SHOWN_PROVIDERS)
    reasons: dict[UnspentReason, str] = {
        "sold_out": "everything for sale is bought",
        "fixed_size": (
            f"the search found no way to spend it that improves a plan of "
            f"{count(plan.size, 'sample')}"
        ),
        "max_size": f"the plan may have at most {count(plan.size, 'sample')}",
        "no_improvement": "more samples would not improve the prediction",
        "no_improvement_unless_more_capacity": (
            f"only more samples of {names} would improve the prediction, and {names} "
            f"{'is' if len(left.providers) == 1 else 'are'} sold out"
        ),
        "minimum_order": f"the minimum order of {names} costs more",
        "next_sample": "the next sample costs more",
        "little_improvement": "more samples would hardly improve the prediction",
    }
    return reasons[left.reason]


def search_result(plan: Plan) -> list[Fact]:
    """How many restarts found this plan, and by how much an unexplored plan could be better."""
    few = few_converged(plan)
    text = f"{plan.restarts_converged} of {plan.restarts} restarts converged to this optimum."
    if few:
        text = f"Only {text[:-1]}: other plans may be as good."
    facts = [
        fact(
            "restarts_converged",
            text,
            restarts_converged=plan.restarts_converged,
            restarts=plan.restarts,
        )
    ]
    if plan.optimality_gap:
        text = (
            "The search over price tiers and minimum orders stopped early: another plan may be "
            f"better by up to {significant(plan.optimality_gap)}."
        )
        facts.append(fact("optimality_gap", text, optimality_gap=plan.optimality_gap))
    return facts


def only_plan(plans: PurchasePlans) -> Fact | None:
    """That the constraints leave nearly one plan, so that nothing was chosen; None where not so."""
    if not plans.is_only_plan or len(plans.selected.names) == 1:
        return None
    text = (
        f"The constraints allow nearly only this plan of {count(plans.selected.size, 'sample')}. "
        "So the baselines are nearly the same, and show nothing about the choice of providers."
    )
    return fact("only_plan", text, size=plans.selected.size)


def few_converged(plan: Plan) -> bool:
    """Whether few of the restarts ended at the selected plan, or the search stopped early."""
    return plan.restarts_converged < FEW_CONVERGED * plan.restarts or plan.optimality_gap > 0


def baseline_definitions(plans: PurchasePlans) -> list[Fact]:
    """What the baselines are whose names do not say it, and which plans buy the same."""
    facts = []
    distinct = plans.distinct
    if "single" in distinct and (name := plans.max_provider) is not None:
        plan = distinct["single"]
        most = int(plan.samples[plan.names.index(name)])
        text = (
            f"{quoted(plans.label('single'))} buys as much of {name} as possible "
            f"({count(most, 'sample')}) and splits the rest evenly."
        )
        facts.append(fact("baseline_max", text, provider=name, samples=most))
    if moved := plans.trained_share_moved:
        constraints = (
            "capacities and terms" if plans.budget is None else "capacities, terms and budget"
        )
        text = (
            f"{quoted(plans.label('probe'))} is the trained mixture with the best metric. "
            f"To keep {constraints}, {moved:.0%} of its samples are bought from others."
        )
        facts.append(fact("baseline_trained", text, share_moved=moved))
    for first, plan in distinct.items():
        same = [
            name
            for name, other in plans.plans.items()
            if name != first and (other.samples == plan.samples).all()
        ]
        if same:
            labels = listed([quoted(plans.label(name)) for name in same])
            verb = "buys" if len(same) == 1 else "buy"
            text = f"{labels} {verb} the same as {quoted(plans.label(first))}."
            facts.append(fact("same_plans", text, plans=(first, *same)))
    return facts


def comparison_scope(plans: PurchasePlans) -> Fact | None:
    """What the compared plans share; None where the size was given."""
    size = count(plans.selected.size, "sample")
    if plans.target_result is not None:
        text = (
            f"All compared plans have {size}. The baselines need not reach the target, and may "
            "cost more than this plan. The target is compared with the mean prediction."
        )
        if _uncertain_target(plans):
            text += (
                " A plan that reaches its target on average misses it about half the time: set a "
                "stricter target for a safer plan."
            )
    elif plans.open_size:
        text = (
            f"All intervals and gains are for plans of {size}. They leave out the uncertainty "
            "about the best size."
        )
    else:
        return None
    return fact("comparison_scope", text, size=plans.selected.size)


def _uncertain_target(plans: PurchasePlans) -> bool:
    """Whether a target that is reached on average lies within the plan's interval."""
    answer, interval = plans.target_result, plans.selected.interval
    if answer is None or not answer.reached or interval is None:
        return False
    return interval[0] < answer.target < interval[1]
