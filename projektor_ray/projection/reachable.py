"""Whether a prediction is better than anything that finished runs reached."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.predictors import ProbeArrays

BEYOND_SHARE = 0.25
"""A prediction is beyond the runs where it is better than the best of them by more than this share
of the range between the best and the worst: a better mixture between those that were trained is
usual, one so much better is extrapolation."""


@dataclass(frozen=True)
class BestRun:
    """The best and the poorest value of the runs at one size.

    Attributes
    ----------
    size : of the runs.
    value, poorest : of the metric, at the best and at the poorest run.
    """

    size: int
    value: float
    poorest: float

    @staticmethod
    def of(probes: ProbeArrays, size: int, sign: float) -> "BestRun":
        """The best run at a size; `sign` is 1 where more of the metric is better, else -1."""
        values = sign * probes.at(size).values
        return BestRun(size, sign * float(values.max()), sign * float(values.min()))

    def is_beaten(self, predicted: float, sign: float) -> bool:
        """Whether a prediction at the same size is beyond what the runs show to be reachable."""
        return sign * (predicted - self.value) > BEYOND_SHARE * abs(self.value - self.poorest)


def passes_zero(probes: ProbeArrays, predicted: float) -> bool:
    """Whether a prediction is negative though every run is positive, as no loss or error can be."""
    return predicted < 0 < float(np.min(probes.values))
