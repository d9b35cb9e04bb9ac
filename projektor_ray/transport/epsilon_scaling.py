"""The batched Sinkhorn solve with epsilon scaling; it knows a `SourceOperator` and no costs.

1. Rounds at the wanted ε start from given dual potentials, or from zero.
2. Mixtures that do not converge soon, and all mixtures where ε is very small, are solved by
   epsilon scaling: ε is halved from where the problem is easy.
3. A mixture that leaves the safe range of a float32 kernel continues with a float64 kernel. One
   that leaves that range too continues around a centre of its own, in the end with log-domain
   steps.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from projektor_ray.errors import InputError
from projektor_ray.transport.operators import Centre, SourceOperator
from projektor_ray.transport.sinkhorn_iterations import StoppingRule, sinkhorn_iterations

DIRECT_COST = 500
"""Largest cost in units of ε up to which a solve from zero takes a few dozen rounds."""
DIRECT_ROUNDS = 60
"""Rounds at the wanted ε after which epsilon scaling takes over."""
FIRST_EPSILON = 1 / 24
"""Where epsilon scaling starts, in units of the largest cost; a few rounds converge there."""
STAGE_TOLERANCE = 1e-4
"""Stages are not solved closer than this, but as closely as the result. Mass that must cross
between points that ε keeps apart is a small marginal error that only a larger ε can still mend: at
the wanted ε it would take thousands of rounds."""
STAGE_ROUNDS = 100
ROUNDING = 4 * torch.finfo(torch.float64).eps
"""Rounding of the exponents (f_i + g_j − C_ij)/ε, in units of the largest cost over ε."""


@dataclass(frozen=True, eq=False)
class InitialPotentials:
    """Target potentials (B, v) of near problems, and the centre to build the kernel around."""

    target: Tensor
    centre: Centre | None = None


@dataclass(frozen=True, eq=False)
class DualSolution:
    """Dual potentials of B mixtures, batch first, and their error.

    Attributes
    ----------
    value : (B,), dual value Σ_i a_i f_i + Σ_j b_j g_j.
    source : (B, r), mean source potential of each part.
    target : (B, v), target potentials.
    error : (B,), L1 error of the target marginal of these potentials; the source marginal is exact.
    rounds : (B,), rounds of each mixture, those at larger ε included.
    centre : of the last kernel of most mixtures; a later solve that starts there need not build it
        again.
    """

    value: Tensor
    source: Tensor
    target: Tensor
    error: Tensor
    rounds: Tensor
    centre: Centre

    def merge(self, columns: Tensor, other: "DualSolution") -> "DualSolution":
        """Replace some mixtures by another solution of them where its error is not larger."""
        better = other.error <= self.error[columns]
        changes = {}
        for name in ("value", "source", "target", "error"):
            merged = getattr(self, name).clone()
            merged[columns[better]] = getattr(other, name)[better]
            changes[name] = merged
        rounds = self.rounds.clone()
        rounds[columns] += other.rounds
        return replace(self, **changes, rounds=rounds)


def solve_dual(
    operator: SourceOperator,
    weights: Tensor,
    epsilon: float,
    stopping: StoppingRule,
    start: InitialPotentials | None = None,
) -> DualSolution:
    """Solve the dual of OT_ε(a, b) for every row a of `weights` (B, r), float64.

    max_{f, g} Σ_i a_i f_i + Σ_j b_j g_j − ε Σ_ij a_i b_j (exp((f_i + g_j − C_ij)/ε) − 1)

    Parameters
    ----------
    start : where to start; by default from zero.

    Raises
    ------
    InputError
        If ε is so small that the rounding of potentials exceeds the tolerance.
    """
    check_epsilon(epsilon, operator.magnitude, stopping.tolerance)
    if start is None and operator.magnitude > DIRECT_COST * epsilon:
        return _scale_epsilon(operator, weights, epsilon, stopping)
    first = start or InitialPotentials(weights.new_zeros(len(weights), len(operator.target)))
    centre = first.centre or Centre(first.target.mean(dim=0), epsilon)
    direct = StoppingRule(stopping.tolerance, min(stopping.max_rounds, DIRECT_ROUNDS))
    stage = _solve_stage(operator, weights, first.target, centre, direct)
    solution = stage.solution(operator, weights)
    left = stopping.max_rounds - int(solution.rounds.max())
    stalled = (solution.error > stopping.tolerance).nonzero()[:, 0]
    if left < 1 or not len(stalled):
        return solution
    rest = StoppingRule(stopping.tolerance, left)
    scaled = _scale_epsilon(operator, weights[stalled], epsilon, rest)
    return solution.merge(stalled, scaled)


def check_epsilon(epsilon: float, magnitude: float, tolerance: float) -> None:
    """Check that float64 potentials of costs up to `magnitude` can reach the tolerance at ε.

    Raises
    ------
    InputError
        If they cannot: a marginal error below the tolerance would be a claim about rounding.
    """
    smallest = ROUNDING * magnitude / tolerance
    if epsilon < smallest:
        raise InputError(
            f"epsilon is too small for costs up to {magnitude:.3g}: rounding in float64 would "
            f"change marginals by more than the tolerance {tolerance:g}; got epsilon {epsilon:g}. "
            f"Use {smallest:.2g} or more, or exact transport"
        )


def _scale_epsilon(
    operator: SourceOperator, weights: Tensor, epsilon: float, stopping: StoppingRule
) -> DualSolution:
    """Solve by halving ε from where the problem is easy.

    A stage starts at the linear extrapolation in ε of the last two stages. Kernels are built around
    the potentials of the uniform mixture, which is solved as well: they are the same whatever else
    is in the batch.
    """
    weights = torch.cat([weights, torch.full_like(weights[:1], 1.0 / weights.shape[1])])
    rounds = torch.zeros(len(weights), dtype=torch.long, device=weights.device)
    potential = weights.new_zeros(len(weights), len(operator.target))
    previous, previous_epsilon = potential, 0.0
    tolerance = max(stopping.tolerance, STAGE_TOLERANCE)
    for step in _epsilon_schedule(epsilon, FIRST_EPSILON * operator.magnitude):
        left = min(STAGE_ROUNDS, stopping.max_rounds // 2 - int(rounds.max()))
        if left < 1:
            break
        centre = Centre(potential[-1], step)
        stage = _solve_stage(operator, weights, potential, centre, StoppingRule(tolerance, left))
        rounds = rounds + stage.rounds
        after = max(epsilon, step / 2)
        potential = stage.target
        if previous_epsilon:
            slope = (stage.target - previous) / (step - previous_epsilon)
            potential = stage.target + slope * (after - step)
        previous, previous_epsilon = stage.target, step
    left = max(1, stopping.max_rounds - int(rounds.max()))
    centre = Centre(potential[-1], epsilon)
    last = StoppingRule(stopping.tolerance, left)
    stage = _solve_stage(operator, weights[:-1], potential[:-1], centre, last)
    solution = stage.solution(operator, weights[:-1])
    return replace(solution, rounds=solution.rounds + rounds[:-1])


def _epsilon_schedule(epsilon: float, first: float) -> Iterator[float]:
    """ε·2^k, from the largest that is at most `first` down to 2ε."""
    doublings = max(0, math.floor(math.log2(first / epsilon))) if first > 0 else 0
    for k in range(doublings, 0, -1):
        yield epsilon * 2**k


@dataclass(frozen=True, eq=False)
class _Stage:
    """A batch after rounds at one ε.

    Attributes
    ----------
    target : (B, v), target potentials.
    error : (B,), their error.
    rounds : (B,).
    centre : the first centre.
    centres : which mixtures ended around which centre, whose kernel is exact for them.
    """

    target: Tensor
    error: Tensor
    rounds: Tensor
    centre: Centre
    centres: list[tuple[Tensor, Centre]]

    def solution(self, operator: SourceOperator, weights: Tensor) -> DualSolution:
        """Add source potentials and values; the operator still stores the last centre's kernel."""
        source = weights.new_zeros(len(weights), operator.parts)
        for columns, centre in reversed(self.centres):
            log_scaling = (self.target[columns] - centre.potential) / centre.epsilon
            source[columns] = operator.source_potentials(centre, log_scaling)
        value = (weights * source).sum(dim=1) + (self.target * operator.target).sum(dim=1)
        return DualSolution(value, source, self.target, self.error, self.rounds, self.centre)


