"""Eq. 3: the metric is linear in the logarithm of the size; and what that does to errors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from projektor_ray.errors import InputError
from projektor_ray.projection.line_weights import (
    check_scales,
    check_size,
    line_weights,
    noise_precisions,
)
from projektor_ray.projection.per_scale import PerScale
from projektor_ray.storage.array_types import Floats


class LogLinear(PerScale):
    """Eq. 3: the metric is linear in ln N for each mixture.

    Over more than two scales, least squares of the same law, weighed by N^0.7 because the noise of
    trainings falls so; over two, Eq. 3 itself.
    """

    name = "eq3"

    def weights(self, size: float) -> Floats:
        return scale_weights(size, self.scales, self._precisions())

    def _weight_slopes(self, size: float) -> Floats:
        doubled = scale_weights(np.array([1.0, np.e]), self.scales, self._precisions())
        return np.asarray((doubled[:, 1] - doubled[:, 0]) / size)

    def _join(self, values: Floats, size: float) -> Floats:
        return project(size, self.scales, list(values), self._precisions())


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


def noise_gain(size: ArrayLike, scales: Sequence[float]) -> Floats:
    """Factor by which a projection amplifies an independent error of equal size at each scale.

    `√Σ_s w_s²`, with weights by `noise_precisions`, as the model `eq3` has them; with two
    scales `√(ln²(N/N0) + ln²(N/N1)) / ln(N1/N0)`: from (1000, 1500) to 10,000 it is 7.36, from
    (100, 1000) 2.24. Keep the scales a factor of 4 or more apart.
    """
    weights = scale_weights(size, scales, noise_precisions(scales))
    return np.asarray(np.sqrt(np.sum(weights**2, axis=0)))
