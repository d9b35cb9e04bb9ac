"""The batched Sinkhorn solve: it knows an operator's three questions, and nothing of costs.

Rounds at the wanted ε start from given potentials, or from zero. Columns that they do not bring to
the tolerance soon, and all columns where ε is very small, start again where ε falls by halves from
where the problem is easy. Columns that leave the safe range of a float32 kernel go on in float64;
those that leave that one too, around centres of their own.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from projektor_ray.transport.iterations import Stopping, iterate
from projektor_ray.transport.operators import Centre, SourceOperator

EASY = 500
"""Largest cost in units of ε up to which a solve from nothing takes a few dozen rounds."""
PATIENCE = 60
"""Rounds after which a column that has not converged starts again from a larger ε."""
LARGEST = 1 / 24
"""Where ε starts to fall, in units of the largest cost: a handful of rounds solve it there."""
ANNEALING_TOLERANCE = 1e-4
"""Stages need not be solved closer than this; but they must be solved as closely as the result.
Mass that has to cross between points that ε keeps apart is a small marginal error that only a
larger ε can still mend: at the wanted one it would take thousands of rounds."""
ANNEALING_ROUNDS = 100


@dataclass(frozen=True, eq=False)
class Start:
    """Target potentials (B, v) of near problems, and the centre to build the kernel around."""

    potential: Tensor
    centre: Centre | None = None


@dataclass(frozen=True, eq=False)
class Solution:
    """Potentials of B mixtures, batch first, and how good they are.

    Attributes
    ----------
    value : (B,), dual value Σ a f + Σ b g.
    source : (B, r), mean source potential of each unit.
    target : (B, v), target potentials.
    error : (B,), L1 error of the target marginal of these potentials; the source marginal is exact.
    rounds : (B,), rounds each column took, those at larger ε included.
    centre : what the last kernel for most columns was built around; a later solve that starts
        there need not build again.
    """

    value: Tensor
    source: Tensor
    target: Tensor
    error: Tensor
    rounds: Tensor
    centre: Centre

    def improved(self, columns: Tensor, again: "Solution") -> "Solution":
        """With another solution of some columns where that is better."""
        better = again.error <= self.error[columns]
        changes = {}
        for name in ("value", "source", "target", "error"):
            changed = getattr(self, name).clone()
            changed[columns[better]] = getattr(again, name)[better]
            changes[name] = changed
        rounds = self.rounds.clone()
        rounds[columns] += again.rounds
        return replace(self, **changes, rounds=rounds)


def solve(
    operator: SourceOperator,
    weights: Tensor,
    epsilon: float,
    stopping: Stopping,
    start: Start | None = None,
) -> Solution:
    """Solve entropic transport for every row of `weights` (B, r), float64.

    Parameters
    ----------
    start : where to start; by default from nothing.
    """
    if start is None and operator.magnitude > EASY * epsilon:
        return _anneal(operator, weights, epsilon, stopping)
    first = start or Start(weights.new_zeros(len(weights), len(operator.target)))
    centre = first.centre or Centre(first.potential.mean(dim=0), epsilon)
    patience = Stopping(stopping.tolerance, min(stopping.rounds, PATIENCE))
    tried = _settle(operator, weights, first.potential, centre, patience).solution(
        operator, weights
    )
    left = stopping.rounds - int(tried.rounds.max())
    stalled = (tried.error > stopping.tolerance).nonzero()[:, 0]
    if left < 1 or not len(stalled):
        return tried
    again = _anneal(operator, weights[stalled], epsilon, Stopping(stopping.tolerance, left))
    return tried.improved(stalled, again)


def _anneal(
    operator: SourceOperator, weights: Tensor, epsilon: float, stopping: Stopping
) -> Solution:
    """Solve by halving ε from where the problem is easy.

    The next stage starts at the linear extrapolation in ε of the last two. Kernels are built around
    the even mixture, which is solved along: they are the same whatever else is in the batch.
    """
    weights = torch.cat([weights, torch.full_like(weights[:1], 1.0 / weights.shape[1])])
    rounds = torch.zeros(len(weights), dtype=torch.long, device=weights.device)
    potential = weights.new_zeros(len(weights), len(operator.target))
    before, spent_at = potential, 0.0
    close = max(stopping.tolerance, ANNEALING_TOLERANCE)
    for step in _larger(epsilon, LARGEST * operator.magnitude):
        left = min(ANNEALING_ROUNDS, stopping.rounds // 2 - int(rounds.max()))
        if left < 1:
            break
        centre = Centre(potential[-1], step)
        settled = _settle(operator, weights, potential, centre, Stopping(close, left))
        rounds = rounds + settled.rounds
        after = max(epsilon, step / 2)
        slope = (settled.potential - before) / (step - spent_at) if spent_at else 0.0
        before, spent_at = settled.potential, step
        potential = settled.potential + slope * (after - step)
    left = max(1, stopping.rounds - int(rounds.max()))
    centre = Centre(potential[-1], epsilon)
    settled = _settle(
        operator, weights[:-1], potential[:-1], centre, Stopping(stopping.tolerance, left)
    )
    found = settled.solution(operator, weights[:-1])
    return replace(found, rounds=found.rounds + rounds[:-1])


def _larger(epsilon: float, largest: float) -> Iterator[float]:
    """ε·2^k from the largest one down to twice the wanted one."""
    doublings = max(0, math.floor(math.log2(largest / epsilon))) if largest > 0 else 0
    for k in range(doublings, 0, -1):
        yield epsilon * 2**k


@dataclass(frozen=True, eq=False)
class _Settled:
    """A batch after rounds at one ε.

    Attributes
    ----------
    potential : (B, v), target potentials.
    error : (B,), their error.
    rounds : (B,).
    centre : where all began.
    ended : which columns ended around which centre, whose kernel is exact for them.
    """

    potential: Tensor
    error: Tensor
    rounds: Tensor
    centre: Centre
    ended: list[tuple[Tensor, Centre]]

    def solution(self, operator: SourceOperator, weights: Tensor) -> Solution:
        """The last kernel is still held, so its columns come first."""
        source = weights.new_zeros(len(weights), operator.units)
        for columns, centre in reversed(self.ended):
            scaling = (self.potential[columns] - centre.potential) / centre.epsilon
            source[columns] = operator.source_potentials(centre, scaling)
        value = (weights * source).sum(dim=1) + (self.potential * operator.target).sum(dim=1)
        return Solution(value, source, self.potential, self.error, self.rounds, self.centre)


def _settle(
    operator: SourceOperator, weights: Tensor, start: Tensor, centre: Centre, stopping: Stopping
) -> _Settled:
    """Rounds at the centre's ε from potentials (B, v), around it or whatever centres it takes."""
    everything = torch.arange(len(weights), device=weights.device)
    potential, error = start.clone(), weights.new_full((len(weights),), torch.inf)
    rounds = torch.zeros_like(everything)
    groups, ended = [(everything, centre)], []
    while groups:
        columns, around = groups.pop()
        left = max(1, stopping.rounds - int(rounds[columns].max()))
        scaling = (potential[columns] - around.potential) / around.epsilon
        own = weights if len(columns) == len(weights) else weights[columns]
        found = iterate(operator, around, own, scaling, Stopping(stopping.tolerance, left))
        rounds[columns] += found.rounds
        potential[columns] = around.potential + around.epsilon * found.scaling
        error[columns] = found.error
        done, lost = columns[~found.unsafe], columns[found.unsafe]
        if len(done):
            ended.append((done, around))
        if not len(lost):
            continue
        if not around.wide:
            groups.append((lost, replace(around, wide=True)))
        elif len(columns) == 1:
            left = stopping.rounds - int(rounds[lost])
            alone = _alone(
                operator, weights[lost], potential[lost], around, replace(stopping, rounds=left)
            )
            potential[lost], error[lost] = alone.potential, alone.error
            rounds[lost] += alone.rounds
            ended.append((lost, alone.centre))
        else:
            parts = [lost] if len(lost) < len(columns) else _halves(potential, lost)
            groups += [(part, replace(around, potential=potential[part].mean(0))) for part in parts]
    return _Settled(potential, error, rounds, centre, ended)


