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

    def rounded(self, precision: torch.dtype) -> "Sums":
        """With as many digits as this precision has, in its own range of exponents.

        Parts of a float32 kernel that were added in another order are then the same to the last
        bit, and so is all that follows.
        """
        return Sums(*(_rounded(part, precision) for part in (self.columns, self.flows, self.reach)))


def _rounded(values: Tensor, precision: torch.dtype) -> Tensor:
    """Veltkamp's split, which keeps the leading digits."""
    if precision == values.dtype:
        return values
    split = values * (1 + torch.finfo(precision).eps / torch.finfo(values.dtype).eps)
    return split - (split - values)


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
        """One round in the kernel's domain, at g = centre + ε·scaling; scaling (B, v) float64.

        Rounded to the kernel's precision, after all rows are summed up.
        """

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
    """Units are the rows themselves.

    Attributes
    ----------
    count : of units.
    holder : (n,), the provider of each row; here one of all.
    """

    def __init__(self, rows: int, device: torch.device | None = None) -> None:
        self.count = rows
        self.holder = torch.zeros(rows, dtype=torch.long, device=device)

    def spread(self, weights: Tensor, rows: Rows, dtype: torch.dtype = torch.float64) -> Tensor:
        return weights.to(dtype)[:, rows].contiguous()

    def collect(self, values: Tensor, into: Tensor, rows: Rows) -> None:
        into[:, rows] = values


class ProviderUnits:
    """Units are providers; each spreads its weight evenly over its rows.

    Attributes
    ----------
    count, holder : as those of `RowUnits`.
    """

    def __init__(self, provider: Tensor, count: int) -> None:
        self.count = count
        self.holder = provider
        sizes = torch.bincount(provider, minlength=count).to(torch.float64)
        self._share = 1.0 / sizes[provider]

    def spread(self, weights: Tensor, rows: Rows, dtype: torch.dtype = torch.float64) -> Tensor:
        return (weights[:, self.holder[rows]] * self._share[rows]).to(dtype)

    def collect(self, values: Tensor, into: Tensor, rows: Rows) -> None:
        into.index_add_(1, self.holder[rows], values * self._share[rows])
