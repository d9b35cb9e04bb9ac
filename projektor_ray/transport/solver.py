"""The batched Sinkhorn loop: it knows an operator's three questions, and nothing of costs.

Iterates are target log-scalings s = (g − g⁰)/ε, one row a mixture. A round maps s to
log b − log columns(s), the plain Sinkhorn step on both potentials; Anderson acceleration combines
rounds. Converged columns leave the batch. Columns that leave the kernel's safe range are solved
again around the mean mixture of their own kind, at last each around its own potentials.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from projektor_ray.transport.anderson import Anderson
from projektor_ray.transport.operators import Centre, SourceOperator

CENTRE_TOLERANCE = 1e-3
CENTRE_ROUNDS = 60
ANNEALING_FACTOR = 4.0
ANNEALING_ROUNDS = 12
RECENTRE_SHARE = 0.25
"""Share of the safe range that the mean mixture may use up before the kernel is built around it."""


@dataclass(frozen=True)
class Stopping:
    """When a column stops.

    Attributes
    ----------
    tolerance : L1 error of the target marginal.
    rounds : rounds at most.
    """

    tolerance: float
    rounds: int


@dataclass(frozen=True, eq=False)
class Solution:
    """Potentials of B mixtures, batch first, and how good they are.

    Attributes
    ----------
    value : (B,), dual value Σ a f + Σ b g.
    source : (B, r), mean source potential of each unit.
    target : (B, v), target potentials.
    error : (B,), L1 error of the target marginal of these potentials; the source marginal is exact.
    rounds : (B,), rounds each column took.
    centre : what the kernel was first built around; with it a later solve need not build again.
    """

    value: Tensor
    source: Tensor
    target: Tensor
    error: Tensor
    rounds: Tensor
    centre: Centre


@dataclass(frozen=True, eq=False)
class Start:
    """Target potentials (B, v) of near problems, and the centre to build the kernel around."""

    potential: Tensor
    centre: Centre | None = None


@dataclass(frozen=True, eq=False)
class _Pass:
    """A batch's state after rounds around one centre; `unsafe` columns hold their last safe one."""

    scaling: Tensor
    error: Tensor
    rounds: Tensor
    unsafe: Tensor
    ceiling: Tensor


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
    start : where to start; by default at the solution of the batch's mean mixture.
    """
    solution = _Collected(operator, weights, epsilon)
    groups = [_Group(torch.arange(len(weights), device=weights.device), None, 0)]
    while groups:
        group = groups.pop()
        own = weights[group.columns]
        warm = start if group.near is None else None
        centre, scaling = _centre(operator, own, epsilon, warm, group.near)
        left = Stopping(stopping.tolerance, max(1, stopping.rounds - group.spent))
        found = iterate(operator, centre, own, scaling, left)
        found = replace(found, rounds=found.rounds + group.spent)
        if len(own) == 1 and bool(found.unsafe):
            centre, found = _solve_one(operator, centre, own, found, stopping)
        solution.put(group.columns, centre, found)
        groups.extend(_regroup(group, own, centre, found))
    return solution.finish()


@dataclass(frozen=True, eq=False)
class _Group:
    columns: Tensor
    near: Tensor | None
    spent: int


def iterate(
    operator: SourceOperator,
    centre: Centre,
    weights: Tensor,
    scaling: Tensor,
    stopping: Stopping,
    *,
    accelerate: bool = True,
) -> _Pass:
    """Rounds around one centre until every column has converged, left the safe range, or must stop.

    The state of a column is the best that was measured, so that its error is that of its state.
    """
    target, log_target = operator.target, operator.target.log()
    count = len(weights)
    best = scaling.clone()
    error = scaling.new_full((count,), torch.inf)
    ceiling = scaling.new_zeros(count)
    rounds = torch.zeros(count, dtype=torch.long, device=scaling.device)
    unsafe = torch.zeros(count, dtype=torch.bool, device=scaling.device)
    retrying = unsafe
    active = torch.arange(count, device=scaling.device)
    mixer = Anderson(count, target)
    for turn in range(1, stopping.rounds + 1):
        sums = operator.sums(centre, scaling, weights)
        mapped = log_target - sums.columns.log()
        residual = mapped - scaling
        measured = (torch.expm1(-residual).abs() * target).sum(dim=1)
        height = sums.ceiling + scaling.amax(dim=1)
        safe = (height <= operator.ceiling) & mapped.isfinite().all(dim=1)
        better = safe & (measured < error[active])
        where = active[better]
        best[where], error[where] = scaling[better], measured[better]
        ceiling[active] = height
        rounds[active] = turn
        retrying = ~safe & ~retrying & error[active].isfinite()
        measured = torch.where(safe, measured, torch.inf)
        unsafe[active] = ~safe
        going = (safe & (measured > stopping.tolerance)) | retrying
        if not bool(going.any()):
            break
        if not bool(going.all()):
            kept = going.nonzero()[:, 0]
            active, weights = active[kept], weights[kept]
            mapped, residual, measured = mapped[kept], residual[kept], measured[kept]
            retrying = retrying[kept]
            mixer.keep(kept)
        scaling = mixer.step(mapped, residual, measured) if accelerate else mapped
    unsafe &= ~(error <= stopping.tolerance)
    return _Pass(best, error, rounds, unsafe, ceiling)


def _centre(
    operator: SourceOperator,
    weights: Tensor,
    epsilon: float,
    start: Start | None,
    near: Tensor | None,
) -> tuple[Centre, Tensor]:
    """The centre of a batch and each column's first scaling around it."""
    if start is not None:
        centre = start.centre or Centre(start.potential.mean(dim=0), epsilon)
        return centre, (start.potential - centre.potential) / epsilon
    mean = weights.mean(dim=0, keepdim=True)
    first = near if near is not None else torch.zeros_like(operator.target)
    centre = Centre(first, epsilon)
    flat = torch.zeros_like(first)[None]
    stopping = Stopping(CENTRE_TOLERANCE, CENTRE_ROUNDS)
    found = iterate(operator, centre, mean, flat, stopping)
    if bool(found.unsafe):
        centre = Centre(_anneal(operator, mean, epsilon), epsilon)
        found = iterate(operator, centre, mean, flat, stopping)
    if float(found.ceiling) > RECENTRE_SHARE * operator.ceiling:
        centre = Centre(centre.potential + epsilon * found.scaling[0], epsilon)
        return centre, flat.expand(len(weights), -1).clone()
    return centre, found.scaling.expand(len(weights), -1).clone()


