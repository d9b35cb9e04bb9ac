"""Distances in standard deviations around their mean: a column of the trend of two models."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.storage.array_types import Floats

CONSTANT_TOLERANCE = 1e-10


@dataclass(frozen=True)
class StandardDistance:
    """`(OT − centre) / deviation`; 0 everywhere where the probes' distances do not vary.

    Attributes
    ----------
    centre : mean of the probes' distances.
    deviation : their standard deviation; infinite where they do not vary.
    """

    centre: float
    deviation: float

    @staticmethod
    def of(distances: Floats) -> "StandardDistance":
        """That of the distances of probes, (k,)."""
        centre, deviation = float(distances.mean()), float(distances.std())
        varies = deviation > CONSTANT_TOLERANCE * max(abs(centre), 1e-3)
        return StandardDistance(centre, deviation if varies else np.inf)

    def __call__(self, distances: Floats) -> Floats:
        return (distances - self.centre) / self.deviation

    def line(self, offset: float, slope: float) -> tuple[float, float]:
        """`a1, a0` of `offset + slope·(OT − centre) / deviation = a1·OT + a0`."""
        along = slope / self.deviation
        return along, offset - along * self.centre
