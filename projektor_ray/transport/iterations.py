"""Accelerated Sinkhorn rounds of many columns around one kernel.

Iterates are target log-scalings s = (g − g⁰)/ε, one row a mixture. Sinkhorn's step on both
potentials maps s to log b − log columns(s); a shift of whole blocks is added to it, and Anderson
acceleration combines rounds. Converged columns leave the batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from projektor_ray.transport.acceleration import Anderson, moved_up
from projektor_ray.transport.block_correction import block_shifts
from projektor_ray.transport.operators import Centre, SourceOperator

WINDOW = 7
TIGHT = 1e-5
"""Below this tolerance most rounds are spent where convergence is linear."""
TIGHT_WINDOW = 14
"""There a longer history pays: a quarter of the rounds on stiff problems."""
ROUGH = 1e-4
"""From this tolerance on float32 keeps the history well enough, in half the memory: log-scalings of
some hundreds are rounded by some 1e-5, which the next round measures."""
COARSE = 0.01
"""Part of the tolerance to which the mass of blocks is balanced."""


@dataclass(frozen=True)
class Stopping:
    """When a column stops: at this L1 error of the target marginal, or after so many rounds."""

    tolerance: float
    rounds: int


@dataclass(frozen=True, eq=False)
class Iterated:
    """A batch after rounds around one centre.

    Attributes
    ----------
    scaling : (B, v), the best state that was measured, or the first if none could be.
    error : (B,), its error; infinite where no state was in the safe range.
    rounds : (B,).
    unsafe : (B,), left the safe range before it converged.
    """

    scaling: Tensor
    error: Tensor
    rounds: Tensor
    unsafe: Tensor


def iterate(
    operator: SourceOperator,
    centre: Centre,
    weights: Tensor,
    scaling: Tensor,
    stopping: Stopping,
    *,
    accelerate: bool = True,
) -> Iterated:
    """Rounds around one centre until every column has converged, left the safe range, or must stop.

    A column that leaves the safe range by an accelerated step takes the plain step instead, once;
    if it leaves it again, the column is unsafe.
    """
    target, log_target = operator.target, operator.target.log()
    blocks = torch.nn.functional.one_hot(operator.blocks).to(torch.float64)
    block_weights = target @ blocks
    limit = operator.ceiling(centre)
    count = len(weights)
    best, error = scaling.clone(), scaling.new_full((count,), torch.inf)
    rounds = torch.zeros(count, dtype=torch.long, device=scaling.device)
    unsafe = torch.zeros(count, dtype=torch.bool, device=scaling.device)
    retried, active = torch.zeros_like(unsafe), torch.arange(count, device=scaling.device)
    window = WINDOW if stopping.tolerance >= TIGHT else TIGHT_WINDOW
    history = torch.float32 if stopping.tolerance >= ROUGH else torch.float64
    mixer = Anderson(count, target, window, history)
    for turn in range(1, stopping.rounds + 1):
        sums = operator.sums(centre, scaling, weights)
        plain = log_target - sums.columns.log()
        residual = plain - scaling
        height = sums.reach + scaling.logsumexp(dim=1)
        safe = (height <= limit) & residual.sum(dim=1).isfinite()
        measured = (torch.expm1(-residual).abs() * target).sum(dim=1)
        measured = torch.where(safe, measured, torch.inf)
        better = measured < error[active]
        best[active[better]], error[active[better]] = scaling[better], measured[better]
        rounds[active], unsafe[active] = turn, ~safe
        retrying = ~safe & ~retried & error[active].isfinite()
        retried, flows = retried | ~safe, sums.flows
        going = (safe & (measured > stopping.tolerance)) | retrying
        if turn == stopping.rounds or not bool(going.any()):
            break
        if not bool(going.all()):
            kept = going.nonzero()[:, 0]
            weights = moved_up(weights, kept) if len(active) < count else weights[kept]
            active, retried = active[kept], retried[kept]
            plain, scaling, measured = plain[kept], scaling[kept], measured[kept]
            flows = flows[kept]
            mixer.keep(kept)
        if accelerate:
            shift = block_shifts(flows, block_weights, COARSE * stopping.tolerance)
            mapped = plain + shift @ blocks.T
            scaling = mixer.step(mapped, mapped - scaling, measured, plain)
        else:
            scaling = plain
    return Iterated(best, error, rounds, unsafe & (error > stopping.tolerance))
