"""The batched Sinkhorn loop: it knows an operator's three questions, and nothing of costs.

Iterates are target log-scalings s = (g − g⁰)/ε, one row a mixture. A round maps s to
log b − log columns(s), the plain Sinkhorn step on both potentials; Anderson acceleration combines
rounds. Converged columns leave the batch. ε falls by halves from where the problem is easy, the
next start extrapolated from the last two. Columns that leave the safe range of a float32 kernel
go on in float64; those that leave that one too, around centres of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from projektor_ray.transport.anderson import Anderson
from projektor_ray.transport.operators import Centre, SourceOperator

EASY_SHARE = 1 / 24
"""ε in units of the largest cost at which a solve from scratch takes a handful of rounds."""
ANNEALING_TOLERANCE = 1e-4
"""Stages need not be solved closer than this; but they must be solved as closely as the result.
Mass that has to cross between classes that ε keeps apart is a small marginal error that only a
larger ε can still mend: at the wanted one it would take thousands of rounds."""
ANNEALING_ROUNDS = 100
WINDOW = 7
TIGHT = 1e-5
"""Below this tolerance most rounds are spent where convergence is linear."""
TIGHT_WINDOW = 14
"""There a longer history pays: a quarter of the rounds on stiff problems."""


@dataclass(frozen=True)
class Stopping:
    """When a column stops: at this L1 error of the target marginal, or after so many rounds."""

    tolerance: float
    rounds: int


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
    start : where to start; by default ε falls from a large one to the wanted one.
    """
    rounds = torch.zeros(len(weights), dtype=torch.long, device=weights.device)
    if start is None:
        potential, rounds = _anneal(operator, weights, epsilon, stopping)
        start = Start(potential)
    centre = start.centre or Centre(start.potential.mean(dim=0), epsilon)
    everything = torch.arange(len(weights), device=weights.device)
    state = _State(operator, weights, start.potential.clone(), rounds, epsilon, stopping)
    groups = [(everything, centre)]
    while groups:
        columns, around = groups.pop()
        groups.extend(state.advance(columns, around))
    return state.finish(centre)


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

    A column that leaves the safe range by an accelerated step takes the plain step instead; only
    if that leaves it too, the column is unsafe.
    """
    target, log_target = operator.target, operator.target.log()
    limit = operator.ceiling(centre)
    count = len(weights)
    best, error = scaling.clone(), scaling.new_full((count,), torch.inf)
    rounds = torch.zeros(count, dtype=torch.long, device=scaling.device)
    unsafe = torch.zeros(count, dtype=torch.bool, device=scaling.device)
    retrying, active = unsafe, torch.arange(count, device=scaling.device)
    mixer = Anderson(count, target, WINDOW if stopping.tolerance >= TIGHT else TIGHT_WINDOW)
    for turn in range(1, stopping.rounds + 1):
        sums = operator.sums(centre, scaling, weights)
        mapped = log_target - sums.columns.log()
        residual = mapped - scaling
        height = sums.ceiling + scaling.amax(dim=1)
        safe = (height <= limit) & residual.sum(dim=1).isfinite()
        measured = (torch.expm1(-residual).abs() * target).sum(dim=1)
        measured = torch.where(safe, measured, torch.inf)
        better = measured < error[active]
        best[active[better]], error[active[better]] = scaling[better], measured[better]
        rounds[active], unsafe[active] = turn, ~safe
        retrying = ~safe & ~retrying & error[active].isfinite()
        going = (safe & (measured > stopping.tolerance)) | retrying
        if turn == stopping.rounds or not bool(going.any()):
            break
        if not bool(going.all()):
            kept = going.nonzero()[:, 0]
            active, weights, retrying = active[kept], weights[kept], retrying[kept]
            mapped, residual, measured = mapped[kept], residual[kept], measured[kept]
            mixer.keep(kept)
        scaling = mixer.step(mapped, residual, measured) if accelerate else mapped
    return Iterated(best, error, rounds, unsafe & (error > stopping.tolerance))


def _anneal(
    operator: SourceOperator, weights: Tensor, epsilon: float, stopping: Stopping
) -> tuple[Tensor, Tensor]:
    """Potentials (B, v) to start from, and rounds (B,) spent, by halving ε down to the wanted one.

    The next stage starts at the linear extrapolation in ε of the last two.
    """
    rounds = torch.zeros(len(weights), dtype=torch.long, device=weights.device)
    potential = weights.new_zeros(len(weights), len(operator.target))
    before, spent_at = potential, 0.0
    close = max(stopping.tolerance, ANNEALING_TOLERANCE)
    for step in _larger(epsilon, EASY_SHARE * operator.magnitude):
        left = min(ANNEALING_ROUNDS, stopping.rounds // 2 - int(rounds.max()))
        if left < 1:
            break
        centre = Centre(potential.mean(dim=0), step)
        scaling = (potential - centre.potential) / step
        found = iterate(operator, centre, weights, scaling, Stopping(close, left))
        if bool(found.unsafe.any()):
            centre = Centre(centre.potential, step, wide=True)
            again = iterate(operator, centre, weights, found.scaling, Stopping(close, left))
            found = Iterated(again.scaling, again.error, found.rounds + again.rounds, again.unsafe)
        solved = centre.potential + step * found.scaling
        rounds = rounds + found.rounds
        after = max(epsilon, step / 2)
        slope = (solved - before) / (step - spent_at) if spent_at else torch.zeros_like(solved)
        before, spent_at = solved, step
        potential = solved + slope * (after - step)
    return potential, rounds


def _larger(epsilon: float, easy: float) -> Iterator[float]:
    """ε·2^k from the easy one down to twice the wanted one."""
    doublings = 0
    while epsilon * 2 ** (doublings + 1) <= easy:
        doublings += 1
    for k in range(doublings, 0, -1):
        yield epsilon * 2**k


class _State:
    """Columns on their way to the wanted ε: potentials, errors and rounds so far."""

    def __init__(
        self,
        operator: SourceOperator,
        weights: Tensor,
        potential: Tensor,
        rounds: Tensor,
        epsilon: float,
        stopping: Stopping,
    ) -> None:
        self._operator = operator
        self._weights = weights
        self._epsilon = epsilon
        self._stopping = stopping
        self._potential = potential
        self._rounds = rounds
        self._error = weights.new_full((len(weights),), torch.inf)
        self._source = weights.new_zeros(len(weights), operator.units)

    def advance(self, columns: Tensor, centre: Centre) -> list[tuple[Tensor, Centre]]:
        """Iterate some columns around a centre; returns what has to go on around other ones."""
        weights = self._weights[columns]
        scaling = (self._potential[columns] - centre.potential) / self._epsilon
        left = max(1, self._stopping.rounds - int(self._rounds[columns].max()))
        stopping = Stopping(self._stopping.tolerance, left)
        found = iterate(self._operator, centre, weights, scaling, stopping)
        self._rounds[columns] += found.rounds
        done = (~found.unsafe).nonzero()[:, 0]
        if len(done):
            self._put(columns[done], centre, found.scaling[done], found.error[done])
        going = found.unsafe.nonzero()[:, 0]
        if len(going) == 0:
            return []
        again = columns[going]
        self._potential[again] = centre.potential + self._epsilon * found.scaling[going]
        if not centre.wide:
            return [(again, Centre(centre.potential, self._epsilon, wide=True))]
        if len(columns) == 1:
            self._alone(again)
            return []
        parts = [again] if len(again) < len(columns) else self._halves(again)
        return [(part, self._middle(part)) for part in parts]

    def finish(self, centre: Centre) -> Solution:
        value = (self._weights * self._source).sum(dim=1)
        value = value + self._potential @ self._operator.target
        return Solution(value, self._source, self._potential, self._error, self._rounds, centre)

    def _put(self, columns: Tensor, centre: Centre, scaling: Tensor, error: Tensor) -> None:
        self._source[columns] = self._operator.source_potentials(centre, scaling)
        self._potential[columns] = centre.potential + self._epsilon * scaling
        self._error[columns] = error

    def _middle(self, columns: Tensor) -> Centre:
        return Centre(self._potential[columns].mean(dim=0), self._epsilon, wide=True)

    def _halves(self, columns: Tensor) -> list[Tensor]:
        """Columns by which of two far apart ones their potentials are nearer to."""
        potential = self._potential[columns]
        far = (potential - potential.mean(dim=0)).abs().amax(dim=1).argmax()
        from_far = (potential - potential[far]).abs().amax(dim=1)
        other = from_far.argmax()
        nearer = from_far < (potential - potential[other]).abs().amax(dim=1)
        if bool(nearer.all()) or not bool(nearer.any()):
            nearer = torch.arange(len(columns), device=columns.device) < len(columns) // 2
        return [columns[nearer], columns[~nearer]]

    def _alone(self, column: Tensor) -> None:
        """Finish one column, its kernel built anew around it after every step in the log domain."""
        weights = self._weights[column]
        potential = self._potential[column]
        flat = torch.zeros_like(potential)
        kept, least = potential, torch.inf
        while True:
            left = self._stopping.rounds - int(self._rounds[column])
            if left < 2:
                break
            logs = self._operator.log_sums(potential, self._epsilon, weights)
            potential = -self._epsilon * logs
            centre = Centre(potential[0], self._epsilon, wide=True)
            stopping = Stopping(self._stopping.tolerance, left - 1)
            found = iterate(self._operator, centre, weights, flat, stopping)
            self._rounds[column] += 1 + found.rounds
            potential = potential + self._epsilon * found.scaling
            if float(found.error) < least:
                kept, least = potential, float(found.error)
            if not bool(found.unsafe):
                break
        centre = Centre(kept[0], self._epsilon, wide=True)
        measured = iterate(self._operator, centre, weights, flat, Stopping(1e-300, 1))
        self._put(column, centre, flat, measured.error)
