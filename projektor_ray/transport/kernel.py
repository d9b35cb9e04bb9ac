"""The stabilised Gibbs kernel on one device, stored whole or rebuilt block by block.

K_ij = b_j exp((f⁰_i + g⁰_j − C_ij)/ε), where g⁰ is the centre and f⁰ its soft c-transform: every
row of K sums to 1, so that no entry overflows and no row vanishes.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from projektor_ray.transport.block_correction import nearest_blocks
from projektor_ray.transport.operators import Centre, CostRows, Partition, PlanSums
from projektor_ray.transport.precision import stable_matmul

HEADROOM = {torch.float32: 36.0, torch.float64: 300.0}
"""Logarithm of the largest kernel entry of a row, and of the largest scaling. A million products
of two such numbers can be added up; half of the range of exponents lies above 1."""
EXACT_EXPONENT = 100.0
"""Largest |C|/ε at which float32 exponents give a kernel entry to a relative 1e-5."""
LOST_MASS = 1e-7
"""Mass of a plan that underflowed entries may carry."""
FLOAT32_TOLERANCE = 2e-5
"""Below this tolerance the rounding of float32 products could pass for convergence."""
FLOAT32_EPSILON = 10.0
"""Above this many largest costs, ε times the rounding of a float32 sum exceeds 1e-6 of a cost."""
BLOCK_ELEMENTS = 1 << 20
FEW_ROWS = 32
"""Fewer rows of one provider in a block are summed in float64, together with other such rows."""


def safe_kernel_dtype(dtype: torch.dtype, tolerance: float, epsilon: float) -> torch.dtype:
    """The requested kernel precision, or float64 where float32 cannot reach the tolerance.

    Parameters
    ----------
    epsilon : in units of the largest cost; ε times the rounding of a sum is an error of the value.
    """
    if tolerance < FLOAT32_TOLERANCE or epsilon > FLOAT32_EPSILON:
        return torch.float64
    return dtype


def mass_limit(dtype: torch.dtype) -> float:
    """Largest log mass at which entries that underflow in this precision are negligible."""
    return -math.log(torch.finfo(dtype).tiny) + math.log(LOST_MASS)


def exponentiate(log_scaling: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """A shift (B, 1), and the scalings exp(log_scaling − shift) in the kernel's precision.

    The shift makes the scalings (B, v) as large as `HEADROOM` allows.
    """
    shift = log_scaling.amax(dim=1, keepdim=True) - HEADROOM[dtype]
    return shift, (log_scaling - shift).exp().to(dtype)


class KernelOperator:
    """The `SourceOperator` of one device.

    Kernel rows are ordered by the block of targets that they are nearest to, then by provider. A
    float32 sum depends on what is summed together, and 1e-7 of a sum makes acceleration take a
    round more or less. Rows of one provider are therefore summed apart, and those sums are added
    in float64: they are the same whichever other providers and mixtures this process has.

    Parameters
    ----------
    target : (v,), b, positive, summing to 1.
    blocks : (v,), block of each target.
    partition : parts that weights and source potentials are given for.
    dtype : of the kernel; a centre may ask for float64.
    store : whether the kernel is stored whole.
    """

    def __init__(
        self,
        cost: CostRows,
        target: Tensor,
        blocks: Tensor,
        partition: Partition,
        dtype: torch.dtype,
        *,
        store: bool = True,
    ) -> None:
        self._cost = cost
        self._target = target.to(torch.float64)
        self._log_target = self._target.log()
        self._blocks = blocks
        self._members = torch.nn.functional.one_hot(blocks).T.to(torch.float64).contiguous()
        self._partition = partition
        self._dtype = dtype
        self._store = store
        self._magnitude = cost.magnitude
        self._step = max(1, BLOCK_ELEMENTS // cost.shape[1])
        nearest = nearest_blocks(cost, blocks, self._step)
        self._order, self._runs = _row_runs(nearest, partition)
        self._longest = max(1, cost.shape[0]) if store else self._step
        self._stored: _StoredKernel | None = None
        self._expanded: tuple[Tensor, Tensor] | None = None

    @property
    def target(self) -> Tensor:
        return self._target

    @property
    def blocks(self) -> Tensor:
        return self._blocks

    @property
    def parts(self) -> int:
        return self._partition.count

    @property
    def magnitude(self) -> float:
        return self._magnitude

    def mass_limit(self, centre: Centre) -> float:
        return mass_limit(self._precision(centre))

    def sums(self, centre: Centre, log_scaling: Tensor, weights: Tensor) -> PlanSums:
        dtype = self._precision(centre)
        shift, scaling = exponentiate(log_scaling, dtype)
        return self.partial_sums(centre, shift, scaling, weights).round_to(dtype)

    def partial_sums(
        self, centre: Centre, shift: Tensor, scaling: Tensor, weights: Tensor
    ) -> PlanSums:
        """Unrounded sums, which may be one shard's part of the sums over all rows.

        Parameters
        ----------
        shift, scaling : as `exponentiate` returns them, (B, 1) and (B, v).
        """
        scaling64 = scaling.to(torch.float64)
        columns, mass = torch.zeros_like(scaling64), torch.zeros_like(scaling64[:, 0])
        flows = scaling64.new_zeros(len(scaling64), *2 * self._members.shape[:1])
        for block, runs in enumerate(self._runs):
            total: Tensor | None = None
            for piece, piece_mass in self._piece_sums(centre, scaling, scaling64, weights, runs):
                total = piece if total is None else total.add_(piece)
                mass += piece_mass
            if total is not None:
                columns += total
                flows[:, block] = (self._members @ total.mul_(scaling64).T).T
        return PlanSums(columns, flows, mass.log() - shift[:, 0], shift)

    def _piece_sums(
        self,
        centre: Centre,
        scaling: Tensor,
        scaling64: Tensor,
        weights: Tensor,
        runs: list["_Run"],
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Σ_i u_i K_ij (B, v) and Σ_i u_i (B,) of every piece of the runs, float64.

        u = a / (K e^s) is the source scaling.
        """
        smallest = torch.finfo(scaling.dtype).tiny
        for start, stop, precision in self._pieces(runs, scaling.dtype, self._longest):
            kernel = self._kernel_rows(centre, start, stop, precision)[0].to(precision)
            right = scaling64 if precision == torch.float64 else scaling
            row_sums = stable_matmul(right, kernel.T).clamp_min_(smallest)  # K e^s
            source = self._row_weights(weights, start, stop, scaling.dtype) / row_sums  # a / K e^s
            columns = stable_matmul(source, kernel).to(torch.float64)  # Kᵀ u
            yield columns, source.sum(dim=1, dtype=torch.float64)

    def source_potentials(self, centre: Centre, log_scaling: Tensor) -> Tensor:
        dtype = self._precision(centre)
        shift, scaling = exponentiate(log_scaling, dtype)
        smallest = scaling.sum(dim=1, keepdim=True) * math.exp(-mass_limit(dtype))
        means = log_scaling.new_zeros(len(log_scaling), self.parts)
        for runs in self._runs:
            for start, stop, precision in self._pieces(runs, dtype, self._longest):
                kernel, log_rows = self._kernel_rows(centre, start, stop, precision)
                row_sums = stable_matmul(scaling.to(precision), kernel.to(precision).T)
                logs = log_rows + row_sums.to(log_scaling.dtype).log() + shift
                underflow = row_sums < smallest
                if bool(underflow.any()):
                    rows = self._order[start:stop]
                    self._recompute(logs, underflow, centre, log_scaling, rows)
                self._partition.add_means(-centre.epsilon * logs, means, self._order[start:stop])
        return means

    def _recompute(
        self, logs: Tensor, underflow: Tensor, centre: Centre, log_scaling: Tensor, rows: Tensor
    ) -> None:
        """Replace logarithms of row sums that underflow, of rows without weight."""
        offset = centre.potential / centre.epsilon + log_scaling + self._log_target
        for column in underflow.any(dim=1).nonzero()[:, 0].tolist():
            cost = self._cost.rows(rows[underflow[column]]).to(offset.dtype)
            exact = (offset[column] - cost / centre.epsilon).logsumexp(dim=1)
            logs[column, underflow[column]] = exact

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        count = self._cost.shape[0]
        total = torch.full_like(potential, -torch.inf)
        for start in range(0, count, self._step):
            rows = slice(start, min(count, start + self._step))
            exponent = self._cost.rows(rows).to(potential.dtype) / -epsilon  # −C/ε
            log_weights = self._partition.expand(weights, rows).log()
            for column in range(len(potential)):
                plan = exponent + (potential[column] / epsilon + self._log_target)
                source = log_weights[column] - torch.logsumexp(plan, dim=1)  # log a + f/ε
                partial = torch.logsumexp(exponent + source[:, None], dim=0)
                total[column] = torch.logaddexp(total[column], partial)
        return total

    def _pieces(
        self, runs: Iterable["_Run"], dtype: torch.dtype, step: int
    ) -> Iterator[tuple[int, int, torch.dtype]]:
        """Ranges of at most `step` rows, and the precision that each is summed in."""
        for run in runs:
            longest = min(step, self._step) if run.mixed else step
            precision = torch.float64 if run.mixed else dtype
            for start in range(run.start, run.stop, longest):
                yield start, min(run.stop, start + longest), precision

    def _kernel_rows(
        self, centre: Centre, start: int, stop: int, precision: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """A range of kernel rows, and −f⁰/ε of these rows."""
        if not self._store:
            return self._build_rows(centre, start, stop, precision)
        if self._stored is None or not centre.equals(self._stored.centre):
            self._build_kernel(centre)
        assert self._stored is not None
        return self._stored.kernel[start:stop], self._stored.log_rows[start:stop]

    def _build_kernel(self, centre: Centre) -> None:
        """Build the whole kernel, in the memory of the previous one of the same precision."""
        dtype, device = self._precision(centre), self._target.device
        previous, self._stored = self._stored, None
        if previous is not None and previous.kernel.dtype == dtype:
            kernel, log_rows = previous.kernel, previous.log_rows
        else:
            del previous
            kernel = torch.empty(self._cost.shape, dtype=dtype, device=device)
            log_rows = torch.empty(len(kernel), dtype=torch.float64, device=device)
        runs = itertools.chain.from_iterable(self._runs)
        for start, stop, precision in self._pieces(runs, dtype, self._step):
            rows = self._build_rows(centre, start, stop, precision)
            kernel[start:stop], log_rows[start:stop] = rows
        self._stored = _StoredKernel(centre, kernel, log_rows)

    def _row_weights(self, weights: Tensor, start: int, stop: int, dtype: torch.dtype) -> Tensor:
        """Weights of some rows; those of all rows are stored while the weights stay the same."""
        if not self._store:
            return self._partition.expand(weights, self._order[start:stop], dtype)
        stored = self._expanded
        if stored is None or stored[0] is not weights or stored[1].dtype != dtype:
            self._expanded = stored = None
            stored = (weights, self._partition.expand(weights, self._order, dtype))
            self._expanded = stored
        return stored[1][:, start:stop]

    def _precision(self, centre: Centre) -> torch.dtype:
        return torch.float64 if centre.double else self._dtype

    def _build_rows(
        self, centre: Centre, start: int, stop: int, precision: torch.dtype
    ) -> tuple[Tensor, Tensor]:
        """A range of kernel rows, and −f⁰/ε of these rows, computed from their cost.

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


@dataclass(frozen=True, eq=False)
class _StoredKernel:
    centre: Centre
    kernel: Tensor
    log_rows: Tensor


@dataclass(frozen=True)
class _Run:
    """Rows `start` to `stop` of one provider, or of several with few rows each (`mixed`)."""

    start: int
    stop: int
    mixed: bool


def _row_runs(nearest: Tensor, partition: Partition) -> tuple[Tensor, list[list[_Run]]]:
    """The order of rows, and for each block of targets the runs of the rows nearest to it."""
    providers, blocks = int(partition.provider.max()) + 1, int(nearest.max()) + 1
    key = nearest * providers + partition.provider
    few = torch.bincount(key, minlength=providers * blocks) < FEW_ROWS
    key = nearest * (providers + 1) + torch.where(few[key], providers, partition.provider)
    sizes = torch.bincount(key, minlength=(providers + 1) * blocks).tolist()
    runs: list[list[_Run]] = []
    start = 0
    for block in range(blocks):
        runs.append([])
        for provider in range(providers + 1):
            stop = start + sizes[block * (providers + 1) + provider]
            if stop > start:
                runs[block].append(_Run(start, stop, provider == providers))
            start = stop
    return key.argsort(stable=True), runs
