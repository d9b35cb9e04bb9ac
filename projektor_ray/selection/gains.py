"""By how much a plan is predicted better than another of the same size."""

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


def gain_over(
    objective: MetricObjective, plan: Plan, other: Plan, direction: Direction, level: float
) -> Gain:
    """By how much a plan's mixture is better than another's, at the objective's size."""
    sign = 1 if direction == "maximize" else -1
    mixtures = plan.mixture[None], other.mixture[None]
    low, high = objective.gain_interval(*mixtures, level)[0]
    bounds = np.sort([sign * low, sign * high]).tolist()
    value, of_baseline = objective.predict(np.concatenate(mixtures))
    return Gain(sign * float(value - of_baseline), *bounds)
