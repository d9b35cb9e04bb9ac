"""One round of a batched Sinkhorn solve, seen from the target side.

The solver keeps target potentials only, one row for each mixture. An operator knows the cost
between source points and targets, and answers three questions about target potentials `g`. The
source potential of `g` is the soft c-transform f_i = −ε log Σ_j b_j exp((g_j − C_ij)/ε), which
every source row computes for itself, so that source rows may be spread over any number of shards
and only sums over rows travel.

Layout is batch first: potentials (B, v), weights (B, r). A *unit* is what weights and source
potentials are given for: a source row, or a provider whose rows share its weight evenly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

FLOAT32_CEILING = 70.0
"""Largest φ_i + s_j at which entries that underflowed float32 carry under 1e-7 of a row's mass."""
FLOAT64_CEILING = 600.0
EXACT_EXPONENT = 100.0
"""Largest |C|/ε at which float32 exponents keep a kernel entry to 1e-5 of itself."""
BLOCK_ELEMENTS = 1 << 20


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
    ceiling : (B,), largest φ_i over the rows: the plan's entries are the kernel's times
        exp(φ_i + s_j), so that max φ + max s tells how far the kernel is from its safe range.
    """

    columns: Tensor
    ceiling: Tensor


class SourceOperator(Protocol):
    """Source rows and their cost to the targets; rounds are idempotent calls."""

    @property
    def target(self) -> Tensor:
        """Weights of the targets (v,), float64, positive, summing to 1."""

    @property
    def units(self) -> int:
        """Number r of units that weights and source potentials are given for."""

    @property
    def magnitude(self) -> float:
        """An upper bound on the cost's absolute entries."""

    def ceiling(self, centre: Centre) -> float:
        """Largest φ_i + s_j at which a round is exact to the precision of the centre's kernel."""

    def sums(self, centre: Centre, scaling: Tensor, weights: Tensor) -> Sums:
        """One round in the kernel's domain, at g = centre + ε·scaling; scaling (B, v) float64."""

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        """log Σ_i a_i exp((f_i − C_ij)/ε) with f the soft c-transform of potential: (B, v)."""

    def source_potentials(self, centre: Centre, scaling: Tensor) -> Tensor:
        """Mean source potential of every unit at g = centre + ε·scaling: (B, r) float64."""


class CostRows(Protocol):
    """A cost matrix by blocks of rows."""

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def magnitude(self) -> float:
        """An upper bound on the cost's absolute entries."""

    def block(self, start: int, stop: int) -> Tensor:
        """Rows start … stop of the cost, (stop − start, v)."""


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

    def block(self, start: int, stop: int) -> Tensor:
        return self.cost[start:stop]


class RowUnits:
    """Units are the rows themselves."""

    def __init__(self, rows: int) -> None:
        self.count = rows

    def spread(self, weights: Tensor, start: int, stop: int) -> Tensor:
        return weights[:, start:stop]

    def collect(self, rows: Tensor, into: Tensor, start: int, stop: int) -> None:
        into[:, start:stop] = rows


class ProviderUnits:
    """Units are providers; each spreads its weight evenly over its rows."""

    def __init__(self, provider: Tensor, count: int) -> None:
        self.count = count
        self._provider = provider
        sizes = torch.bincount(provider, minlength=count).to(torch.float64)
        self._share = 1.0 / sizes[provider]

    def spread(self, weights: Tensor, start: int, stop: int) -> Tensor:
        return weights[:, self._provider[start:stop]] * self._share[start:stop]

    def collect(self, rows: Tensor, into: Tensor, start: int, stop: int) -> None:
        into.index_add_(1, self._provider[start:stop], rows * self._share[start:stop])


