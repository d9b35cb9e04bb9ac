"""The metric that a purchase is made for, from a table without pilots to measure distances of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projektor_ray.predictors import Predictor
from projektor_ray.predictors.registry import predictor_class
from projektor_ray.projection import ScaleModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GuessedDistances:
    """Distances of mixtures that nobody measured: a Gaussian process through the measured ones.

    A table has no pilots to solve transport for; what a distance would be is interpolated.
    """

    process: Predictor | None

    @staticmethod
    def through(mixtures: Floats, distances: Floats | None) -> "GuessedDistances":
        """Fitted to distances (k,) of mixtures (k, m); zeros where there are none."""
        if distances is None or np.ptp(distances) == 0:
            return GuessedDistances(None)
        return GuessedDistances(predictor_class("gp")().fit(mixtures, None, distances))

    def __call__(self, mixtures: Floats) -> "Guess":
        nothing = np.zeros_like(mixtures)
        if self.process is None:
            return Guess(np.zeros(len(mixtures)), nothing)
        return Guess(*self.process.value_and_gradient(mixtures, np.zeros(len(mixtures)), nothing))


@dataclass(frozen=True, eq=False)
class Guess:
    """Distances (B,) and their gradients along the shares (B, m)."""

    value: Floats
    gradient: Floats


@dataclass(frozen=True, eq=False)
class TableObjective:
    """The metric at the size to buy; its logarithm is undone, with the chain rule's factor.

    Attributes
    ----------
    model : of all scales, of the metric or of its logarithm.
    size : samples to buy, N.
    oracle : mixtures → distances with gradients.
    log : whether the model is of the logarithm.
    """

    model: ScaleModel
    size: float
    oracle: GuessedDistances
    log: bool = False

    def __call__(self, mixtures: Floats) -> tuple[Floats, Floats]:
        at = self.oracle(mixtures)
        value, gradient = self.model.value_and_gradient(mixtures, at.value, at.gradient, self.size)
        if not self.log:
            return value, gradient
        metric = np.exp(value)
        return metric, metric[:, None] * gradient

    def predict(self, mixtures: Floats) -> Floats:
        return self._back(self.model.predict(mixtures, self.oracle(mixtures).value, self.size))

    def interval(self, mixtures: Floats, level: float) -> Floats:
        distances = self.oracle(mixtures).value
        return self._back(self.model.interval(mixtures, distances, self.size, level))

    def size_slope(self, mixtures: Floats) -> Floats:
        slope = self.model.size_slope(mixtures, self.oracle(mixtures).value, self.size)
        return slope * self.predict(mixtures) if self.log else slope

    def _back(self, values: Floats) -> Floats:
        return np.asarray(np.exp(values)) if self.log else values
