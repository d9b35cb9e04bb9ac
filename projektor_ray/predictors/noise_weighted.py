"""Least squares whose misfits are divided by noise levels, where repeats show that these differ."""

from typing import Any

import numpy as np
from scipy.special import softmax

from projektor_ray.predictors.noise_levels import NoiseLevels
from projektor_ray.predictors.predictor import Predictor
from projektor_ray.predictors.probe_arrays import ProbeArrays
from projektor_ray.storage.array_types import Floats

MISFIT_SHARES = np.linspace(0.0, 1.0, 11)
"""Candidate shares of the errors' variance that do not follow the noise levels."""
POWERS = np.array([1.0, 1.5, 2.0, 2.5])
"""Candidate powers of the levels' squares that the rest follows: levels are shrunken."""


class NoiseWeighted(Predictor):
    """A predictor by least squares; its `_fit` calls `_learn_levels`.

    Errors of left-out mixtures hold noise and errors of the coefficients, which follow the levels,
    and misfit, which does not. How much is misfit shows in the errors themselves.
    """

    _levels: NoiseLevels
    _parts: Floats

    def _learn_levels(self, probes: ProbeArrays) -> Floats:
        """The noise levels of the probes, shape (k,); kept for the spread of new ones."""
        self._levels = NoiseLevels.of(probes)
        return self._levels.at(probes.mixtures, probes.distances)

    def cross_validate(self, probes: ProbeArrays) -> Floats:
        left_out = super().cross_validate(probes)
        if not self._levels.even:
            levels = self._levels.at(probes.mixtures, probes.distances)
            self._parts = error_parts(left_out, levels / self._levels.rms)
        return left_out

    def spread(self, mixtures: Floats, distances: Floats) -> Floats:
        """Root of what `error_parts` tells of left-out mixtures' errors at each level, (q,).

        Where noise is the same everywhere, the root mean square of the errors.
        """
        if self._levels.even:
            return super().spread(mixtures, distances)
        levels = self._levels.at(mixtures, distances) / self._levels.rms
        return np.asarray(np.sqrt(_terms(levels) @ self._parts))

    def _state(self) -> dict[str, Any]:
        noise = {}
        if not self._levels.even:
            noise = {"noise": {**self._levels.state(), "parts": self._parts.tolist()}}
        return {**super()._state(), **noise}

    def _restore(self, state: dict[str, Any]) -> None:
        super()._restore(state)
        stored = state.get("noise")
        if stored is None:
            self._levels = NoiseLevels.same()
        else:
            self._levels, self._parts = NoiseLevels.restored(stored), np.array(stored["parts"])


def error_parts(errors: Floats, levels: Floats) -> Floats:
    """How the variance of errors (k,) depends on levels (k,): b of `b_0 + Σ_c b_c level^(2c)`, c
    the `POWERS`, shape (1 + powers,).

    The mean of `s²(θ + (1 − θ) level^(2c))` over candidates θ and c, weighted by their likelihood
    with `s²` at its maximum, errors being normal.
    """
    terms = _terms(levels)
    shares = MISFIT_SHARES[:, None, None]
    relative = shares + (1 - shares) * terms[:, 1:].T
    smallest = np.finfo(float).tiny
    scales = np.maximum(np.mean(errors**2 / relative, axis=2), smallest)
    logs = -0.5 * (len(errors) * np.log(scales) + np.log(relative).sum(axis=2))
    variances = softmax(logs) * scales
    misfit = np.sum(MISFIT_SHARES[:, None] * variances)
    return np.append(misfit, (1 - MISFIT_SHARES) @ variances)


def _terms(levels: Floats) -> Floats:
    """1 and the levels' powers, (q, 1 + powers)."""
    return np.column_stack([np.ones(len(levels)), levels[:, None] ** (2 * POWERS)])
