"""Finished probes as arrays: what every predictor and scaling model is fitted to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from projektor_ray.designs.mixtures import SHARE_DIGITS, check_mixtures
from projektor_ray.errors import InputError
from projektor_ray.storage.array_types import Floats

FEW = 5
"""Fewer probes than this show little of a scale by themselves."""


@dataclass(frozen=True, eq=False)
class ProbeArrays:
    """Finished probes, a row each.

    Attributes
    ----------
    mixtures : (k, m).
    distances : (k,); zeros where they were not measured.
    sizes : (k,); all the same where a predictor of one scale is fitted.
    values : (k,), the metric.
    measured : whether the distances are known.
    gradients : of the distances along the shares, (k, m), where they are known.
    """

    mixtures: Floats
    distances: Floats
    sizes: Floats
    values: Floats
    measured: bool = True
    gradients: Floats | None = None

    @staticmethod
    def check(
        mixtures: ArrayLike,
        distances: ArrayLike | None,
        values: ArrayLike,
        sizes: ArrayLike | None = None,
        gradients: Floats | None = None,
    ) -> "ProbeArrays":
        """Checked probes; absent sizes are all 1.

        Raises
        ------
        InputError
            If shapes disagree, a number is not finite, a mixture is not on the simplex, or a size
            is not a whole number of at least 1.
        """
        mixtures = np.asarray(mixtures, dtype=np.float64)
        if mixtures.ndim != 2:
            raise InputError(
                "expected mixtures of shape (k, m): a row per probe, a column per provider; "
                f"got shape {mixtures.shape}"
            )
        mixtures = check_mixtures(mixtures, mixtures.shape[1])
        count = len(mixtures)
        return ProbeArrays(
            mixtures,
            one_per_mixture("distances", distances, count),
            np.ones(count) if sizes is None else _check_sizes(sizes, count),
            one_per_mixture("values", values, count),
            measured=distances is not None,
            gradients=gradients,
        )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def n_providers(self) -> int:
        return int(self.mixtures.shape[1])

    @property
    def scales(self) -> tuple[int, ...]:
        """The sizes at which there are probes, ascending."""
        return tuple(int(size) for size in np.unique(self.sizes))

    @property
    def full_scales(self) -> tuple[int, ...]:
        """The scales without those of few or similar mixtures, such as the plans of a second stage.

        Few are fewer than 5 probes, and fewer than half of those at the scale with most. Mixtures
        are similar if their root mean square distance from their mean is below half of that at the
        scale with most probes. A model errs nearly alike at all of them, so that they cannot tell
        how much it errs elsewhere.
        """
        scales, counts = np.unique(self.sizes, return_counts=True)
        spreads = np.array([_spread(self.mixtures[self.sizes == scale]) for scale in scales])
        few = (counts < FEW) & (2 * counts < counts.max())
        similar = 2 * spreads < spreads[counts == counts.max()].max()
        return tuple(int(scale) for scale in scales[~few & ~similar])

    def take(self, rows: NDArray[Any]) -> "ProbeArrays":
        """The probes of these rows, given as indices or as a mask."""
        return ProbeArrays(
            self.mixtures[rows],
            self.distances[rows],
            self.sizes[rows],
            self.values[rows],
            self.measured,
            None if self.gradients is None else self.gradients[rows],
        )

    def at(self, scale: float) -> "ProbeArrays":
        """The probes of one size."""
        return self.take(self.sizes == scale)

    def below(self, scale: float) -> "ProbeArrays":
        """The probes of smaller sizes."""
        return self.take(self.sizes < scale)

    def overlap(self, mixture: Floats) -> float:
        """The largest `Σ_i min(p_i, q_i)` of a mixture with one of these: 1 if it is one."""
        return float(np.minimum(self.mixtures, mixture).sum(axis=1).max())

    def groups(self) -> list[NDArray[np.intp]]:
        """Rows of each distinct mixture, so that a mixture is left out, not one of its seeds.

        Where all probes are of one mixture, each is a group of its own.
        """
        groups = mixture_groups(self.mixtures)
        return groups if len(groups) > 1 else [np.array([row]) for row in range(len(self))]

    def state(self) -> dict[str, Any]:
        """Plain values, from which `restored` makes the same probes; without gradients."""
        arrays = {name: getattr(self, name) for name in _STORED}
        return {name: array.tolist() for name, array in arrays.items()} | {
            "measured": self.measured
        }

    @staticmethod
    def restored(state: Mapping[str, Any]) -> "ProbeArrays":
        """The probes that `state` wrote."""
        mixtures, distances, sizes, values = (
            np.asarray(state[name], dtype=np.float64) for name in _STORED
        )
        return ProbeArrays(mixtures, distances, sizes, values, bool(state["measured"]))


_STORED = ("mixtures", "distances", "sizes", "values")


def _spread(mixtures: Floats) -> float:
    """Root mean square distance of mixtures (k, m) from their mean."""
    return float(np.sqrt(mixtures.var(axis=0).sum()))


def mixture_groups(mixtures: Floats) -> list[NDArray[np.intp]]:
    """Rows of each distinct mixture, mixtures in the order of their first rows."""
    rounded = np.round(mixtures, SHARE_DIGITS)
    _, first, which = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    return [np.flatnonzero(which == group) for group in np.argsort(first)]


def one_per_mixture(what: str, numbers: ArrayLike | None, count: int) -> Floats:
    """`numbers` as a finite array of shape (count,); zeros if absent.

    Raises
    ------
    InputError
        If there are more or fewer than `count` of them, or one is not finite.
    """
    if numbers is None:
        return np.zeros(count)
    array = np.asarray(numbers, dtype=np.float64)
    if array.shape != (count,):
        raise InputError(
            f"expected {what} of shape ({count},), one for each mixture; got shape {array.shape}"
        )
    if not np.isfinite(array).all():
        first = int(np.flatnonzero(~np.isfinite(array))[0])
        raise InputError(
            f"{what} must be finite numbers; number {first} is {array[first]}. "
            "Leave out the probes that failed"
        )
    return array


def _check_sizes(sizes: ArrayLike, count: int) -> Floats:
    counts = one_per_mixture("sizes", sizes, count)
    wrong = np.flatnonzero((counts < 1) | (counts % 1 != 0))
    if len(wrong):
        raise InputError(
            f"sizes must be whole numbers of samples, at least 1; number {wrong[0]} is "
            f"{counts[wrong[0]]:g}. Write samples, not thousands or billions of them"
        )
    return counts
