"""The Matérn 5/2 correlation, and fast sums of it along a line."""

import numpy as np
from numpy.typing import NDArray

from projektor_ray.storage.array_types import Floats


def matern(scaled: Floats) -> Floats:
    """`κ(r) = (1 + √5 r + 5r²/3)·exp(−√5 r)`."""
    root = np.sqrt(5.0) * scaled
    return np.asarray((1 + root + root**2 / 3) * np.exp(-root))


def pull(scaled: Floats) -> Floats:
    """κ'(r) / r."""
    root = np.sqrt(5.0) * scaled
    return np.asarray(-(5 / 3) * (1 + root) * np.exp(-root))


class LineSums:
    """`Σ_n w_n κ(|x − y_n| / ℓ)` for each column by itself, as a function of x.

    With `u = √5 (x − y) / ℓ` the sum over the centres below x is one of `w (1 + u + u²/3) e^(−u)`,
    and `u^k e^(−u)` is `e^(−x)` times a polynomial in x whose coefficients are sums over the
    centres alone. Those are cumulative in the order of the centres and made once, so that a column
    of q points and n centres costs `q·log n`, not `q·n`. Centres above x are those below, mirrored.

    Parameters
    ----------
    centres : y, shape (n, m).
    weights : w, shape (n,).
    length : ℓ.
    """

    def __init__(self, centres: Floats, weights: Floats, length: float) -> None:
        self._rate = np.sqrt(5.0) / length
        self._middle = centres.mean(axis=0)
        order = np.argsort(centres, axis=0)
        ordered = np.take_along_axis(centres, order, axis=0) - self._middle
        self._ordered, weighed = self._rate * ordered, weights[order]
        self._below = _moments(self._ordered, weighed)
        self._above = _moments(-self._ordered[::-1], weighed[::-1])

    def __call__(self, points: Floats) -> tuple[Floats, Floats]:
        """The sums at points (q, m), and their derivatives along x: (q, m) each."""
        at = self._rate * (points - self._middle)
        ranks = _ranks(at, self._ordered)
        below, falls = _sums_below(at, self._below, ranks)
        above, rises = _sums_below(-at, self._above, len(self._ordered) - ranks)
        return below + above, self._rate * (falls - rises)


def _ranks(at: Floats, ordered: Floats) -> NDArray[np.intp]:
    """How many centres of their column points (q, m) are at or above: one search for all columns,
    which are shifted until none overlap.
    """
    count, columns = ordered.shape
    width = 1 + max(at.max(), ordered.max()) - min(at.min(), ordered.min())
    shift = width * np.arange(columns)
    places = np.searchsorted((ordered + shift).T.ravel(), at + shift, side="right")
    return np.asarray(places - count * np.arange(columns))


def _moments(ordered: Floats, weighed: Floats) -> Floats:
    """`Σ w y^k e^y` over the first n centres of each column, n = 0 …, k = 0, 1, 2."""
    powers = np.arange(3)[:, None, None]
    moments = np.zeros((3, len(ordered) + 1, ordered.shape[1]))
    np.cumsum(weighed * np.exp(ordered) * ordered**powers, axis=1, out=moments[:, 1:])
    return moments


def _sums_below(at: Floats, moments: Floats, ranks: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Sums over the first `ranks` centres of a column, and their derivatives: (q, m) each."""
    none, first, second = np.take_along_axis(moments, ranks[None], axis=1) * np.exp(-at)
    linear = at * none - first
    square = at**2 * none - 2 * at * first + second
    return none + linear + square / 3, -(linear + square) / 3
