"""Ceilings of accuracies: a mixture that lacks a class cannot be right on it, at any size.

Beyond the largest scale the odds of `a/H` grow alike, with `H` the share of validation whose class
the mixture has: `a(N) = H / (1 + (H/a1 − 1)·e^(−g'))`, `a1` the prediction at the largest scale.
With `g` the growth of the log-odds of `a` by the model, `g̃ = g·(1 − a1)/(1 − a1/H)` is that of the
log-odds of `a/H`, and `g' = ½ median g̃ + ½ g̃` is half shrunken to that of the trained mixtures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from projektor_ray.storage.array_types import Floats

MOST_STRETCHED = 3.0
"""Largest factor from the growth of the odds of a to that of a/H."""
NEAREST = 0.95
"""A prediction that is nearer to its ceiling at the largest scale raises the ceiling, to 1 at most:
the pilot may have missed a rare class, and the probes did not."""
COMMON = 0.5
"""Share of the growth that is the trained mixtures' median."""
NEGLIGIBLE = 0.01
"""A class that is in less of the validation set makes no ceiling."""


@dataclass(frozen=True, eq=False)
class ClassShares:
    """Which classes of the validation set each provider holds.

    Attributes
    ----------
    providers : share of each provider's samples that each class has, shape (m, c).
    weights : share of each class in the metric, shape (c,); of a mean over classes 1/c.
    """

    providers: Floats
    weights: Floats

    def ceiling(self, mixtures: Floats, size: float) -> Floats:
        """`H(p) = Σ_c ν_c (1 − e^(−n_c))`, shape (q,).

        `n_c = N Σ_i p_i f_ic` samples of class c are expected, so that at least one is there with
        probability `1 − e^(−n_c)`: a vanishing share of a class counts as far as it is drawn.
        """
        return np.asarray(1 - self._absent(mixtures, size) @ self.weights)

    def ceiling_gradient(self, mixtures: Floats, size: float) -> Floats:
        """∂H/∂p, shape (q, m)."""
        absent = self._absent(mixtures, size)
        return np.asarray(size * (absent * self.weights) @ self.providers.T)

    def ceiling_slope(self, mixtures: Floats, size: float) -> Floats:
        """∂H/∂N, shape (q,)."""
        expected = mixtures @ self.providers
        return np.asarray((self._absent(mixtures, size) * expected) @ self.weights)

    def _absent(self, mixtures: Floats, size: float) -> Floats:
        """Probability that a class is absent, shape (q, c)."""
        return np.asarray(np.exp(-size * (mixtures @ self.providers)))

    def bind(self, size: float) -> bool:
        """Whether some provider alone lacks classes of the validation set."""
        alone = self.ceiling(np.eye(len(self.providers)), size)
        return bool(alone.min() < 1 - NEGLIGIBLE)

    def of_groups(self, groups: NDArray[np.intp]) -> "ClassShares":
        """The same of groups of providers: a group's shares are the mean of its members'.

        Parameters
        ----------
        groups : of each provider, 0, 1, …, shape (m,).
        """
        members = np.eye(int(groups.max()) + 1)[groups]
        return ClassShares(members.T @ self.providers / members.sum(axis=0)[:, None], self.weights)

    def state(self) -> dict[str, Any]:
        """The two arrays as plain values."""
        return {"providers": self.providers.tolist(), "weights": self.weights.tolist()}

    @staticmethod
    def restored(state: Mapping[str, Any]) -> "ClassShares":
        """What `state` wrote."""
        return ClassShares(np.array(state["providers"]), np.array(state["weights"]))


@dataclass(frozen=True, eq=False)
class CeilingCurve:
    """Accuracies below their ceilings as functions of the error δ of the model's log-odds, (q,).

    `a(δ) = H·σ(middle + stretch·δ)`.

    Attributes
    ----------
    now : the model's log-odds at the largest scale.
    rise : their growth from there.
    common_growth : median growth of the log-odds of a/H.
    class_ceiling : H(p).
    """

    now: Floats
    rise: Floats
    common_growth: float
    class_ceiling: Floats

    @property
    def _value_now(self) -> Floats:
        return np.asarray(expit(self.now))

    @property
    def _raised(self) -> Floats:
        """The least ceiling that the prediction at the largest scale allows."""
        return np.minimum(self._value_now / NEAREST, 1.0)

    @property
    def ceiling(self) -> Floats:
        """H(p), or more, up to 1, where the prediction at the largest scale is nearer."""
        return np.maximum(self.class_ceiling, self._raised)

    @property
    def _full_stretch(self) -> Floats:
        a, ceiling = self._value_now, self.ceiling
        return np.asarray(ceiling * (1 - a) / (ceiling - a))

    @property
    def stretch(self) -> Floats:
        """d logit(a/H) / d logit(a) at the largest scale, cut."""
        return np.minimum(self._full_stretch, MOST_STRETCHED)

    @property
    def growth(self) -> Floats:
        """g', of the log-odds of a/H."""
        own = self.stretch * self.rise
        return np.asarray(COMMON * self.common_growth + (1 - COMMON) * own)

    @property
    def middle(self) -> Floats:
        """Log-odds of a/H."""
        return np.asarray(logit(self._value_now / self.ceiling) + self.growth)

    def value(self, error: Floats | float = 0.0) -> Floats:
        """a(δ); errors of any shape (…, q)."""
        return np.asarray(self.ceiling * expit(self.middle + self.stretch * error))

    @property
    def slope(self) -> Floats:
        """da/dδ at 0, shape (q,)."""
        return np.asarray(self.ceiling * expit(self.middle) * expit(-self.middle) * self.stretch)

    def differential(
        self, now: Floats, rise: Floats, common_growth: float, ceiling: Floats
    ) -> Floats:
        """da from the differentials of the four attributes, (q,) or, along shares, (q, m)."""
        columns = (self._value_now, self.ceiling, self.stretch, self._full_stretch)
        shape = (-1,) + (1,) * (now.ndim - 1)
        a, top, stretch, full = (one.reshape(shape) for one in columns)
        raised = self._raised.reshape(shape)
        d_a = a * (1 - a) * now
        d_raised = np.where(raised < 1.0, d_a / NEAREST, 0.0)
        d_top = np.where(self.class_ceiling.reshape(shape) > raised, ceiling, d_raised)
        d_log = d_top / top - d_a / (1 - a) - (d_top - d_a) / (top - a)
        d_stretch = np.where(full < MOST_STRETCHED, stretch * d_log, 0.0)
        d_own = d_stretch * self.rise.reshape(shape) + stretch * rise
        d_middle = d_a * top / (a * (top - a)) - d_top / (top - a)
        d_middle = d_middle + COMMON * common_growth + (1 - COMMON) * d_own
        share = expit(self.middle).reshape(shape)
        return np.asarray(d_top * share + top * share * (1 - share) * d_middle)
