"""The metric that a purchase is made for, where a table's model is of its logarithm."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.selection import MetricObjective
from projektor_ray.storage.arrays import Floats


@dataclass(frozen=True, eq=False)
class Exponential:
    """The metric where the model is of its logarithm; with the chain rule's factor.

    Attributes
    ----------
    logarithm : the objective that the model gives.
    """

    logarithm: MetricObjective

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        value, gradient = self.logarithm(mixtures)
        return np.exp(value), np.exp(value)[:, None] * gradient

    def predict(self, mixtures: Floats) -> Floats:
        return np.asarray(np.exp(self.logarithm.predict(mixtures)))

    def interval(self, mixtures: Floats, level: float) -> Floats:
        return np.asarray(np.exp(self.logarithm.interval(mixtures, level)))

    def gain_interval(self, mixtures: Floats, others: Floats, level: float) -> Floats:
        ratios = np.expm1(self.logarithm.gain_interval(mixtures, others, level))
        return np.asarray(self.predict(others)[:, None] * ratios)

    def sample_posterior(
        self, mixtures: Floats, count: int, stream: np.random.Generator
    ) -> Floats | None:
        drawn = self.logarithm.sample_posterior(mixtures, count, stream)
        return None if drawn is None else np.asarray(np.exp(drawn))

    def size_slope(self, mixtures: Floats) -> Floats:
        return self.logarithm.size_slope(mixtures) * self.predict(mixtures)
