"""What is asked of a model of all scales: mixtures and sizes, checked, and the metric's bounds."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from projektor_ray.errors import InputError
from projektor_ray.predictors.probe_arrays import one_per_mixture
from projektor_ray.projection.line_weights import check_size
from projektor_ray.storage.array_types import Floats

Bounds = tuple[float, float]


def query(
    mixtures: ArrayLike, distances: ArrayLike | None, size: float
) -> tuple[Floats, Floats, float]:
    """Checked mixtures (q, m), their distances (q,), and the size.

    Raises
    ------
    InputError
        If a number is not finite, shapes disagree, or the size is below 1.
    """
    array = np.asarray(mixtures, dtype=np.float64)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise InputError(
            "expected finite mixtures of shape (q, m), a row per mixture; "
            f"got an array of shape {array.shape}"
        )
    return array, one_per_mixture("distances", distances, len(array)), float(check_size(size))


def at_each_size(
    function: Callable[[Floats, Floats, float], Floats],
    mixtures: Floats,
    distances: Floats,
    size: float | Floats,
) -> Floats:
    """A function of mixtures, their distances and one size, where each row may have its own size.

    Parameters
    ----------
    function : gives an array whose last axis is that of the rows.
    size : of all rows, or of each: an array of shape (q,).
    """
    sizes = np.broadcast_to(np.asarray(size, dtype=np.float64), len(mixtures))
    different, which = np.unique(sizes, return_inverse=True)
    rows = [np.flatnonzero(which == place) for place in range(len(different))]
    parts = [
        function(mixtures[of], distances[of], float(one))
        for of, one in zip(rows, different, strict=True)
    ]
    return np.concatenate(parts, axis=-1)[..., np.argsort(np.concatenate(rows))]


def bounds_in(values: Mapping[str, Any]) -> Bounds | None:
    """The bounds that `ScaleModel.to_arrow` wrote."""
    bounds = values.get("bounds")
    return None if bounds is None else (bounds[0], bounds[1])
