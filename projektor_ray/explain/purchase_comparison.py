"""Two purchases given by hand, compared: what each is predicted to reach, and the difference."""

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import MetricText, count, decimals_from_intervals
from projektor_ray.selection import Direction
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
    gain = study.gain(first, second)
    return comparison(study.metric, study.study.metric.direction, gain, first, second, *names)


def comparison(
    name: str,
    direction: Direction,
    gain: tuple[float, float, float],
    first: Purchase,
    second: Purchase,
    *names: str,
) -> Fact:
    """The same for a metric of a name.

    Parameters
    ----------
    gain : the first purchase's predicted metric less the second's, and its 90 % interval.
    """
    one, other = names or (FIRST, SECOND)
    difference, low, high = gain
    decimals = decimals_from_intervals([first.interval, second.interval, (low, high)])
    metric = MetricText(name, direction, decimals)
    text = (
        f"Predicted {metric.name}: {_predicted(metric, first)} with {one}; "
        f"{_predicted(metric, second)} with {other}. Difference: {metric.change(difference)}, 90% "
        f"interval {metric.interval((low, high))}. "
        f"{_verdict(metric, difference, low, high, one, other)}"
    )
    if not (first.is_priced or second.is_priced):
        text += " No prices are given."
    return fact("comparison", text, difference=difference, low=low, high=high)


def exceeded_limits(bought: Purchase, budget: float | None) -> list[Fact]:
    """The budget and the capacities that a purchase given by hand exceeds."""
    facts = []
    if budget is not None and bought.cost > budget + CENT:
        text = f"This costs {bought.cost:,.2f}, more than the budget of {budget:,.10g}."
        facts.append(fact("exceeds_budget", text, cost=bought.cost, budget=budget))
    for provider, samples in zip(bought.providers, bought.samples.tolist(), strict=True):
        if provider.capacity is not None and samples > provider.capacity:
            text = f"{provider.name} sells {provider.capacity:,} samples, not {samples:,}."
            values = {"provider": provider.name, "capacity": provider.capacity}
            facts.append(fact("exceeds_capacity", text, samples=samples, **values))
    return facts


def _predicted(metric: MetricText, bought: Purchase) -> str:
    cost = f" at a cost of {bought.cost:,.2f}" if bought.is_priced else ""
    return (
        f"{metric.value(bought.predicted)} (90% interval {metric.interval(bought.interval)}) for "
        f"{count(bought.size, 'sample')}{cost}"
    )


def _verdict(
    metric: MetricText, difference: float, low: float, high: float, one: str, other: str
) -> str:
    if low <= 0 <= high:
        return "The data do not show which purchase is better."
    better = difference > 0 if metric.direction == "maximize" else difference < 0
    name = one if better else other
    return f"{name[0].upper()}{name[1:]} is better."
