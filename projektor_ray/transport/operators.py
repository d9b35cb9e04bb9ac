"""What an entropic solve needs of a transport problem, seen from the target side.

The solver keeps the target potentials g only, one row for each mixture. The source potential is
the soft c-transform of g,

    f_i = −ε log Σ_j b_j exp((g_j − C_ij) / ε),

which every source row computes for itself. Source rows may therefore be spread over any number of
processes, and only sums over rows are exchanged.

Layout is batch first: potentials (B, v), weights (B, r). Weights and source potentials are given
for r *parts* of the source rows: single rows, or providers whose rows share one weight evenly.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = slice | Tensor
"""Some rows: a range of them, or their indices."""

CentreArrays = tuple[NDArray[Any], float, bool]
"""The fields of a `Centre` as plain values, which other processes can read."""


@dataclass(frozen=True, eq=False)
class Centre:
    """The dual potentials that a Gibbs kernel is stabilised with (Schmitzer, 2019, §3.1).

    Attributes
    ----------
    potential : (v,), float64, target potentials g⁰.
    epsilon : ε.
    double : whether the kernel is float64 whatever the operator's precision.
    """

    potential: Tensor
    epsilon: float
    double: bool = False

    def equals(self, other: "Centre") -> bool:
        return self is other or (
            self.epsilon == other.epsilon
            and self.double == other.double
            and torch.equal(self.potential, other.potential)
        )

    def to_arrays(self) -> CentreArrays:
        return self.potential.cpu().numpy(), self.epsilon, self.double

    @staticmethod
    def from_arrays(arrays: CentreArrays, device: torch.device) -> "Centre":
        potential, epsilon, double = arrays
        return Centre(torch.tensor(potential, dtype=torch.float64, device=device), epsilon, double)


@dataclass(frozen=True, eq=False)
class PlanSums:
    """Sums over the source rows of the plan P_ij = a_i K_ij exp(φ_i + s_j).

    K is the stabilised kernel, s = (g − g⁰)/ε the target log-scaling, and e^(−φ_i) = Σ_j K_ij
    e^(s_j), so that the source marginal is exact.

    Attributes
    ----------
    columns : (B, v), e^shift Σ_i a_i e^(φ_i) K_ij: the target marginal is
        columns_j · e^(s_j − shift).
    flows : (B, k, k), mass of P from the rows nearest to block l of targets (second axis) to
        block l' of targets (third axis).
    log_mass : (B,), log Σ_i a_i e^(φ_i): kernel entries below δ carry less mass than
        δ exp(log_mass) Σ_j e^(s_j).
    shift : (B, 1). Where s is large, columns without it would lose their digits below float64's
        range.
    """

    columns: Tensor
    flows: Tensor
    log_mass: Tensor
    shift: Tensor | float = 0.0

    @property
    def log_columns(self) -> Tensor:
        """(B, v), log Σ_i a_i e^(φ_i) K_ij."""
        return self.columns.log() - self.shift

    def round_to(self, dtype: torch.dtype) -> "PlanSums":
        """Round to the significant digits of `dtype`, and keep the range of float64.

        Parts of a float32 kernel that were added in another order are then equal to the last bit,
        and so is all that follows.
        """
        columns, flows, log_mass = (
            _round(part, dtype) for part in (self.columns, self.flows, self.log_mass)
        )
        return PlanSums(columns, flows, log_mass, self.shift)


def _round(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Veltkamp splitting: keep the leading digits."""
    if dtype == values.dtype:
        return values
    split = values * (1 + torch.finfo(dtype).eps / torch.finfo(values.dtype).eps)
    return split - (split - values)


class SourceOperator(Protocol):
    """Source rows and their cost to the targets; every call is idempotent."""

    @property
    def target(self) -> Tensor:
        """Target weights b (v,), float64, positive, summing to 1."""

    @property
    def blocks(self) -> Tensor:
        """The block 0 … k − 1 of each target (v,), none empty."""

    @property
    def parts(self) -> int:
        """Number r of parts that weights and source potentials are given for."""

    @property
    def magnitude(self) -> float:
        """An upper bound on the absolute cost."""

    def mass_limit(self, centre: Centre) -> float:
        """Largest log_mass + log Σ_j e^(s_j) at which underflow in the kernel is negligible."""

    def sums(self, centre: Centre, log_scaling: Tensor, weights: Tensor) -> PlanSums:
        """Sums of the plan at g = g⁰ + ε·log_scaling, (B, v) float64.

        They are rounded to the kernel's precision after all rows are summed.
        """

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        """log Σ_i a_i exp((f_i − C_ij)/ε), f the soft c-transform of `potential`: (B, v)."""

    def source_potentials(self, centre: Centre, log_scaling: Tensor) -> Tensor:
        """Mean source potential of every part at g = g⁰ + ε·log_scaling: (B, r) float64."""


class CostRows(Protocol):
    """A cost matrix (n, v), read some rows at a time."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def magnitude(self) -> float:
        """An upper bound on the absolute cost."""

    def rows(self, rows: Rows) -> Tensor:
        """Some rows of the cost, (rows, v)."""


@dataclass(frozen=True, eq=False)
class MatrixCost:
    """A cost matrix that is in memory as a whole."""

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


class RowPartition:
    """Every source row is a part of its own.

    Attributes
    ----------
    count : number r of parts.
    provider : (n,), the provider of each row; here all rows have the same.
    """

    def __init__(self, rows: int, device: torch.device | None = None) -> None:
        self.count = rows
        self.provider = torch.zeros(rows, dtype=torch.long, device=device)

    def expand(self, weights: Tensor, rows: Rows, dtype: torch.dtype = torch.float64) -> Tensor:
        """Weights of parts (B, r) → weights of some rows."""
        return weights.to(dtype)[:, rows].contiguous()

    def add_means(self, values: Tensor, means: Tensor, rows: Rows) -> None:
        """Add what values (B, rows) of some rows contribute to the means (B, r) of parts."""
        means[:, rows] = values


class ProviderPartition:
    """The parts are providers: each shares its weight p_i evenly among its n_i rows.

    Attributes
    ----------
    count, provider : as those of `RowPartition`.
    """

    def __init__(self, provider: Tensor, count: int) -> None:
        self.count = count
        self.provider = provider
        sizes = torch.bincount(provider, minlength=count).to(torch.float64)
        self._share = 1.0 / sizes[provider]

    def expand(self, weights: Tensor, rows: Rows, dtype: torch.dtype = torch.float64) -> Tensor:
        """Weights of providers (B, m) → weights p_i / n_i of some rows."""
        return (weights[:, self.provider[rows]] * self._share[rows]).to(dtype)

    def add_means(self, values: Tensor, means: Tensor, rows: Rows) -> None:
        """Add what values (B, rows) of some rows contribute to the means (B, m) of providers."""
        means.index_add_(1, self.provider[rows], values * self._share[rows])


Partition = RowPartition | ProviderPartition
