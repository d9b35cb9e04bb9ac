"""Eq. 2 (`pq`): the distance, and squares of the shares with and without it."""

import numpy as np

from projektor_ray.predictors.polynomial import Polynomial
from projektor_ray.storage.array_types import Floats


class PseudoQuadraticTransport(Polynomial):
    """PQ, Eq. 2: `L̂ = Σ_i (b2_i p_i² + b1_i p_i + b0)·OT + Σ_i (c2_i p_i² + c1_i p_i + c0)`.

    Coefficients, 4m + 2 of them: `b2 (m), b1 (m), b0, c2 (m), c1 (m), c0`. On the simplex their
    columns have rank 4m at most, and probes are few: OT and the constant are free, the others
    shrunken (see `Polynomial`).
    """

    name = "pq"
    uses_distance = True

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return 5

    def _columns(self, mixtures: Floats, distances: Floats) -> Floats:
        one = np.full((len(mixtures), 1), float(mixtures.shape[1]))
        shares = np.hstack([mixtures**2, mixtures, one])
        return np.hstack([shares * distances[:, None], shares])

    def _free(self, providers: int) -> list[int]:
        return [2 * providers]

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        m = mixtures.shape[1]
        along_ot, alone = self.coefficients[: 2 * m + 1], self.coefficients[2 * m + 1 :]
        quadratic = distances[:, None] * along_ot[:m] + alone[:m]
        linear = distances[:, None] * along_ot[m : 2 * m] + alone[m : 2 * m]
        along_distance = mixtures**2 @ along_ot[:m] + mixtures @ along_ot[m : 2 * m]
        return 2 * mixtures * quadratic + linear, along_distance + m * along_ot[-1]
