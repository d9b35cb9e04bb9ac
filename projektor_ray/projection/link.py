"""From a bounded metric to a scale on which powers of N are straight lines in ln N, and back."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats

LARGEST_EXPONENT = 300.0
"""Beyond it exp would overflow; no metric is that far from its bound."""


@dataclass(frozen=True)
class Link:
    """`z = ln((v − low) / (high − v))`; with one bound, `ln(v − low)` or `−ln(high − v)`.

    An error that falls as a power of N, the usual law of learning curves, is then linear in ln N:
    so is an accuracy's far from its bound, and so are losses and errors above 0.

    Attributes
    ----------
    low, high : bounds of the metric; one may be infinite.
    margin : how near to a bound a value is taken to be, where it lies on it.
    """

    low: float
    high: float
    margin: float

    @staticmethod
    def of(bounds: tuple[float, float] | None, values: Floats) -> "Link":
        """The link of a metric; its margin is half the least gap that the values leave to a bound.

        Raises
        ------
        InputError
            If neither bound is finite.
        """
        low, high = bounds or (-np.inf, np.inf)
        if not (np.isfinite(low) or np.isfinite(high)):
            raise InputError(
                "a power law needs a metric with a bound, such as (0, 1) for an accuracy; "
                "use the projection 'joint' for one without"
            )
        gaps = np.minimum(values - low, high - values)
        gaps = gaps[gaps > 0]
        if not gaps.size:
            raise InputError(
                f"every value lies on the metric's bound ({low:g} or {high:g}), so that nothing "
                "tells how it is neared; use the projection 'joint'"
            )
        return Link(low, high, 0.5 * float(gaps.min()))

    def to(self, values: Floats) -> Floats:
        """z of values of the metric, of any shape."""
        inside = np.clip(values, self.low + self.margin, self.high - self.margin)
        if np.isinf(self.high):
            return np.asarray(np.log(inside - self.low))
        if np.isinf(self.low):
            return np.asarray(-np.log(self.high - inside))
        return np.asarray(logit((inside - self.low) / (self.high - self.low)))

    def back(self, straight: Floats) -> Floats:
        """The metric at z."""
        if np.isinf(self.high):
            return np.asarray(self.low + self._gap(straight))
        if np.isinf(self.low):
            return np.asarray(self.high - self._gap(-straight))
        return np.asarray(self.low + (self.high - self.low) * expit(straight))

    def slope(self, straight: Floats) -> Floats:
        """Derivative of `back` at z."""
        if np.isinf(self.high):
            return self._gap(straight)
        if np.isinf(self.low):
            return self._gap(-straight)
        return np.asarray((self.high - self.low) * expit(straight) * expit(-straight))

    @staticmethod
    def _gap(exponent: Floats) -> Floats:
        return np.asarray(np.exp(np.minimum(exponent, LARGEST_EXPONENT)))


@dataclass(frozen=True, eq=False)
class LinkCurve:
    """Metrics as functions of the error δ of what is predicted on the link's scale, (q,)."""

    link: Link
    middle: Floats

    def value(self, error: Floats | float = 0.0) -> Floats:
        """The metric at δ; errors of any shape (…, q)."""
        return self.link.back(self.middle + error)

    @property
    def slope(self) -> Floats:
        """Its derivative at 0, shape (q,)."""
        return self.link.slope(self.middle)