def _anneal(operator: SourceOperator, mean: Tensor, epsilon: float) -> Tensor:
    """Potentials (v,) of one mixture by ε-scaling, in the log domain where the kernel fails."""
    potential = torch.zeros_like(operator.target)
    step = max(epsilon, operator.magnitude)
    while True:
        for _ in range(2):
            potential = log_step(operator, potential, step, mean)
        centre = Centre(potential, step)
        flat = torch.zeros_like(potential)[None]
        found = iterate(operator, centre, mean, flat, Stopping(0.05, ANNEALING_ROUNDS))
        potential = potential + step * found.scaling[0]
        if step <= epsilon:
            return potential
        step = max(epsilon, step / ANNEALING_FACTOR)


def log_step(operator: SourceOperator, potential: Tensor, epsilon: float, mean: Tensor) -> Tensor:
    """One plain Sinkhorn step on both potentials of one mixture, in the log domain: (v,)."""
    return -epsilon * operator.log_sums(potential[None], epsilon, mean)[0]


def _solve_one(
    operator: SourceOperator, centre: Centre, weights: Tensor, found: _Pass, stopping: Stopping
) -> tuple[Centre, _Pass]:
    """Finish one column whose potentials run away from every fixed centre.

    The kernel is rebuilt around the column's own potentials whenever they leave the safe range,
    after a step in the log domain; the state that is returned is the centre itself.
    """
    epsilon = centre.epsilon
    potential = centre.potential + epsilon * found.scaling[0]
    flat = torch.zeros_like(found.scaling)
    spent = int(found.rounds)
    best = _Pass(flat, found.error, found.rounds, found.unsafe, found.ceiling)
    kept = potential
    while spent < stopping.rounds:
        potential = log_step(operator, potential, epsilon, weights)
        here = Centre(potential, epsilon)
        found = iterate(
            operator, here, weights, flat, Stopping(stopping.tolerance, stopping.rounds - spent)
        )
        spent += 1 + int(found.rounds)
        potential = potential + epsilon * found.scaling[0]
        if float(found.error) < float(best.error):
            best, kept = replace(found, scaling=flat), potential
        if not bool(found.unsafe):
            break
    spent_rounds = torch.full_like(best.rounds, min(spent, stopping.rounds))
    unsafe = torch.zeros_like(best.unsafe)
    final = Centre(kept, epsilon)
    checked = iterate(operator, final, weights, flat, Stopping(stopping.tolerance, 1))
    return final, replace(checked, rounds=spent_rounds, unsafe=unsafe)


def _regroup(group: _Group, weights: Tensor, centre: Centre, found: _Pass) -> list[_Group]:
    """The columns to solve again around centres of their own kind."""
    again = found.unsafe.nonzero()[:, 0]
    if len(again) == 0:
        return []
    spent = int(found.rounds.max())
    if len(again) < len(weights):
        return [_Group(group.columns[again], centre.potential, spent)]
    far = (weights - weights.mean(dim=0)).abs().sum(dim=1).argmax()
    from_far = (weights - weights[far]).abs().sum(dim=1)
    other = from_far.argmax()
    nearer = from_far < (weights - weights[other]).abs().sum(dim=1)
    if bool(nearer.all()) or not bool(nearer.any()):
        nearer = torch.arange(len(weights), device=weights.device) < len(weights) // 2
    return [_Group(group.columns[side], centre.potential, spent) for side in (nearer, ~nearer)]


class _Collected:
    """Solved columns, read out around the centre they were solved at."""

    def __init__(self, operator: SourceOperator, weights: Tensor, epsilon: float) -> None:
        self._operator = operator
        self._weights = weights
        count, targets = len(weights), len(operator.target)
        self._source = weights.new_zeros(count, operator.units)
        self._target = weights.new_zeros(count, targets)
        self._error = weights.new_full((count,), torch.inf)
        self._rounds = torch.zeros(count, dtype=torch.long, device=weights.device)
        self._centre: Centre | None = None

    def put(self, columns: Tensor, centre: Centre, found: _Pass) -> None:
        self._centre = self._centre or centre
        ready = (~found.unsafe).nonzero()[:, 0]
        where, scaling = columns[ready], found.scaling[ready]
        if len(where):
            self._source[where] = self._operator.source_potentials(centre, scaling)
            self._target[where] = centre.potential + centre.epsilon * scaling
            self._error[where] = found.error[ready]
        self._rounds[columns] = found.rounds

    def finish(self) -> Solution:
        value = (self._weights * self._source).sum(dim=1)
        value = value + self._target @ self._operator.target
        assert self._centre is not None
        return Solution(value, self._source, self._target, self._error, self._rounds, self._centre)
