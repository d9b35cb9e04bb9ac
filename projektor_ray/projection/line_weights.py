"""Weights of scales in a straight line through their values, by weighted least squares."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from projektor_ray.errors import InputError, listed
from projektor_ray.storage.array_types import Floats

NOISE_EXPONENT = 0.7
"""The variance of a training's metric falls about as N^−0.7."""


def check_scales(scales: Sequence[float], fewest: int = 2) -> Floats:
    """Scales as an array.

    Raises
    ------
    InputError
        Unless there are at least `fewest` of them, ascending, each of at least one sample.
    """
    array = np.asarray(scales, dtype=np.float64)
    came = listed([f"{scale:,.10g}" for scale in array.reshape(-1)])
    if array.ndim != 1 or len(array) < fewest:
        raise InputError(
            f"a projection needs probes at {fewest} or more scales, N0 < N1 < …; "
            f"got {came}. Train probes at another scale, a factor of 4 away"
        )
    ascending = all(low < high for low, high in itertools.pairwise(array))
    if not (np.isfinite(array).all() and array[0] >= 1 and ascending):
        raise InputError(
            f"scales must be ascending sizes of at least 1 sample, N0 < N1 < …; got {came}"
        )
    return array


def check_size(size: ArrayLike) -> Floats:
    """Sizes as an array of any shape.

    Raises
    ------
    InputError
        Unless every size is finite and at least 1.
    """
    array = np.asarray(size, dtype=np.float64)
    if not (np.isfinite(array) & (array >= 1)).all():
        raise InputError(f"a size must be a number of samples, at least 1; got {size!r}")
    return array


def line_weights(
    at: Floats, abscissae: Floats, precisions: Sequence[float] | None = None
) -> Floats:
    """Weights of ordinates in the (weighted) least-squares line through them, at other points.

    Returns
    -------
    array, shape (s, *shape of at): they sum to 1 over the s abscissae.

    Raises
    ------
    InputError
        If there is not one positive precision for each abscissa.
    """
    precision = (
        np.ones(len(abscissae)) if precisions is None else np.asarray(precisions, dtype=float)
    )
    if precision.shape != abscissae.shape or not (np.isfinite(precision) & (precision > 0)).all():
        raise InputError(
            f"expected a positive precision for each of {len(abscissae)} scales; got {precisions}"
        )
    precision = precision / precision.sum()
    centred = abscissae - precision @ abscissae
    slopes = precision * centred / (precision @ centred**2)
    shape = (len(abscissae),) + (1,) * at.ndim
    return np.asarray(
        precision.reshape(shape) + slopes.reshape(shape) * (at - precision @ abscissae)
    )


def noise_precisions(scales: Sequence[float]) -> list[float]:
    """Inverse variances of trainings at scales, up to a factor: `N_s^0.7`."""
    return [scale**NOISE_EXPONENT for scale in scales]
