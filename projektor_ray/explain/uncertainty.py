"""How sure the selected plan is: its gain over the best baseline, and plan stability."""

import numpy as np

from projektor_ray.explain.facts import Fact, fact
from projektor_ray.explain.formatting import MetricText, count, percent, quoted, rounded
from projektor_ray.selection import PurchasePlans
from projektor_ray.selection.comparison import SELECTED, TrainedComparison

FEW_STABLE = 0.5
"""Below this plan stability, other plans may be better."""
FURTHER = 4
"""How many times the largest trained size a further one is at most."""


def gain_uncertainty(
    plans: PurchasePlans,
    metric: MetricText,
    largest_scale: int | None = None,
    largest_trained: int = 0,
) -> Fact | None:
    """That the plan may be no better than the best baseline, or than other plans, and which
    trainings would show it; None where neither is so, or the plan is one that reaches a target.

    Parameters
    ----------
    largest_scale : at which training is possible; None: at any.
    largest_trained : of all trainings, those of a second stage's plans included.
    """
    name = plans.nearest
    if name is None or plans.target_result is not None:
        return None
    gain, stability = plans.gains[name], plans.stability
    no_regret = stability is not None and rounded(stability.expected_regret, metric.decimals) == 0
    label = quoted(plans.label(name))
    values = {
        "baseline": plans.label(name),
        "gain": gain.value,
        "gain_low": gain.low,
        "gain_high": gain.high,
    }
    if gain.low <= 0 or rounded(gain.value, metric.decimals) == 0:
        text = f"The data do not show that this plan beats {label}."
        if no_regret:
            text += " The choice hardly matters: the expected regret is below rounding."
            return fact("gain_not_significant", text, **values)
        kind = "gain_not_significant"
    elif stability is not None and stability.fraction_stable < FEW_STABLE and not no_regret:
        text = f"This plan beats {label}, but other plans may be better still."
        kind = "plan_unstable"
    else:
        return None
    if plans.trained is not None:
        last = max(plans.trained.size, largest_trained)
        further = min(
            further_scale(last, plans.selected.size), largest_scale or plans.selected.size
        )
        larger = further if further > last else None
        if kind == "gain_not_significant" and _decided(plans.trained) and larger is not None:
            text = f"{text[:-1]} at {count(plans.selected.size, 'sample')}."
        text += f" {_trainings_to_decide(plans, name, plans.trained, larger)}"
    return fact(kind, text, **values)


def further_scale(last: int, size: int) -> int:
    """A scale to train next: between the last one and a size to buy beyond it, `√(last·size)`, and
    at most four times the last.
    """
    return round(min(FURTHER * last, float(np.sqrt(last * size))))


def _decided(trained: TrainedComparison) -> bool:
    """Whether the plan is clearly better than the baseline at the largest trained size."""
    return trained.gain is not None and trained.gain.low > 0


def _trainings_to_decide(
    plans: PurchasePlans, baseline: str, trained: TrainedComparison, larger: int | None
) -> str:
    """Which trainings would decide between the plan and a baseline: at a larger size where they
    clearly differ at the largest one, else more of them there.

    Parameters
    ----------
    larger : such a size; None where the pilots allow none.
    """
    at = f"at {count(trained.size, 'sample')}"
    if _decided(trained) and larger is not None:
        return (
            f"At {count(trained.size, 'sample')} this plan is clearly better. Train both plans at "
            f"{larger:,} samples to see whether the gain lasts."
        )
    if all(trained.near(plans.plans[one].mixture) for one in (SELECTED, baseline)):
        return f"Train the mixtures close to both plans with more seeds {at}."
    return f"Train the mixtures of both plans with several seeds {at}."


def plan_stability(plans: PurchasePlans, metric: MetricText) -> Fact | None:
    """Share of posterior samples whose best plan is close to this one, and expected regret; None
    where the model has no posterior.
    """
    stability = plans.stability
    if stability is None:
        return None
    smallest_shown = 10.0**-metric.decimals
    regret = (
        metric.value(stability.expected_regret)
        if rounded(stability.expected_regret, metric.decimals)
        else f"below {smallest_shown:.{metric.decimals}f}"
    )
    text = (
        f"Plan stability: in {percent(stability.fraction_stable)} of the models that fit the "
        f"trainings, the best plan is close to this one (expected regret {regret} in "
        f"{metric.name})."
    )
    return fact(
        "plan_stability",
        text,
        plan_stability=stability.fraction_stable,
        expected_regret=stability.expected_regret,
    )