class KernelOperator:
    """The operator on one device: the kernel held whole, or rebuilt block by block.

    The kernel is K_ij = b_j exp((f⁰_i + g⁰_j − C_ij)/ε) with f⁰ the soft c-transform of the centre
    g⁰: its rows sum to 1, so that no entry overflows and no row vanishes.
    """

    def __init__(
        self,
        cost: CostRows,
        target: Tensor,
        units: RowUnits | ProviderUnits,
        dtype: torch.dtype,
        *,
        keep: bool = True,
    ) -> None:
        self._cost = cost
        self._target = target.to(torch.float64)
        self._log_target = self._target.log()
        self._units = units
        self._dtype = dtype
        self._keep = keep
        self._magnitude = cost.magnitude
        self._held: _Held | None = None
        self._last: tuple[Tensor, Tensor] | None = None

    @property
    def target(self) -> Tensor:
        return self._target

    @property
    def units(self) -> int:
        return self._units.count

    @property
    def magnitude(self) -> float:
        return self._magnitude

    def ceiling(self, centre: Centre) -> float:
        return ceiling_of(self._precision(centre))

    def sums(self, centre: Centre, scaling: Tensor, weights: Tensor) -> Sums:
        dtype = self._precision(centre)
        scaled = scaling.to(dtype).exp()
        columns = torch.zeros_like(scaling)
        least = torch.full_like(scaling[:, 0], torch.inf)
        for start, stop, kernel, _ in self._blocks(centre):
            row_sums = scaled @ kernel.T
            share = self._spread(weights, start, stop, dtype)
            columns += (share / row_sums) @ kernel
            least = torch.minimum(least, row_sums.amin(dim=1).to(least.dtype))
        return Sums(columns, -least.log())

    def source_potentials(self, centre: Centre, scaling: Tensor) -> Tensor:
        dtype = self._precision(centre)
        scaled = scaling.to(dtype).exp()
        found = scaling.new_zeros(len(scaling), self.units)
        for start, stop, kernel, log_rows in self._blocks(centre):
            row_sums = (scaled @ kernel.T).to(scaling.dtype)
            rows = -centre.epsilon * (log_rows + row_sums.log())
            self._units.collect(rows, found, start, stop)
        return found

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        rows, targets = self._cost.shape
        found = torch.full_like(potential, -torch.inf)
        step = max(1, BLOCK_ELEMENTS // targets)
        for start in range(0, rows, step):
            stop = min(rows, start + step)
            exponent = self._cost.block(start, stop).to(potential.dtype) / -epsilon
            share = self._units.spread(weights, start, stop).log()
            for column in range(len(potential)):
                plan = exponent + (potential[column] / epsilon + self._log_target)
                source = share[column] - torch.logsumexp(plan, dim=1)
                partial = torch.logsumexp(exponent + source[:, None], dim=0)
                found[column] = torch.logaddexp(found[column], partial)
        return found

    def _blocks(self, centre: Centre) -> Iterator[tuple[int, int, Tensor, Tensor]]:
        if not self._keep:
            yield from self._rebuilt(centre)
            return
        if self._held is None or not centre.same(self._held.centre):
            self._hold(centre)
        assert self._held is not None
        yield 0, self._cost.shape[0], self._held.kernel, self._held.log_rows

    def _rebuilt(self, centre: Centre) -> Iterator[tuple[int, int, Tensor, Tensor]]:
        rows, targets = self._cost.shape
        step = max(1, BLOCK_ELEMENTS // targets)
        for start in range(0, rows, step):
            stop = min(rows, start + step)
            yield start, stop, *self._build(centre, start, stop)

    def _hold(self, centre: Centre) -> None:
        """Build the whole kernel, in the memory of the one before if it has the same precision."""
        dtype, device = self._precision(centre), self._target.device
        held, self._held = self._held, None
        if held is not None and held.kernel.dtype == dtype:
            kernel, log_rows = held.kernel, held.log_rows
        else:
            del held
            kernel = torch.empty(self._cost.shape, dtype=dtype, device=device)
            log_rows = torch.empty(len(kernel), dtype=torch.float64, device=device)
        for start, stop, block, log_block in self._rebuilt(centre):
            kernel[start:stop] = block
            log_rows[start:stop] = log_block
        self._held = _Held(centre, kernel, log_rows)

    def _spread(self, weights: Tensor, start: int, stop: int, dtype: torch.dtype) -> Tensor:
        """Weights of some rows; those of all rows are kept while the weights stay the same."""
        if stop - start < self._cost.shape[0]:
            return self._units.spread(weights, start, stop).to(dtype)
        if self._last is None or self._last[0] is not weights or self._last[1].dtype != dtype:
            self._last = (weights, self._units.spread(weights, start, stop).to(dtype))
        return self._last[1]

    def _precision(self, centre: Centre) -> torch.dtype:
        return torch.float64 if centre.wide else self._dtype

    def _build(self, centre: Centre, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Rows of the kernel, and −f⁰/ε of these rows."""
        dtype = self._precision(centre)
        exact = self._magnitude <= EXACT_EXPONENT * centre.epsilon
        precision = dtype if exact else torch.float64
        offset = (centre.potential / centre.epsilon + self._log_target).to(precision)
        cost = self._cost.block(start, stop).to(precision)
        exponent = torch.sub(offset, cost, alpha=1 / centre.epsilon)
        kernel = torch.softmax(exponent, dim=1)
        top, share = exponent.amax(dim=1), kernel.amax(dim=1)
        log_rows = top.to(torch.float64) - share.to(torch.float64).log()
        return kernel.to(dtype), log_rows


def ceiling_of(dtype: torch.dtype) -> float:
    """The safe range of a kernel of this precision."""
    return FLOAT32_CEILING if dtype == torch.float32 else FLOAT64_CEILING


@dataclass(frozen=True, eq=False)
class _Held:
    centre: Centre
    kernel: Tensor
    log_rows: Tensor
