"""The operator on one device: a Gibbs kernel held whole, or rebuilt some rows at a time."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from projektor_ray.transport.block_correction import nearest_blocks
from projektor_ray.transport.operators import Centre, CostRows, ProviderUnits, RowUnits, Sums
from projektor_ray.transport.stable_matmul import product

HEADROOM = {torch.float32: 36.0, torch.float64: 300.0}
"""Logarithm of the largest entry of a row of the kernel, and of the largest scaling: of a product
of two as large, a million can be added up. Half of the range of exponents lies above 1."""
EXACT_EXPONENT = 100.0
"""Largest |C|/ε at which float32 exponents keep a kernel entry to 1e-5 of itself."""
LOST = 1e-7
"""Mass of a plan that entries which underflowed may carry."""
FLOAT32_TOLERANCE = 2e-5
"""Below this tolerance the rounding of float32 products could pass for convergence."""
FLOAT32_EPSILON = 10.0
"""Above this many largest costs, ε times the rounding of a float32 sum is 1e-6 of a cost."""
BLOCK_ELEMENTS = 1 << 20
FEW = 32
"""So few rows of one provider in a block are summed in float64, together with other such rows."""


def kernel_precision(wanted: torch.dtype, tolerance: float, epsilon: float) -> torch.dtype:
    """float64 where float32 could not do what is asked, else the wanted one.

    Parameters
    ----------
    epsilon : in units of the largest cost; its multiples of a rounded sum are in the value.
    """
    if tolerance < FLOAT32_TOLERANCE or epsilon > FLOAT32_EPSILON:
        return torch.float64
    return wanted


def ceiling_of(dtype: torch.dtype) -> float:
    """The safe range of a kernel of this precision."""
    return -math.log(torch.finfo(dtype).tiny) + math.log(LOST)


class KernelOperator:
    """The operator on one device: the kernel held whole, or rebuilt block by block.

    The kernel is K_ij = b_j exp((f⁰_i + g⁰_j − C_ij)/ε) with f⁰ the soft c-transform of the centre
    g⁰: its rows sum to 1, so that no entry overflows and no row vanishes. Its rows are in the order
    of the block of targets that they are nearest to, then of their provider.

    A float32 sum depends on what is summed together, and acceleration makes 1e-7 of a sum a round
    more or less. So rows of one provider are summed apart, and those sums added in float64: they
    are the same whichever providers and mixtures this process holds beside.
    """

    def __init__(
        self,
        cost: CostRows,
        target: Tensor,
        blocks: Tensor,
        units: RowUnits | ProviderUnits,
        dtype: torch.dtype,
        *,
        keep: bool = True,
    ) -> None:
        self._cost = cost
        self._target = target.to(torch.float64)
        self._log_target = self._target.log()
        self._blocks = blocks
        self._members = torch.nn.functional.one_hot(blocks).T.to(torch.float64).contiguous()
        self._units = units
        self._dtype = dtype
        self._keep = keep
        self._magnitude = cost.magnitude
        self._step = max(1, BLOCK_ELEMENTS // cost.shape[1])
        self._order, self._runs = _runs(nearest_blocks(cost, blocks, self._step), units)
        self._longest = max(1, cost.shape[0]) if keep else self._step
        self._held: _Held | None = None
        self._last: tuple[Tensor, Tensor] | None = None

    @property
    def target(self) -> Tensor:
        return self._target

    @property
    def blocks(self) -> Tensor:
        return self._blocks

    @property
    def units(self) -> int:
        return self._units.count

    @property
    def magnitude(self) -> float:
        return self._magnitude

    def ceiling(self, centre: Centre) -> float:
        return ceiling_of(self._precision(centre))

    def sums(self, centre: Centre, scaling: Tensor, weights: Tensor) -> Sums:
        precision = self._precision(centre)
        return self.partial_sums(centre, *scaled(scaling, precision), weights).rounded(precision)

    def partial_sums(
        self, centre: Centre, shift: Tensor, scalings: Tensor, weights: Tensor
    ) -> Sums:
        """Before they are rounded: as a part of the sums over more rows than these.

        Parameters
        ----------
        shift, scalings : what `scaled` says, (B, 1) and (B, v).
        """
        precise = scalings.to(torch.float64)
        columns, sources = torch.zeros_like(precise), torch.zeros_like(precise[:, 0])
        flows = precise.new_zeros(len(precise), *2 * self._members.shape[:1])
        for block, runs in enumerate(self._runs):
            part: Tensor | None = None
            for piece, source in self._piece_sums(centre, scalings, precise, weights, runs):
                part = piece if part is None else part.add_(piece)
                sources += source
            if part is not None:
                columns += part
                flows[:, block] = (self._members @ part.mul_(precise).T).T
        return Sums(columns / shift.exp(), flows, sources.log() - shift[:, 0])

    def _piece_sums(
        self,
        centre: Centre,
        scalings: Tensor,
        precise: Tensor,
        weights: Tensor,
        runs: list["_Run"],
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Of every piece of some runs the sums of columns (B, v), and of sources (B,), float64."""
        least = torch.finfo(scalings.dtype).tiny
        for start, stop, precision in self._pieces(runs, scalings.dtype, self._longest):
            kernel = self._rows(centre, start, stop, precision)[0].to(precision)
            across = precise if precision == torch.float64 else scalings
            row_sums = product(across, kernel.T).clamp_min_(least)
            source = self._spread(weights, start, stop, scalings.dtype) / row_sums
            columns = product(source, kernel).to(torch.float64)
            yield columns, source.sum(dim=1, dtype=torch.float64)

    def source_potentials(self, centre: Centre, scaling: Tensor) -> Tensor:
        dtype = self._precision(centre)
        shift, scalings = scaled(scaling, dtype)
        least = scalings.sum(dim=1, keepdim=True) * math.exp(-ceiling_of(dtype))
        found = scaling.new_zeros(len(scaling), self.units)
        for runs in self._runs:
            for start, stop, precision in self._pieces(runs, dtype, self._longest):
                kernel, log_rows = self._rows(centre, start, stop, precision)
                row_sums = product(scalings.to(precision), kernel.to(precision).T)
                logs = log_rows + row_sums.to(scaling.dtype).log() + shift
                lost = row_sums < least
                if bool(lost.any()):
                    self._mend(logs, lost, centre, scaling, self._order[start:stop])
                self._units.collect(-centre.epsilon * logs, found, self._order[start:stop])
        return found

    def _mend(
        self, logs: Tensor, lost: Tensor, centre: Centre, scaling: Tensor, rows: Tensor
    ) -> None:
        """Logarithms of row sums that vanish in the kernel, of rows without weight."""
        offset = centre.potential / centre.epsilon + scaling + self._log_target
        for column in lost.any(dim=1).nonzero()[:, 0].tolist():
            cost = self._cost.rows(rows[lost[column]]).to(offset.dtype)
            logs[column, lost[column]] = (offset[column] - cost / centre.epsilon).logsumexp(dim=1)

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        count = self._cost.shape[0]
        found = torch.full_like(potential, -torch.inf)
        for start in range(0, count, self._step):
            rows = slice(start, min(count, start + self._step))
            exponent = self._cost.rows(rows).to(potential.dtype) / -epsilon
            share = self._units.spread(weights, rows).log()
            for column in range(len(potential)):
                plan = exponent + (potential[column] / epsilon + self._log_target)
                source = share[column] - torch.logsumexp(plan, dim=1)
                partial = torch.logsumexp(exponent + source[:, None], dim=0)
                found[column] = torch.logaddexp(found[column], partial)
        return found

    def _pieces(
        self, runs: Iterable["_Run"], dtype: torch.dtype, step: int
    ) -> Iterator[tuple[int, int, torch.dtype]]:
        """Ranges of at most so many rows, and the precision that they are summed in."""
        for run in runs:
            longest = min(step, self._step) if run.mixed else step
            precision = torch.float64 if run.mixed else dtype
            for start in range(run.start, run.stop, longest):
                yield start, min(run.stop, start + longest), precision

    def _rows(
        self, centre: Centre, start: int, stop: int, precision: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """A range of rows of the kernel, and −f⁰/ε of these rows."""
        if not self._keep:
            return self._build(centre, start, stop, precision)
        if self._held is None or not centre.same(self._held.centre):
            self._hold(centre)
        assert self._held is not None
        return self._held.kernel[start:stop], self._held.log_rows[start:stop]

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
        runs = itertools.chain.from_iterable(self._runs)
        for start, stop, precision in self._pieces(runs, dtype, self._step):
            built = self._build(centre, start, stop, precision)
            kernel[start:stop], log_rows[start:stop] = built
        self._held = _Held(centre, kernel, log_rows)

    def _spread(self, weights: Tensor, start: int, stop: int, dtype: torch.dtype) -> Tensor:
        """Weights of some rows; those of all rows are kept while the weights stay the same."""
        if not self._keep:
            return self._units.spread(weights, self._order[start:stop], dtype)
        if self._last is None or self._last[0] is not weights or self._last[1].dtype != dtype:
            self._last = None
            self._last = (weights, self._units.spread(weights, self._order, dtype))
        return self._last[1][:, start:stop]

    def _precision(self, centre: Centre) -> torch.dtype:
        return torch.float64 if centre.wide else self._dtype

    def _build(
        self, centre: Centre, start: int, stop: int, precision: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """A range of rows of the kernel, and −f⁰/ε of these rows, from their cost.

        Exponents are of the given precision, or float64 where they are large.
        """
        dtype = self._precision(centre)
        cost = self._cost.rows(self._order[start:stop])
        if not max(map(abs, torch.aminmax(cost))) <= EXACT_EXPONENT * centre.epsilon:
            precision = torch.float64
        offset = (centre.potential / centre.epsilon + self._log_target).to(precision)
        exponent = torch.sub(offset, cost.to(precision), alpha=1 / centre.epsilon)
        log_rows = exponent.amax(dim=1) - HEADROOM[dtype]
        kernel = exponent.sub_(log_rows[:, None]).exp_()
        return kernel.to(dtype), log_rows.to(torch.float64)


@dataclass(frozen=True)
class _Run:
    """Rows from `start` to `stop`: of one provider, or mixed, of providers with few rows each."""

    start: int
    stop: int
    mixed: bool


def _runs(nearest: Tensor, units: RowUnits | ProviderUnits) -> tuple[Tensor, list[list[_Run]]]:
    """The order of rows, and of each block of targets the runs of rows that are nearest to it."""
    holders, blocks = int(units.holder.max()) + 1, int(nearest.max()) + 1
    key = nearest * holders + units.holder
    few = torch.bincount(key, minlength=holders * blocks) < FEW
    key = nearest * (holders + 1) + torch.where(few[key], holders, units.holder)
    sizes = torch.bincount(key, minlength=(holders + 1) * blocks).tolist()
    runs: list[list[_Run]] = []
    start = 0
    for block in range(blocks):
        runs.append([])
        for holder in range(holders + 1):
            stop = start + sizes[block * (holders + 1) + holder]
            if stop > start:
                runs[block].append(_Run(start, stop, holder == holders))
            start = stop
    return key.argsort(stable=True), runs


def scaled(scaling: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A shift (B, 1) of the log-scalings (B, v), and e^(scaling − shift) in the kernel's precision.

    They are as large as there is room.
    """
    shift = scaling.amax(dim=1, keepdim=True) - HEADROOM[dtype]
    return shift, (scaling - shift).exp().to(dtype)


@dataclass(frozen=True, eq=False)
class _Held:
    centre: Centre
    kernel: Tensor
    log_rows: Tensor
