"""Two purchases given by hand, compared: what each is predicted to reach, and the difference."""

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import MetricText, count, decimals_from_intervals
from projektor_ray.study import FittedStudy, Purchase


def compare_purchases(study: FittedStudy, first: Purchase, second: Purchase) -> Fact:
    """The predicted metric of the first purchase less that of the second, with its interval."""
    difference, low, high = study.gain(first, second)
    decimals = decimals_from_intervals([first.interval, second.interval, (low, high)])
    metric = MetricText(study.metric, study.study.metric.direction, decimals)
    text = (
        f"Predicted {metric.name}: {_predicted(metric, first)}; {_predicted(metric, second)}. "
        f"Difference of the first purchase: {metric.change(difference)}, 90% interval "
        f"{metric.interval((low, high))}. {_verdict(metric, difference, low, high)}"
    )
    return fact("comparison", text, difference=difference, low=low, high=high)


def _predicted(metric: MetricText, bought: Purchase) -> str:
    return (
        f"{metric.value(bought.predicted)} (90% interval {metric.interval(bought.interval)}) for "
        f"{count(bought.size, 'sample')} at a cost of {bought.cost:,.2f}"
    )


def _verdict(metric: MetricText, difference: float, low: float, high: float) -> str:
    if low <= 0 <= high:
        return "The data do not show which purchase is better."
    better = difference > 0 if metric.direction == "maximize" else difference < 0
    return f"The {'first' if better else 'second'} purchase is better."
