"""Eq. 1, center-scaling (`cs`): the metric is linear in the distance."""

import numpy as np

from projektor_ray.predictors.polynomial import Polynomial
from projektor_ray.storage.array_types import Floats


class CenterScaling(Polynomial):
    """CS, Eq. 1: `L̂ = a1·OT + a0`, by least squares. Coefficients: `a1, a0`."""

    name = "cs"
    uses_distance = True

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return 3

    def _columns(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.column_stack([distances, np.ones(len(distances))])

    def _free(self, providers: int) -> list[int]:
        return [0]

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        return np.zeros_like(mixtures), np.full(len(mixtures), self.coefficients[0])
