"""The Sinkhorn iteration for many mixtures at once, with Anderson acceleration.

An iterate is the target log-scaling s = (g − g⁰)/ε, one row for each mixture. A Sinkhorn round
updates both potentials; it maps s_j to

    T(s)_j = log b_j − log Σ_i a_i K_ij / Σ_k K_ik e^(s_k),

where K is the kernel stabilised around g⁰. A shift of whole blocks of targets is added to T(s), and
Anderson acceleration combines the last rounds. Converged mixtures leave the batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from projektor_ray.transport.block_correction import block_shifts
from projektor_ray.transport.operators import Centre, SourceOperator
from projektor_ray.transport.precision import stable_bmm

WINDOW = 7
TIGHT_TOLERANCE = 1e-5
"""Below this tolerance most rounds are spent where convergence is linear."""
TIGHT_WINDOW = 14
"""The longer history saves three quarters of the rounds on stiff problems."""
FLOAT32_HISTORY_TOLERANCE = 1e-4
"""From this tolerance on, a float32 history is precise enough, in half the memory. It rounds
log-scalings of some hundreds by some 1e-5, which the next round's error contains."""
BLOCK_TOLERANCE = 0.01
"""In units of the tolerance: how closely the mass of blocks is balanced."""
GROWTH = 2.0
"""Acceleration has diverged where the error exceeds the smallest one by this factor."""
RIDGE = 1e-10
COMPACTED_COLUMNS = 1 << 10


@dataclass(frozen=True)
class StoppingRule:
    """Stop a mixture at this L1 error of the target marginal, or after so many rounds."""

    tolerance: float
    max_rounds: int


@dataclass(frozen=True, eq=False)
class IterationResult:
    """A batch after rounds around one centre.

    Attributes
    ----------
    log_scaling : (B, v), the iterate with the smallest error, or the first if none is safe.
    error : (B,), its error; infinite where no iterate was in the safe range.
    rounds : (B,).
    unsafe : (B,), whether the mixture left the safe range before it converged.
    """

    log_scaling: Tensor
    error: Tensor
    rounds: Tensor
    unsafe: Tensor


def sinkhorn_iterations(
    operator: SourceOperator,
    centre: Centre,
    weights: Tensor,
    log_scaling: Tensor,
    stopping: StoppingRule,
    *,
    accelerate: bool = True,
) -> IterationResult:
    """Iterate until every mixture has converged, left the safe range, or used up its rounds.

    A mixture that leaves the safe range by an accelerated step repeats the round with the plain
    step, once. If it leaves the range again, it is unsafe.

    Parameters
    ----------
    weights : (B, r).
    log_scaling : (B, v), the first iterate.
    """
    target, log_target = operator.target, operator.target.log()
    blocks = torch.nn.functional.one_hot(operator.blocks).to(torch.float64)
    block_weights = target @ blocks
    limit = operator.mass_limit(centre)
    count = len(weights)
    best, error = log_scaling.clone(), log_scaling.new_full((count,), torch.inf)
    rounds = torch.zeros(count, dtype=torch.long, device=log_scaling.device)
    unsafe = torch.zeros(count, dtype=torch.bool, device=log_scaling.device)
    retried, active = torch.zeros_like(unsafe), torch.arange(count, device=log_scaling.device)
    anderson = _acceleration(count, target, stopping.tolerance)
    for turn in range(1, stopping.max_rounds + 1):
        sums = operator.sums(centre, log_scaling, weights)
        mapped = log_target - sums.log_columns  # T(s)
        residual = mapped - log_scaling
        log_mass = sums.log_mass + log_scaling.logsumexp(dim=1)
        safe = (log_mass <= limit) & residual.sum(dim=1).isfinite()
        measured = torch.where(safe, _marginal_error(residual, target), torch.inf)
        better = measured < error[active]
        best[active[better]], error[active[better]] = log_scaling[better], measured[better]
        rounds[active], unsafe[active] = turn, ~safe
        retry = ~safe & ~retried & error[active].isfinite()
        retried, flows = retried | ~safe, sums.flows
        remaining = (safe & (measured > stopping.tolerance)) | retry
        if turn == stopping.max_rounds or not bool(remaining.any()):
            break
        if not bool(remaining.all()):
            index = remaining.nonzero()[:, 0]
            weights = compact_rows(weights, index) if len(active) < count else weights[index]
            active, retried = active[index], retried[index]
            mapped, log_scaling, measured = mapped[index], log_scaling[index], measured[index]
            flows = flows[index]
            anderson.select(index)
        if accelerate:
            shift = block_shifts(flows, block_weights, BLOCK_TOLERANCE * stopping.tolerance)
            shifted = mapped + shift @ blocks.T
            log_scaling = anderson.step(shifted, shifted - log_scaling, measured, mapped)
        else:
            log_scaling = mapped
    return IterationResult(best, error, rounds, unsafe & (error > stopping.tolerance))