def _halves(potential: Tensor, columns: Tensor) -> list[Tensor]:
    """Columns by which of two far apart ones their potentials are nearer to."""
    own = potential[columns]
    far = (own - own.mean(dim=0)).abs().amax(dim=1).argmax()
    from_far = (own - own[far]).abs().amax(dim=1)
    nearer = from_far < (own - own[from_far.argmax()]).abs().amax(dim=1)
    if bool(nearer.all()) or not bool(nearer.any()):
        nearer = torch.arange(len(columns), device=columns.device) < len(columns) // 2
    return [columns[nearer], columns[~nearer]]


def _alone(
    operator: SourceOperator, weights: Tensor, start: Tensor, around: Centre, stopping: Stopping
) -> _Settled:
    """One column, its kernel built anew around it after every step in the log domain."""
    epsilon, flat = around.epsilon, torch.zeros_like(start)
    potential, kept, least, rounds = start, start, torch.inf, 0
    while (left := stopping.rounds - rounds) >= 2:
        potential = -epsilon * operator.log_sums(potential, epsilon, weights)
        centre = replace(around, potential=potential[0])
        found = iterate(operator, centre, weights, flat, Stopping(stopping.tolerance, left - 1))
        rounds += 1 + int(found.rounds)
        potential = potential + epsilon * found.scaling
        if float(found.error) < least:
            kept, least = potential, float(found.error)
        if not bool(found.unsafe):
            break
    centre = replace(around, potential=kept[0])
    measured = iterate(operator, centre, weights, flat, Stopping(1e-300, 1))
    everything = torch.zeros(1, dtype=torch.long, device=start.device)
    return _Settled(kept, measured.error, everything + rounds, centre, [(everything, centre)])
