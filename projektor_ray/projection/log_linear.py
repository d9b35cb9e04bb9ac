"""Eq. 3: the metric is linear in the logarithm of the size; and what that does to errors."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from projektor_ray.errors import InputError
from projektor_ray.storage.arrays import Floats

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
    if array.ndim != 1 or len(array) < fewest:
        raise InputError(
            f"a projection needs probes at {fewest} or more scales, N0 < N1 < …; "
            f"got {_listed(array)}. Train probes at another scale, a factor of 4 away"
        )
    ascending = all(low < high for low, high in itertools.pairwise(array))
    if not (np.isfinite(array).all() and array[0] >= 1 and ascending):
        raise InputError(
            "scales must be ascending sizes of at least 1 sample, N0 < N1 < …; "
            f"got {_listed(array)}"
        )
    return array


def _listed(scales: Floats) -> str:
    return ", ".join(f"{scale:,.10g}" for scale in scales.reshape(-1))


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


def scale_weights(
    size: ArrayLike, scales: Sequence[float], precisions: Sequence[float] | None = None
) -> Floats:
    """Weights `w_s(N)` of the scales in a log-linear projection: `L̂(N) = Σ_s w_s L̂(N_s)`.

    Least squares of `a + b·ln N` through the scales, weighed by `precisions` (inverse variances;
    equal if absent). With two scales these are Eq. 3's
    `w_0 = −ln(N/N1)/ln(N1/N0)` and `w_1 = ln(N/N0)/ln(N1/N0)`, whatever the precisions.

    Returns
    -------
    array, shape (s, *shape of size): they sum to 1 over the scales.

    Raises
    ------
    InputError
        If scales, size or precisions are not positive, ascending and as many as needed.
    """
    logs = np.log(check_scales(scales))
    return line_weights(np.log(check_size(size)), logs, precisions)


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


def project(
    size: ArrayLike,
    scales: Sequence[float],
    values: Sequence[ArrayLike],
    precisions: Sequence[float] | None = None,
) -> Floats:
    """The metric projected to a size, Eq. 3.

        L̂(N) = [ln(N/N0)·L̂(N1) − ln(N/N1)·L̂(N0)] / ln(N1/N0)

    With more than two scales, the (weighted) least squares of the same law.

    Parameters
    ----------
    size : N, of any shape that broadcasts against the values.
    scales : N0 < N1 < …
    values : the metric at each scale: numbers, or arrays over mixtures.

    Raises
    ------
    InputError
        If there is not one value for each scale, or one is not finite; see `scale_weights`.
    """
    weights = scale_weights(size, scales, precisions)
    if len(values) != len(weights):
        raise InputError(
            f"expected a value for each of {len(weights)} scales; got {len(values)} values"
        )
    arrays = [np.asarray(value, dtype=np.float64) for value in values]
    if not all(np.isfinite(array).all() for array in arrays):
        raise InputError("values to project must be finite numbers; got NaN or infinity")
    terms = [weight * array for weight, array in zip(weights, arrays, strict=True)]
    return np.asarray(sum(terms[1:], start=terms[0]))


def noise_precisions(scales: Sequence[float]) -> list[float]:
    """Inverse variances of trainings at scales, up to a factor: `N_s^0.7`."""
    return [scale**NOISE_EXPONENT for scale in scales]


def noise_gain(size: ArrayLike, scales: Sequence[float]) -> Floats:
    """Factor by which a projection amplifies an independent error of equal size at each scale.

    `√Σ_s w_s²`, with weights by `noise_precisions`, as the model `eq3` has them; with two
    scales `√(ln²(N/N0) + ln²(N/N1)) / ln(N1/N0)`: from (1000, 1500) to 10,000 it is 7.36, from
    (100, 1000) 2.24. Keep the scales a factor of 4 or more apart.
    """
    weights = scale_weights(size, scales, noise_precisions(scales))
    return np.asarray(np.sqrt(np.sum(weights**2, axis=0)))


def reach(size: int, scales: Sequence[int]) -> str:
    """Where a size lies, seen from the scales that were trained: in words."""
    first, last = scales[0], scales[-1]
    if size in scales:
        return f"{size:,} is a scale that was trained"
    if size > last:
        return f"{size:,} is {size / last:.3g}× the largest scale"
    if size > first:
        return f"{size:,} lies between the scales: interpolated"
    return (
        f"{size:,} lies below the smallest scale, {first:,}: extrapolated downwards, where no "
        "probe tells; train a smaller scale"
    )
