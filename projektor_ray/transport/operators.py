"""One round of a batched Sinkhorn solve, seen from the target side.

The solver keeps target potentials only, one row for each mixture. An operator knows the cost
between source points and targets, and answers three questions about target potentials `g`. The
source potential of `g` is the soft c-transform f_i = −ε log Σ_j b_j exp((g_j − C_ij)/ε), which
every source row computes for itself, so that source rows may be spread over any number of shards
and only sums over rows travel.

Layout is batch first: potentials (B, v), weights (B, r). A *unit* is what weights and source
potentials are given for: a source row, or a provider whose rows share its weight evenly.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = slice | Tensor
"""Some rows: a range of them, or their indices."""


@dataclass(frozen=True, eq=False)
class Centre:
    """What a kernel is built around.

    Attributes
    ----------
    potential : (v,), float64, target potentials.
    epsilon : ε.
    wide : whether the kernel is float64 whatever the operator's precision: its range is wider.
    """

    potential: Tensor
    epsilon: float
    wide: bool = False

    def same(self, other: "Centre") -> bool:
        return self is other or (
            self.epsilon == other.epsilon
            and self.wide == other.wide
            and torch.equal(self.potential, other.potential)
        )


PackedCentre = tuple[NDArray[Any], float, bool]
"""A `Centre` on its way to another process: its potential, ε, and whether it is wide."""


def packed(centre: Centre) -> PackedCentre:
    return centre.potential.cpu().numpy(), centre.epsilon, centre.wide


def unpacked(centre: PackedCentre, device: torch.device) -> Centre:
    potential, epsilon, wide = centre
    return Centre(torch.tensor(potential, dtype=torch.float64, device=device), epsilon, wide)


@dataclass(frozen=True, eq=False)
class Sums:
    """What a round returns.

    Attributes
    ----------
    columns : (B, v), Σ_i a_i π_ij(g) before the target's own scaling e^s_j: the target marginal
        of the plan of (f, g) is e^s_j · columns_j.
    flows : (B, k, k), mass of that plan from the rows nearest to each block of targets (second
        axis) into each block (third axis).
    reach : (B,), log Σ_i a_i e^(φ_i): the plan's entries are the kernel's times
        a_i exp(φ_i + s_j), so that entries under a number δ carry less than δ e^reach Σ_j e^(s_j).
    """

    columns: Tensor
    flows: Tensor
    reach: Tensor


class SourceOperator(Protocol):
    """Source rows and their cost to the targets; rounds are idempotent calls."""

    @property
    def target(self) -> Tensor:
        """Weights of the targets (v,), float64, positive, summing to 1."""

    @property
    def blocks(self) -> Tensor:
        """The block 0 … k − 1 of each target (v,), none empty."""

    @property
    def units(self) -> int:
        """Number r of units that weights and source potentials are given for."""

    @property
    def magnitude(self) -> float:
        """An upper bound on the cost's absolute entries."""

    def ceiling(self, centre: Centre) -> float:
        """Largest reach + log Σ_j e^(s_j) at which entries that underflowed do not matter."""

    def sums(self, centre: Centre, scaling: Tensor, weights: Tensor) -> Sums:
        """One round in the kernel's domain, at g = centre + ε·scaling; scaling (B, v) float64."""

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        """log Σ_i a_i exp((f_i − C_ij)/ε) with f the soft c-transform of potential: (B, v)."""

    def source_potentials(self, centre: Centre, scaling: Tensor) -> Tensor:
        """Mean source potential of every unit at g = centre + ε·scaling: (B, r) float64."""


class CostRows(Protocol):
    """A cost matrix by some rows at a time."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def magnitude(self) -> float:
        """An upper bound on the cost's absolute entries."""

    def rows(self, rows: Rows) -> Tensor:
        """Some rows of the cost, (rows, v)."""


@dataclass(frozen=True, eq=False)
class MatrixCost:
    """A cost matrix that is held whole."""

    cost: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        return (self.cost.shape[0], self.cost.shape[1])

    @property
    def magnitude(self) -> float:
        low, high = torch.aminmax(self.cost)
        return max(abs(float(low)), abs(float(high)))

    def rows(self, rows: Rows) -> Tensor:
        return self.cost[rows]


class RowUnits:
    """Units are the rows themselves."""

    def __init__(self, rows: int) -> None:
        self.count = rows

    def spread(self, weights: Tensor, rows: Rows) -> Tensor:
        return weights[:, rows]

    def collect(self, values: Tensor, into: Tensor, rows: Rows) -> None:
        into[:, rows] = values


class ProviderUnits:
    """Units are providers; each spreads its weight evenly over its rows."""

    def __init__(self, provider: Tensor, count: int) -> None:
        self.count = count
        self._provider = provider
        sizes = torch.bincount(provider, minlength=count).to(torch.float64)
        self._share = 1.0 / sizes[provider]

    def spread(self, weights: Tensor, rows: Rows) -> Tensor:
        return weights[:, self._provider[rows]] * self._share[rows]

    def collect(self, values: Tensor, into: Tensor, rows: Rows) -> None:
        into.index_add_(1, self._provider[rows], values * self._share[rows])