def _solve_stage(
    operator: SourceOperator,
    weights: Tensor,
    start: Tensor,
    centre: Centre,
    stopping: StoppingRule,
) -> _Stage:
    """Rounds at the centre's ε from potentials (B, v), around as many centres as are needed."""
    everything = torch.arange(len(weights), device=weights.device)
    potential, error = start.clone(), weights.new_full((len(weights),), torch.inf)
    rounds = torch.zeros_like(everything)
    groups, centres = [(everything, centre)], []
    while groups:
        columns, around = groups.pop()
        left = max(1, stopping.max_rounds - int(rounds[columns].max()))
        log_scaling = (potential[columns] - around.potential) / around.epsilon
        own = weights if len(columns) == len(weights) else weights[columns]
        rule = StoppingRule(stopping.tolerance, left)
        result = sinkhorn_iterations(operator, around, own, log_scaling, rule)
        rounds[columns] += result.rounds
        potential[columns] = around.potential + around.epsilon * result.log_scaling
        error[columns] = result.error
        done, unsafe = columns[~result.unsafe], columns[result.unsafe]
        if len(done):
            centres.append((done, around))
        if not len(unsafe):
            continue
        if not around.double:
            groups.append((unsafe, replace(around, double=True)))
        elif len(columns) == 1:
            rule = replace(stopping, max_rounds=stopping.max_rounds - int(rounds[unsafe]))
            single = _solve_recentred(operator, weights[unsafe], potential[unsafe], around, rule)
            potential[unsafe], error[unsafe] = single.target, single.error
            rounds[unsafe] += single.rounds
            centres.append((unsafe, single.centre))
        else:
            split = len(unsafe) == len(columns)
            parts = _bisect(potential, unsafe) if split else [unsafe]
            groups += [(part, replace(around, potential=potential[part].mean(0))) for part in parts]
    return _Stage(potential, error, rounds, centre, centres)


