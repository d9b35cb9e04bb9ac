"""`ensemble`: the mean of the Gaussian process and the rational law."""

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


class Ensemble(Predictor):
    """`L̂ = ½ (L̂_gp + L̂_rational)`, for an accuracy.

    The members err differently where no probe has been: the process falls back to the distance
    alone, the law goes on as diminishing returns of every kind of data do. Their disagreement is
    part of the interval. No coefficients of its own: its table holds the members'.
    """

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
        self._errors = [member.cross_validate(probes) for member in self._members]
        self.coefficients = np.empty(0)

    def _predict(self, mixtures: Floats, distances: Floats) -> Floats:
        return np.asarray(self._each(mixtures, distances).mean(axis=0))

    def _each(self, mixtures: Floats, distances: Floats) -> Floats:
        """The members' predictions, shape (members, q)."""
        return np.array([member.predict(mixtures, distances) for member in self._members])

    def _derivatives(self, mixtures: Floats, distances: Floats) -> tuple[Floats, Floats]:
        parts = [member._derivatives(mixtures, distances) for member in self._members]
        along_shares, along_distance = zip(*parts, strict=True)
        return np.mean(along_shares, axis=0), np.mean(along_distance, axis=0)

    def spread(self, mixtures: Floats, distances: Floats) -> Floats:
        """`√(mean of the members' variances + variance between the members)`, shape (q,)."""
        within = [member.spread(mixtures, distances) ** 2 for member in self._members]
        between = self._each(mixtures, distances).var(axis=0)
        return np.asarray(np.sqrt(np.mean(within, axis=0) + between))

    def uneven_noise(self, mixtures: Floats, distances: Floats) -> Floats | None:
        return self._members[0].uneven_noise(mixtures, distances)

    def covariance(self, mixtures: Floats, distances: Floats) -> Floats:
        """That of the process, and between the members that of their disagreement."""
        process = self._members[0].covariance(mixtures, distances)
        assert process is not None
        each = self._each(mixtures, distances)
        away = each - each.mean(axis=0)
        return np.asarray(process + away.T @ away / len(each))

    def _left_out(self, probes: ProbeArrays) -> Floats:
        return np.asarray(np.mean(self._errors, axis=0))

    def _state(self) -> dict[str, Any]:
        return {"members": [the_row(member.to_arrow()) for member in self._members]}

    def _restore(self, state: dict[str, Any]) -> None:
        self._members = [
            member.from_arrow(one_row(part))
            for member, part in zip(MEMBERS, state["members"], strict=True)
        ]
        self.coefficients = np.empty(0)
