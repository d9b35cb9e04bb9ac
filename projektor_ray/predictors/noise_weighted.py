"""Least squares whose misfits are divided by noise levels, where repeats show that these differ."""

from typing import Any

import numpy as np

from projektor_ray.predictors.noise_levels import NoiseLevels
from projektor_ray.predictors.predictor import Predictor
from projektor_ray.storage.array_types import Floats


class NoiseWeighted(Predictor):
    """A predictor by least squares; its `_fit` sets `_levels`.

    Its spread is the root mean square of the errors of left-out mixtures, times a mixture's level.
    """

    _levels: NoiseLevels

    def spread(self, mixtures: Floats, distances: Floats) -> Floats:
        """`rms · level(p)`, the levels' root mean square over the probes being 1, shape (q,)."""
        levels = self._levels.at(mixtures, distances) / self._levels.rms
        return np.asarray(super().spread(mixtures, distances) * levels)

    def _state(self) -> dict[str, Any]:
        noise = {} if self._levels.even else {"noise": self._levels.state()}
        return {**super()._state(), **noise}

    def _restore(self, state: dict[str, Any]) -> None:
        super()._restore(state)
        stored = state.get("noise")
        self._levels = NoiseLevels.same() if stored is None else NoiseLevels.restored(stored)