def _marginal_error(residual: Tensor, target: Tensor) -> Tensor:
    """Σ_j |Σ_i P_ij − b_j|, shape (B,), since the target marginal is b_j e^(s_j − T(s)_j)."""
    return (torch.expm1(-residual).abs() * target).sum(dim=1)


def _acceleration(count: int, target: Tensor, tolerance: float) -> "Anderson":
    """Anderson acceleration with the window and the precision that a tolerance needs."""
    window = WINDOW if tolerance >= TIGHT_TOLERANCE else TIGHT_WINDOW
    precise = tolerance < FLOAT32_HISTORY_TOLERANCE
    return Anderson(count, target, window, torch.float64 if precise else torch.float32)


class Anderson:
    """Anderson acceleration of B fixed-point iterations x ← G(x) in v dimensions.

    Type II with a window (Walker and Ni, 2011): with maps G_k = G(x_k) and residuals
    R_k = G_k − x_k the next point is Σ_k α_k G_k, where α minimises ‖Σ_k α_k R_k‖ under
    Σ_k α_k = 1. Each iteration has a safeguard of its own.

    Parameters
    ----------
    count : B.
    metric : (v,), weights of the residual's norm.
    window : residuals that are combined, the current one included.
    history : precision of the stored maps and residuals, and so of their combinations.
    """

    def __init__(
        self, count: int, metric: Tensor, window: int, history: torch.dtype = torch.float64
    ) -> None:
        self._root = metric.sqrt()
        self._window = window
        self._maps = metric.new_zeros(count, window, len(metric), dtype=history)
        self._residuals = torch.zeros_like(self._maps)
        self._gram = metric.new_zeros(count, window, window)
        self._filled = torch.zeros(count, window, dtype=torch.bool, device=metric.device)
        self._best = metric.new_full((count,), torch.inf)
        self._best_map = metric.new_zeros(count, len(metric))
        self._slot = 0

    def step(self, mapped: Tensor, residual: Tensor, error: Tensor, safe: Tensor) -> Tensor:
        """The next points (B, v), given the map and its residual at the current points.

        An iteration whose error has grown by `GROWTH` forgets its history, and continues with the
        safe step from its best point.

        Parameters
        ----------
        safe : (B, v), the step that never raises the error.
        """
        diverged = ~(error <= GROWTH * self._best)
        better = error < self._best
        self._best = torch.minimum(self._best, error)
        if bool(better.all()):
            self._best_map = safe
        else:
            self._best_map = torch.where(better[:, None], safe, self._best_map)
        if not bool(diverged.any()):
            self._record(mapped, residual * self._root)
            return self._combine()
        rows = diverged[:, None]
        zero = mapped.new_zeros(())
        self._record(
            torch.where(rows, zero, mapped), torch.where(rows, zero, residual * self._root)
        )
        self._filled &= ~rows
        return torch.where(rows, self._best_map, self._combine())

    def select(self, index: Tensor) -> None:
        """Continue with some of the iterations only, in ascending order."""
        self._maps = compact_rows(self._maps, index)
        self._residuals = compact_rows(self._residuals, index)
        self._gram = self._gram[index]
        self._filled = self._filled[index]
        self._best = self._best[index]
        self._best_map = self._best_map[index]

    def _record(self, mapped: Tensor, residual: Tensor) -> None:
        slot = self._slot % self._window
        self._maps[:, slot] = mapped
        self._residuals[:, slot] = residual
        latest = residual.to(self._residuals.dtype)
        products = stable_bmm(self._residuals, latest[:, :, None])[:, :, 0].to(self._gram.dtype)
        self._gram[:, slot, :] = products
        self._gram[:, :, slot] = products
        self._filled[:, slot] = True
        self._slot += 1

    def _combine(self) -> Tensor:
        """Σ_k α_k G_k; iterations without history get zeros, which the caller replaces."""
        norm = self._gram.diagonal(dim1=1, dim2=2).clamp_min(1e-300).sqrt()
        norm = torch.where(self._filled, norm, 1.0)
        both = self._filled[:, :, None] & self._filled[:, None, :]
        cosines = torch.where(both, self._gram / (norm[:, :, None] * norm[:, None, :]), 0.0)
        cosines.diagonal(dim1=1, dim2=2).fill_(1.0 + RIDGE)
        right = torch.where(self._filled, 1.0 / norm, 0.0)
        alpha = torch.linalg.solve_ex(cosines, right)[0] / norm
        alpha = torch.where(self._filled, alpha, 0.0)
        total = alpha.sum(dim=1, keepdim=True)
        alpha = alpha / torch.where(total == 0, 1.0, total)
        combined = stable_bmm(alpha[:, None, :].to(self._maps.dtype), self._maps)[:, 0]
        return combined.to(alpha.dtype)


def compact_rows(matrix: Tensor, index: Tensor) -> Tensor:
    """matrix[index] in the memory of the matrix (B, …), for ascending rows, some columns a time."""
    for part in torch.split(matrix.flatten(1), COMPACTED_COLUMNS, dim=1):
        part[: len(index)] = part[index]
    return matrix[: len(index)]