def _bisect(potential: Tensor, columns: Tensor) -> list[Tensor]:
    """Split mixtures by which of two distant ones their potentials are nearer to."""
    own = potential[columns]
    first = (own - own.mean(dim=0)).abs().amax(dim=1).argmax()
    to_first = (own - own[first]).abs().amax(dim=1)
    nearer = to_first < (own - own[to_first.argmax()]).abs().amax(dim=1)
    if bool(nearer.all()) or not bool(nearer.any()):
        nearer = torch.arange(len(columns), device=columns.device) < len(columns) // 2
    return [columns[nearer], columns[~nearer]]


def _solve_recentred(
    operator: SourceOperator,
    weights: Tensor,
    start: Tensor,
    around: Centre,
    stopping: StoppingRule,
) -> _Stage:
    """One mixture; after every log-domain step the kernel is built around its own potentials."""
    epsilon, zero = around.epsilon, torch.zeros_like(start)
    potential, best, least_error, rounds = start, start, torch.inf, 0
    while (left := stopping.max_rounds - rounds) >= 2:
        potential = -epsilon * operator.log_sums(potential, epsilon, weights)
        centre = replace(around, potential=potential[0])
        rule = StoppingRule(stopping.tolerance, left - 1)
        result = sinkhorn_iterations(operator, centre, weights, zero, rule)
        rounds += 1 + int(result.rounds)
        potential = potential + epsilon * result.log_scaling
        if float(result.error) < least_error:
            best, least_error = potential, float(result.error)
        if not bool(result.unsafe):
            break
    centre = replace(around, potential=best[0])
    measured = sinkhorn_iterations(operator, centre, weights, zero, StoppingRule(1e-300, 1))
    index = torch.zeros(1, dtype=torch.long, device=start.device)
    return _Stage(best, measured.error, index + rounds, centre, [(index, centre)])
