"""Where the selected plan may be no better than the best other one, and what would tell."""

import numpy as np

from projektor_ray.explain.numbers import fixed
from projektor_ray.selection.comparison import SELECTED, PurchasePlans, Tried

FEW_WORLDS = 0.5
"""The plan is told to be open where it is nearly the best in fewer of the worlds."""
FURTHER = 4
"""How many times the largest size a further one is at most."""


def doubt(found: PurchasePlans, decimals: int) -> str:
    """That the gain on the best other plan may be none, or that plausible worlds disagree, and
    what would tell; empty where neither is so, or the plan is one that reaches a target.

    Parameters
    ----------
    decimals : to which the metric is told.
    """
    name = found.nearest
    if name is None or found.answer is not None:
        return ""
    gain, worlds, called = found.gains[name], found.agreement, found.called(name)
    settled = worlds is not None and fixed(worlds.regret, decimals) == 0
    if gain.low <= 0 or fixed(gain.value, decimals) == 0:
        says = f"whether this plan is better than {called} is open"
        if settled:
            return f"{says}, and hardly matters: knowing would gain nothing that shows"
    elif worlds is not None and worlds.nearly_same < FEW_WORLDS and not settled:
        says = f"this plan is better than {called}, but others may be better still"
    else:
        return ""
    advice = "" if found.tried is None else _advice(found, name, found.tried)
    return f"{says}. {advice}" if advice else says


def further_scale(last: int, size: int) -> int:
    """A scale to train next: between the last one and a size to buy beyond it, `√(last·size)`, and
    at most four times the last.
    """
    return round(min(FURTHER * last, float(np.sqrt(last * size))))


def _advice(found: PurchasePlans, rival: str, tried: Tried) -> str:
    """Trainings that would tell; a further size where the plans differ surely at the largest."""
    size, certain = found.selected.size, tried.gain is not None and tried.gain.low > 0
    further = further_scale(tried.size, size)
    if certain and further > tried.size:
        return (
            f"At {tried.size:,} samples it is certain: train at a further size, such as "
            f"{further:,}, to know how it grows"
        )
    if all(tried.near(found.plans[one].mixture) for one in (SELECTED, rival)):
        return f"Train the mixtures near both with more seeds at {tried.size:,} samples"
    return f"Train both plans' mixtures, with several seeds, at {tried.size:,} samples"
