"""No projection: the value at the largest scale, whatever the size."""

import numpy as np

from projektor_ray.projection.line_weights import check_size
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.storage.array_types import Floats


class NoProjection(PerScale):
    """The value at the largest scale, whatever the size: what every projection has to beat."""

    name = "none"
    fewest_scales = 1

    def weights(self, size: float) -> Floats:
        check_size(size)
        return np.asarray(np.eye(len(self.scales))[-1])

    def _weight_slopes(self, size: float) -> Floats:
        return np.zeros(len(self.scales))

    def _growth(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """As much again as between the last two scales; with one scale nothing tells it, and the
        size must be that scale.
        """
        if len(self.scales) == 1:
            return np.zeros(len(mixtures))
        before, last = self._at_scales(mixtures, distances)[-2:]
        beyond = max(np.log(size / self.scales[-1]), 0.0)
        return np.asarray(beyond * (last - before) / np.log(self.scales[-1] / self.scales[-2]))

    def _discrepancies(self, mixtures: Floats, distances: Floats, size: float) -> Floats:
        """All of the growth is missed."""
        return self._growth(mixtures, distances, size)[None]
