"""Mixtures → their distances to the validation set, with gradients: the one protocol for it.

Four kinds of values keep the protocol: `TransportDistances` solves transport, over pilots in this
process or in shards; `InterpolatedDistances` interpolates between measured mixtures;
`CachedDistances` remembers another's results. Importing this file loads no numerics.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from projektor_ray.storage.array_types import Floats


@dataclass(frozen=True, eq=False)
class Distances:
    """Distances of B mixtures to the validation set, in units of the mean feature cost.

    Attributes
    ----------
    value : (B,), S_ε(p) = OT_ε(μ_p, ν) − ½ OT_ε(μ_p, μ_p) − ½ OT_ε(ν, ν), or OT_ε(μ_p, ν) where
        `debiased` is off, or W(μ_p, ν) by the exact method.
    gradient : (B, m), ∂value/∂p_i up to a constant common to all i. A solve chooses the constant
        so that Σ_i p_i gradient_i = 0: along e_i − p the gradient is the derivative itself. Defined
        for providers that are absent from the mixture, too.
    marginal_error : (B,), the largest L1 marginal error among the terms.
    converged : (B,), whether the marginal error is within the tolerance.
    iterations : (B,), rounds of the transport to validation.
    """

    value: Floats
    gradient: Floats
    marginal_error: Floats
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]

    @staticmethod
    def closed_form(value: Floats, gradient: Floats) -> "Distances":
        """Distances from a formula: no iterations, no marginal error."""
        count = len(value)
        zero = np.zeros(count)
        return Distances(value, gradient, zero, np.ones(count, bool), zero.astype(np.int64))

    @staticmethod
    def concatenate(parts: Sequence["Distances"]) -> "Distances":
        """The distances of all parts' mixtures, in order."""
        names = [field.name for field in fields(Distances)]
        return Distances(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))

    def take(self, index: NDArray[np.int64]) -> "Distances":
        """The distances of some of the mixtures."""
        return Distances(*(getattr(self, field.name)[index] for field in fields(Distances)))


class DistanceFunction(Protocol):
    """Mixtures (B, m) → their distances and gradients, one batched solve."""

    def __call__(self, mixtures: Floats, /) -> Distances: ...


class CachedDistances:
    """Distances of batches that are requested again and again, such as along a curve."""

    def __init__(self, distances: DistanceFunction) -> None:
        self._distances = distances
        self._cache: dict[bytes, Distances] = {}

    def __call__(self, mixtures: Floats, /) -> Distances:
        key = np.ascontiguousarray(mixtures).tobytes()
        if key not in self._cache:
            self._cache[key] = self._distances(mixtures)
        return self._cache[key]
