"""Predictors from what each provider contributes: LOO and Shapley (appendix B.1)."""

from abc import abstractmethod
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.hashing import generator

MOST_EXACT_PROVIDERS = 10
PERMUTATIONS = 200
SEED = 0
CONSTANT_TOLERANCE = 1e-12

Coalitions = NDArray[np.bool_]


class Contributions(Predictor):
    """`L̂ = a·Σ_i φ_i p_i + b`: φ_i is what provider i contributes, a and b by least squares.

    The value of a coalition `S` of providers is that of the trained mixture nearest to the
    uniform mixture over `S` (several seeds, or mixtures equally near, are averaged).
    Coefficients: `a·φ (m), b`.
    """

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return 4

    @abstractmethod
    def _contributions(self, probes: ProbeArrays) -> Floats:
        """φ, shape (m,)."""

    def _fit(self, probes: ProbeArrays) -> None:
        contributions = self._contributions(probes)
        score = probes.mixtures @ contributions
        centred = score - score.mean()
        spread = float(centred @ centred)
        negligible = CONSTANT_TOLERANCE * float(score @ score)
        slope = float(centred @ probes.values) / spread if spread > negligible else 0.0
        offset = float(probes.values.mean()) - slope * float(score.mean())
        self.coefficients = np.append(slope * contributions, offset)

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.asarray(mixtures @ self.coefficients[:-1] + self.coefficients[-1])

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        along_shares = np.broadcast_to(self.coefficients[:-1], mixtures.shape)
        return along_shares, np.zeros(len(mixtures))


class LeaveOneOut(Contributions):
    """LOO: `φ_i = v(all) − v(all but i)`."""

    name = "loo"

    def _contributions(self, probes: ProbeArrays) -> Floats:
        m = probes.n_providers
        everybody = np.ones((1, m), dtype=bool)
        without = ~np.eye(m, dtype=bool)
        return np.asarray(coalition_values(probes, everybody) - coalition_values(probes, without))


class Shapley(Contributions):
    """Shapley: `φ_i` is the mean of `v(S + i) − v(S)` over the orders in which providers may join.

    Exact over all coalitions for up to 10 providers, over 200 sampled orders above. The empty
    coalition is worth the least value of any probe.
    """

    name = "shapley"

    def _contributions(self, probes: ProbeArrays) -> Floats:
        if probes.n_providers <= MOST_EXACT_PROVIDERS:
            return self._exact(probes)
        return self._sampled(probes)

    def _exact(self, probes: ProbeArrays) -> Floats:
        m = probes.n_providers
        members = [c for size in range(m + 1) for c in combinations(range(m), size)]
        coalitions = np.zeros((len(members), m), dtype=bool)
        for row, coalition in enumerate(members):
            coalitions[row, list(coalition)] = True
        values = coalition_values(probes, coalitions)
        sizes = coalitions.sum(axis=1)
        joining = np.array([1 / (m * comb(m - 1, s)) if s < m else 0.0 for s in sizes])
        leaving = np.array([1 / (m * comb(m - 1, s - 1)) if s > 0 else 0.0 for s in sizes])
        return np.asarray((values * leaving) @ coalitions - (values * joining) @ ~coalitions)

    def _sampled(self, probes: ProbeArrays) -> Floats:
        m = probes.n_providers
        stream = generator("shapley", SEED)
        total = np.zeros(m)
        for _ in range(PERMUTATIONS):
            order = stream.permutation(m)
            rank = np.argsort(order)
            coalitions = rank[None, :] < np.arange(m + 1)[:, None]
            total[order] += np.diff(coalition_values(probes, coalitions))
        return np.asarray(total / PERMUTATIONS)


def coalition_values(probes: ProbeArrays, coalitions: Coalitions) -> Floats:
    """Value of each coalition (c, m): of the trained mixture nearest to uniform over it, (c,)."""
    sizes = coalitions.sum(axis=1, keepdims=True)
    uniform = coalitions / np.maximum(sizes, 1)
    away = (
        np.sum(uniform**2, axis=1)[:, None]
        - 2 * uniform @ probes.mixtures.T
        + np.sum(probes.mixtures**2, axis=1)
    )
    nearest = away <= away.min(axis=1, keepdims=True) + CONSTANT_TOLERANCE
    values = (nearest @ probes.values) / nearest.sum(axis=1)
    return np.asarray(np.where(sizes[:, 0] > 0, values, probes.values.min()))
