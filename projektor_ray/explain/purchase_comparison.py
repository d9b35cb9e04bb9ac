"""Two purchases given by hand, compared: what each is predicted to reach, and the difference."""

import math
from collections.abc import Sequence

import numpy as np

from projektor_ray.explain.extrapolation import extrapolation
from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import MetricText, budget_text, count, decimals_from_intervals
from projektor_ray.selection import Direction, Provider
from projektor_ray.selection.robustness import NEARLY
from projektor_ray.storage.array_types import Floats
from projektor_ray.study import FittedStudy, Purchase

CENT = 0.005
"""A cost that is shown as the budget does not exceed it."""
FIRST, SECOND = "the first purchase", "the second purchase"


def compare_purchases(study: FittedStudy, first: Purchase, second: Purchase, *names: str) -> Fact:
    """The predicted metric of the first purchase less that of the second, with its interval.

    Parameters
    ----------
    names : of both in the sentence.
    """
    gain, direction = study.gain(first, second), study.study.metric.direction
    at = max(study.scales)
    return comparison(study.metric, direction, gain, first, second, *names, trained_at=at)


def comparison(
    name: str,
    direction: Direction,
    gain: tuple[float, float, float],
    first: Purchase,
    second: Purchase,
    *names: str,
    trained_at: int | None = None,
) -> Fact:
    """The same for a metric of a name.

    Parameters
    ----------
    trained_at : the largest size at which mixtures were trained; None where it is not known.
    gain : the first purchase's predicted metric less the second's, and its 90 % interval.
    """
    one, other = names or (FIRST, SECOND)
    difference, low, high = gain
    decimals = decimals_from_intervals([first.interval, second.interval, (low, high)])
    metric = MetricText(name, direction, decimals)
    text = (
        f"{_capital(one)}: {_predicted(metric, first)}\n"
        f"{_capital(other)}: {_predicted(metric, second)}\n"
        f"Difference ({one} minus {other}): "
        f"{metric.change(difference)}, 90% interval {metric.interval((low, high))}.\n"
        f"{_verdict(metric, gain, first, second, (one, other))}"
    )
    if low <= 0 <= high and trained_at and _apart(first, second) > NEARLY:
        text += (
            f" To know more, train the mixtures of both with several seeds at "
            f"{count(trained_at, 'sample')}."
        )
    if not (first.is_priced or second.is_priced):
        text += " No prices are given."
    return fact("comparison", text, difference=difference, low=low, high=high)


def exceeded_limits(bought: Purchase, budget: float | None) -> list[Fact]:
    """The budget and the capacities that a purchase given by hand exceeds."""
    facts = []
    if budget is not None and bought.cost > budget + CENT:
        text = f"This costs {bought.cost:,.2f}, more than the budget of {budget_text(budget)}."
        facts.append(fact("exceeds_budget", text, cost=bought.cost, budget=budget))
    return facts + exceeded_capacities(bought.providers, bought.samples.tolist())


def exceeded_capacities(providers: Sequence[Provider], samples: Sequence[float]) -> list[Fact]:
    """The providers that sell less than these samples, (m,)."""
    return [
        fact(
            "exceeds_capacity",
            f"Provider {one.name} sells {one.capacity:,} samples, not {math.ceil(wanted):,}.",
            provider=one.name,
            capacity=one.capacity,
            samples=math.ceil(wanted),
        )
        for one, wanted in zip(providers, samples, strict=True)
        if one.capacity is not None and wanted > one.capacity
    ]


def purchase_cautions(
    first: Purchase, second: Purchase, trained_at: int | None = None
) -> list[Fact]:
    """Warnings about two purchases: providers that sell less, a size beyond the trained ones."""
    each = [one for bought in (first, second) for one in exceeded_limits(bought, None)]
    facts = list({str(one): one for one in each}.values())
    return facts + _beyond(max(first.size, second.size), trained_at)


def prediction_cautions(
    providers: Sequence[Provider],
    mixture: Floats,
    sizes: Sequence[int],
    trained_at: int | None = None,
) -> list[Fact]:
    """The same warnings about a mixture (m,), at the largest of the sizes."""
    samples = np.round(mixture * max(sizes), 6)
    return exceeded_capacities(providers, samples.tolist()) + _beyond(max(sizes), trained_at)


def _beyond(size: int, trained_at: int | None) -> list[Fact]:
    """How far a size lies beyond the largest trained one; nothing where it does not."""
    return [extrapolation(size, (trained_at,))] if trained_at and size > trained_at else []


def _predicted(metric: MetricText, bought: Purchase) -> str:
    cost = f" at a cost of {bought.cost:,.2f}" if bought.is_priced else ""
    return (
        f"predicted {metric.name} {metric.value(bought.predicted)} (90% interval "
        f"{metric.interval(bought.interval)}) for {count(bought.size, 'sample')}{cost}."
    )


def _verdict(
    metric: MetricText,
    gain: tuple[float, float, float],
    first: Purchase,
    second: Purchase,
    names: tuple[str, str],
) -> str:
    """Which purchase is better, where that is known, and which costs less."""
    difference, low, high = gain
    if (first.samples == second.samples).all():
        return "Both buy the same."
    saving = round(second.cost - first.cost, 2) if first.is_priced and second.is_priced else 0.0
    if low <= 0 <= high:
        text = "The data do not show which purchase is better."
        cheaper = names[0] if saving > 0 else names[1]
        return f"{text} {_capital(cheaper)} costs {abs(saving):,.2f} less." if saving else text
    first_is_better = (difference > 0) == (metric.direction == "maximize")
    better = names[0] if first_is_better else names[1]
    saving = saving if first_is_better else -saving
    costs = f", and costs {abs(saving):,.2f} {'less' if saving > 0 else 'more'}" if saving else ""
    return f"{_capital(better)} is better{costs}."


def _capital(name: str) -> str:
    return f"{name[0].upper()}{name[1:]}"


def _apart(first: Purchase, second: Purchase) -> float:
    """Which part of the samples two mixtures differ in."""
    return 0.5 * float(abs(first.mixture - second.mixture).sum())
