"""The Matérn 5/2 correlation, and fast sums of it along a line."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from projektor_ray.storage.array_types import Floats


def matern(scaled: Floats) -> Floats:
    """`κ(r) = (1 + √5 r + 5r²/3)·exp(−√5 r)`."""
    root = np.sqrt(5.0) * scaled
    polynomial, square = 1 + root, root**2
    square /= 3
    polynomial += square
    polynomial *= np.exp(np.negative(root, out=root), out=root)
    return np.asarray(polynomial)


def matern_and_pull(scaled: Floats) -> tuple[Floats, Floats]:
    """κ(r), and κ'(r) / r."""
    root = np.sqrt(5.0) * scaled
    decay, linear = np.exp(-root), 1 + root
    return (linear + root**2 / 3) * decay, -(5 / 3) * linear * decay


@dataclass(frozen=True, eq=False)
class LineSums:
    """`Σ_l Σ_n w_ln κ(|x − y_n| / ℓ_l)` for each column by itself, as a function of x.

    With `u = √5 (x − y) / ℓ` the sum over the centres below x is one of `w (1 + u + u²/3) e^(−u)`,
    and `u^k e^(−u)` is `e^(−x)` times a polynomial in x whose coefficients are sums over the
    centres alone. Those are cumulative in the order of the centres and made once, so that a column
    of q points and n centres costs `q·log n`, not `q·n`. Centres above x are those below, mirrored.

    Attributes
    ----------
    rates : √5 / ℓ, shape (l, 1, 1).
    middle : mean of each column's centres, shape (m,).
    ordered : the centres less the middle, ascending, shape (n, m).
    below, above : the coefficients, see `_moments`, shape (l, 3, (n + 1)·m).
    """

    rates: Floats
    middle: Floats
    ordered: Floats
    below: Floats
    above: Floats

    @staticmethod
    def of(centres: Floats, weights: Floats, lengths: Floats) -> "LineSums":
        """Of centres y (n, m), weights w (l, n) and lengths ℓ (l,)."""
        rates, middle = np.sqrt(5.0) / lengths[:, None, None], centres.mean(axis=0)
        order = np.argsort(centres, axis=0)
        ordered, weighed = np.take_along_axis(centres, order, axis=0) - middle, weights[:, order]
        at = rates * ordered
        below, above = _moments(at, weighed), _moments(-at[:, ::-1], weighed[:, ::-1])
        return LineSums(rates, middle, ordered, below, above)

    def plus(self, factor: float, other: "LineSums") -> "LineSums":
        """`self + factor·other`, of other weights of the same centres and lengths."""
        below, above = self.below + factor * other.below, self.above + factor * other.above
        return replace(self, below=below, above=above)

    def __call__(self, points: Floats) -> tuple[Floats, Floats]:
        """The sums at points (q, m), and their derivatives along x: (q, m) each."""
        centred = points - self.middle
        ranks, at = _ranks(centred, self.ordered), self.rates * centred
        below, falls = _sums_below(at, self.below, ranks)
        above, rises = _sums_below(-at, self.above, len(self.ordered) - ranks)
        return (below + above).sum(axis=0), (self.rates * (falls - rises)).sum(axis=0)


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
    """`Σ w y^k e^y` over the first j centres of column i, j = 0 …, k = 0, 1, 2, at `j·m + i`.

    From (l, n, m) to (l, 3, (n + 1)·m).
    """
    lengths, count, columns = ordered.shape
    moments, term = np.zeros((lengths, 3, count + 1, columns)), weighed * np.exp(ordered)
    for power in range(3):
        np.cumsum(term, axis=1, out=moments[:, power, 1:])
        term = term * ordered
    return moments.reshape(lengths, 3, -1)


def _sums_below(at: Floats, moments: Floats, ranks: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Sums over the first `ranks` (q, m) centres of a column at points (l, q, m), and their
    derivatives: (l, q, m) each.
    """
    places = ranks.shape[1] * ranks + np.arange(ranks.shape[1])
    decay = np.exp(-at)[:, None]
    none, first, second = np.moveaxis(np.take(moments, places, axis=2) * decay, 1, 0)
    linear = at * none - first
    square = at * (linear - first) + second
    return none + linear + square / 3, -(linear + square) / 3
