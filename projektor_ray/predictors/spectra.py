"""Factorisations of a regression on a trend and a shrunken part; none depends on the values.

`Trend` has the free columns and their complement, `Spectrum` a kernel there, and `Factorised` all
candidate kernels of a model, shared by the models that are fitted to the same probes.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakValueDictionary

import numpy as np

from projektor_ray.storage.array_types import Floats

RANK_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class Trend:
    """The free columns `U` (n, k) at the probes, and their complement."""

    columns: Floats

    @cached_property
    def _singular(self) -> tuple[Floats, Floats, Floats, int]:
        left, singular, right = np.linalg.svd(self.columns, full_matrices=True)
        rank = int(np.sum(singular > RANK_TOLERANCE * singular[0]))
        return left, singular, right, rank

    @property
    def rank(self) -> int:
        return self._singular[3]

    @property
    def half_log_determinant(self) -> float:
        """`½ ln det UᵀU`, over the columns' span."""
        return float(np.log(self._singular[1][: self.rank]).sum())

    @cached_property
    def complement(self) -> Floats:
        """`Q`, shape (n, n − k)."""
        return self._singular[0][:, self.rank :]

    @cached_property
    def pseudo_inverse(self) -> Floats:
        """`U⁺`, shape (k, n)."""
        left, singular, right, rank = self._singular
        return np.asarray((right[:rank].T / singular[:rank]) @ left[:, :rank].T)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A shrunken part in the trend's complement: `Q V` (n, r) and `Λ` (r,)."""

    vectors: Floats
    values: Floats

    @staticmethod
    def of_kernel(trend: Trend, kernel: Floats) -> "Spectrum":
        """The spectrum of a kernel `R` (n, n)."""
        complement = trend.complement
        values, vectors = np.linalg.eigh(complement.T @ kernel @ complement)
        return Spectrum(complement @ vectors, np.maximum(values, 0.0))

    @staticmethod
    def of_columns(trend: Trend, columns: Floats) -> "Spectrum":
        """The spectrum of a ridge on columns `Z` (n, f): `R = Z Zᵀ`, without forming it."""
        complement = trend.complement
        reduced = complement.T @ columns
        left, singular, _ = np.linalg.svd(reduced, full_matrices=len(reduced) > reduced.shape[1])
        values = np.zeros(len(left))
        values[: len(singular)] = singular**2
        return Spectrum(complement @ left, values)


@dataclass(frozen=True, eq=False)
class Factorised:
    """What a fit needs that does not depend on the values: the trend, kernels, and their spectra.

    Attributes
    ----------
    trend : the free columns.
    kernels : the candidate kernels between the probes, (n, n) each.
    spectra : of each kernel.
    """

    trend: Trend
    kernels: Sequence[Floats]
    spectra: Sequence[Spectrum]

    @staticmethod
    def shared(
        key: tuple[Hashable, ...], make: Callable[[], tuple[Trend, Sequence[Floats]]]
    ) -> "Factorised":
        """The factorisation of a key; made once for all models that are alive.

        Parameters
        ----------
        key : identifies the model's kind and the probes' mixtures, distances and sizes.
        make : gives the trend and the kernels.
        """
        known = _FACTORISED.get(key)
        if known is None:
            trend, kernels = make()
            spectra = [Spectrum.of_kernel(trend, kernel) for kernel in kernels]
            known = _FACTORISED[key] = Factorised(trend, kernels, spectra)
        return known


_FACTORISED: WeakValueDictionary[tuple[Hashable, ...], Factorised] = WeakValueDictionary()
"""Factorisations that some fitted model holds."""
