"""By how much a plan is predicted better than another of the same size."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from projektor_ray.selection.objective import Direction, MetricObjective
from projektor_ray.selection.plan import Plan


@dataclass(frozen=True)
class Gain:
    """By how much a plan's metric is better than another's, without the noise of trainings.

    Attributes
    ----------
    value : predicted; positive is better, also where the metric is a loss.
    low, high : of its interval.
    """

    value: float
    low: float
    high: float


def gains_over(
    objective: MetricObjective,
    plan: Plan,
    others: Sequence[Plan],
    direction: Direction,
    level: float,
) -> list[Gain]:
    """By how much a plan's mixture is better than each of others, at the objective's size."""
    sign = 1 if direction == "maximize" else -1
    mixtures = np.stack([plan.mixture, *(other.mixture for other in others)])
    own = np.repeat(mixtures[:1], len(others), axis=0)
    bounds = np.sort(sign * objective.gain_interval(own, mixtures[1:], level), axis=1)
    value, *of_others = (sign * objective.predict(mixtures)).tolist()
    return [
        Gain(value - other, *low_and_high)
        for other, low_and_high in zip(of_others, bounds.tolist(), strict=True)
    ]
