"""`ensemble`: the Gaussian process and the rational law, weighted by their errors."""

from typing import Any

import numpy as np

from projektor_ray.errors import InputError
from projektor_ray.predictors.gaussian_process import GaussianProcess
from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.predictors.rational import Rational
from projektor_ray.storage.array_types import Floats
from projektor_ray.storage.one_row import one_row, the_row

MEMBERS: tuple[type[Predictor], ...] = (GaussianProcess, Rational)
MOST_PROVIDERS = 10
"""Beyond them the rational law's m² coefficients cost more than they tell."""
NEGLIGIBLE, TINY = 1e-12, 1e-300
"""Of the largest mean square: less counts as so much, so that no weight is infinite."""


class Ensemble(Predictor):
    """`L̂ = w·L̂_gp + (1 − w)·L̂_rational`, for an accuracy.

    The members err differently where no probe has been: the process falls back to the distance
    alone, the law goes on as diminishing returns of every kind of data do. A member weighs as the
    inverse of its mean squared error on mixtures left out (Bates and Granger, Operational Research
    Quarterly 20, 1969), in units of the probes' noise levels. The members' disagreement is part of
    the interval. No coefficients of its own: its table holds the members' and the weights.

    Attributes
    ----------
    weights : of the members, shape (2,); they sum to 1.
    """

    weights: Floats

    name = "ensemble"

    @classmethod
    def fewest_probes(cls, providers: int) -> int:
        return max(member.fewest_probes(providers) for member in MEMBERS)

    def _fit(self, probes: ProbeArrays) -> None:
        if probes.n_providers > MOST_PROVIDERS:
            raise InputError(
                f"the predictor 'ensemble' is for at most {MOST_PROVIDERS} providers, because one "
                "of its members has a coefficient for each pair of them; "
                f"got {probes.n_providers}. Use 'gp'"
            )
        self._members = [member() for member in MEMBERS]
        self._errors = np.array([member.cross_validate(probes) for member in self._members])
        self.weights = _weights(self._errors / self._loudness)
        self.coefficients = np.empty(0)

    @property
    def _loudness(self) -> Floats:
        return self._process.loudness

    @property
    def _process(self) -> GaussianProcess:
        process = self._members[0]
        assert isinstance(process, GaussianProcess)
        return process

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.asarray(self.weights @ self._each(mixtures, distances))

    def _each(self, mixtures: Floats, distances: Floats) -> Floats:
        """The members' predictions, shape (members, q)."""
        return np.array([member.predict(mixtures, distances) for member in self._members])

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        parts = [member._derivatives(mixtures, distances) for member in self._members]
        along_shares, along_distance = (np.array(one) for one in zip(*parts, strict=True))
        return np.tensordot(self.weights, along_shares, axes=1), self.weights @ along_distance

    def spread(self, mixtures: Floats, distances: Floats) -> Floats:
        """`√(mean of the members' variances + variance between the members)`, shape (q,)."""
        spreads = np.array([member.spread(mixtures, distances) for member in self._members])
        between = self.weights @ self._apart(mixtures, distances) ** 2
        return np.asarray(np.sqrt(self.weights @ spreads**2 + between))

    def _apart(self, mixtures: Floats, distances: Floats) -> Floats:
        """The members' predictions less their mean, shape (members, q)."""
        each = self._each(mixtures, distances)
        return np.asarray(each - self.weights @ each)

    @property
    def freedom(self) -> float:
        return self._process.freedom

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        return self._process.uneven_noise(mixtures, distances)

    def covariance(self, mixtures: Floats, distances: Floats) -> Floats:
        """`Σ_m w_m (C_m + (L̂_m − L̂)(L̂_m − L̂)ᵀ)`, the law of total covariance, shape (q, q).

        The rational law has no posterior: its errors without noise, `spread² − noise²`, are taken
        to be correlated as the process's are.
        """
        process = self._process.covariance(mixtures, distances)
        variances = process.diagonal()
        of_law = self._members[1].spread(mixtures, distances) ** 2
        of_law -= self._process.noise_at(mixtures, distances) ** 2
        known = variances > 0
        ratios = np.divide(of_law, variances, out=np.zeros(len(mixtures)), where=known)
        factors = np.sqrt(np.maximum(ratios, 0.0))
        of_process, share = self.weights
        away = self._apart(mixtures, distances)
        within = (of_process + share * np.outer(factors, factors)) * process
        return np.asarray(within + (away.T * self.weights) @ away)

    def _left_out(self, probes: ProbeArrays) -> Floats:
        """The weights without a mixture are those by the errors on the others."""
        left_out, scaled = np.empty(len(probes)), self._errors / self._loudness
        for rows in probes.groups():
            left_out[rows] = _weights(np.delete(scaled, rows, axis=1)) @ self._errors[:, rows]
        return left_out

    def _state(self) -> dict[str, Any]:
        members = [the_row(member.to_arrow()) for member in self._members]
        return {"members": members, "weights": self.weights.tolist()}

    def _restore(self, state: dict[str, Any]) -> None:
        self._members = [
            member.from_arrow(one_row(part))
            for member, part in zip(MEMBERS, state["members"], strict=True)
        ]
        self.weights = np.array(state.get("weights", [0.5, 0.5]))
        self.coefficients = np.empty(0)


def _weights(errors: Floats) -> Floats:
    """In inverse proportion to the mean squares of errors (members, k), shape (members,)."""
    squares = np.mean(errors**2, axis=1)
    inverse = 1 / np.maximum(squares, max(NEGLIGIBLE * squares.max(), TINY))
    return np.asarray(inverse / inverse.sum())
