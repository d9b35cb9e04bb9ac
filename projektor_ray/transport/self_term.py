"""Transport of mixtures to themselves: the self-terms of the debiased divergence.

The plan of a measure to itself is symmetric, P_ij = a_i a_j exp((f_i + f_j − C_ij)/ε), with one
potential, the fixed point of f = T f, T f_i = −ε log Σ_j a_j exp((f_j − C_ij)/ε). The averaged
step f ← (f + T f)/2 (Feydy, 2020, §3.1), u ← √(u / K(a∘u)) for u = e^φ, converges in a few rounds.

The kernel is K_ij = √(ā_i ā_j) exp((f⁰_i + f⁰_j − C_ij)/ε) around a potential f⁰ of the even
mixture ā; after an averaged step every entry of it is 1 or less.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from projektor_ray.transport.iterations import Stopping
from projektor_ray.transport.kernel import BLOCK_ELEMENTS, EXACT_EXPONENT, ceiling_of
from projektor_ray.transport.operators import CostRows, ProviderUnits, RowUnits
from projektor_ray.transport.stable_matmul import product

CENTRE_ROUNDS = 20
CENTRE_TOLERANCE = 1e-2


@dataclass(frozen=True, eq=False)
class SelfTerm:
    """OT_ε(μ, μ) of B mixtures.

    Attributes
    ----------
    value : (B,), 2 Σ_i a_i f_i.
    potential : (B, r), mean potential of each unit; of units without weight, too.
    error : (B,), Σ_i |Σ_j P_ij − a_i|.
    """

    value: Tensor
    potential: Tensor
    error: Tensor


class SymmetricKernel:
    """Rounds of the self-term on one device; the kernel is held whole, or rebuilt by blocks."""

    def __init__(
        self, cost: CostRows, mean: Tensor, epsilon: float, dtype: torch.dtype, *, keep: bool
    ) -> None:
        self._cost = cost
        self._epsilon = epsilon
        self._dtype = dtype
        self._keep = keep
        self._root = mean.sqrt()
        self._kernel: Tensor | None = None
        self._exact = cost.magnitude <= EXACT_EXPONENT * epsilon
        self.ceiling = ceiling_of(dtype)
        self.centre = torch.zeros_like(mean)
        self.move_to(self.transform(mean.log()[None], torch.zeros_like(mean)[None])[0] / 2)

    def move_to(self, centre: Tensor) -> None:
        """Build the kernel around another potential (n,)."""
        self.centre = centre
        self._kernel = None
        if self._keep:
            self._kernel = torch.cat([block for _, _, block in self._rebuilt()])

    def log_sums(self, weights: Tensor, state: Tensor) -> Tensor:
        """log Σ_j a_j e^(φ_j) K_ij, (B, n), for φ = `state`, relative to the centre."""
        scaled = (weights * state.exp() / self._root).to(self._dtype)
        if self._kernel is not None:
            sums = product(scaled, self._kernel)
        else:
            sums = torch.cat([product(scaled, block.T) for _, _, block in self._rebuilt()], dim=1)
        return (sums.to(state.dtype) / self._root).log()

    def transform(self, log_weights: Tensor, potential: Tensor) -> Tensor:
        """T f for potentials (B, n) by sums in the log domain."""
        found = torch.empty_like(potential)
        offset = log_weights + potential / self._epsilon
        for start, stop in self._bounds():
            exponent = self._cost.rows(slice(start, stop)).to(potential.dtype) / -self._epsilon
            for column in range(len(potential)):
                found[column, start:stop] = torch.logsumexp(exponent + offset[column], dim=1)
        return -self._epsilon * found

    def _bounds(self) -> Iterator[tuple[int, int]]:
        rows, columns = self._cost.shape
        step = max(1, BLOCK_ELEMENTS // columns)
        for start in range(0, rows, step):
            yield start, min(rows, start + step)

    def _rebuilt(self) -> Iterator[tuple[int, int, Tensor]]:
        precision = self._dtype if self._exact else torch.float64
        offset = self.centre / self._epsilon + self._root.log()
        for start, stop in self._bounds():
            exponent = self._cost.rows(slice(start, stop)).to(precision) / -self._epsilon
            exponent += offset.to(precision)
            exponent += offset[start:stop, None].to(precision)
            yield start, stop, exponent.clamp_max_(0).exp_().to(self._dtype)


class SelfTransport:
    """OT_ε of mixtures of one pool with themselves, again and again.

    The kernel, built around the even mixture's solution, is kept. A mixture starts from that
    solution, whatever else is in the batch, and whatever was measured before.
    """

    def __init__(
        self,
        cost: CostRows,
        units: RowUnits | ProviderUnits,
        epsilon: float,
        dtype: torch.dtype,
        *,
        keep: bool = True,
    ) -> None:
        even = torch.full((1, units.count), 1.0 / units.count, dtype=torch.float64)
        mean = units.spread(even.to(units.holder.device), slice(None))[0]
        self._units = units
        self._epsilon = epsilon
        self._kernel = SymmetricKernel(cost, mean, epsilon, dtype, keep=keep)
        stopping = Stopping(CENTRE_TOLERANCE, CENTRE_ROUNDS)
        self._centre, _ = _iterate(self._kernel, mean[None], torch.zeros_like(mean)[None], stopping)
        if 2 * float(self._centre.abs().max()) > self._kernel.ceiling / 4:
            self._kernel.move_to(self._kernel.centre + epsilon * self._centre[0])
            self._centre = torch.zeros_like(self._centre)

    def __call__(self, weights: Tensor, stopping: Stopping) -> SelfTerm:
        """Of every row of `weights` (B, r)."""
        kernel, epsilon = self._kernel, self._epsilon
        own = self._units.spread(weights, slice(None))
        state, error = _iterate(kernel, own, self._centre.expand(len(own), -1).clone(), stopping)
        potential = kernel.centre + epsilon * state
        failed = (~(error <= stopping.tolerance)).nonzero()[:, 0]
        for column in failed.tolist():
            one = slice(column, column + 1)
            potential[one], error[one] = _log_iterate(
                kernel, own[one], potential[one], epsilon, stopping
            )
        moved = _readout(kernel, own, potential, epsilon)
        found = weights.new_zeros(len(own), self._units.count)
        self._units.collect(moved, found, slice(None))
        value = (own * (torch.where(own > 0, potential, 0.0) + moved)).sum(dim=1)
        return SelfTerm(value, found, error)


def _iterate(
    kernel: SymmetricKernel, weights: Tensor, state: Tensor, stopping: Stopping
) -> tuple[Tensor, Tensor]:
    """Averaged steps in the kernel's domain: (state, error); error inf where it is unsafe."""
    best = state.clone()
    error = state.new_full((len(state),), torch.inf)
    active = torch.arange(len(state), device=state.device)
    for _ in range(stopping.rounds):
        moved = -kernel.log_sums(weights, state)
        present = weights > 0
        residual = torch.where(present, moved - state, 0.0)
        measured = (torch.expm1(-residual).abs() * weights).sum(dim=1)
        height = torch.where(present, state, -torch.inf).amax(dim=1)
        safe = (2 * height <= kernel.ceiling) & residual.isfinite().all(dim=1)
        measured = torch.where(safe, measured, torch.inf)
        better = measured < error[active]
        best[active[better]], error[active[better]] = state[better], measured[better]
        going = safe & (measured > stopping.tolerance)
        if not bool(going.any()):
            break
        active, weights = active[going], weights[going]
        state = state[going] + residual[going] / 2
    return best, error


def _log_iterate(
    kernel: SymmetricKernel, weights: Tensor, potential: Tensor, epsilon: float, stopping: Stopping
) -> tuple[Tensor, Tensor]:
    """Averaged steps of one mixture in the log domain, over the points that have weight."""
    best, least = potential, potential.new_full((1,), torch.inf)
    log_weights = weights.log()
    for _ in range(min(stopping.rounds, 200)):
        moved = kernel.transform(log_weights, potential)
        residual = torch.where(weights > 0, (moved - potential) / epsilon, 0.0)
        error = (torch.expm1(-residual).abs() * weights).sum(dim=1)
        if bool(error < least):
            best, least = potential, error
        if bool(error <= stopping.tolerance):
            break
        potential = (potential + moved) / 2
    return best, least


def _readout(kernel: SymmetricKernel, weights: Tensor, potential: Tensor, epsilon: float) -> Tensor:
    """T f at all points; rows that underflow the kernel by sums in the log domain."""
    state = (potential - kernel.centre) / epsilon
    present = weights > 0
    state = torch.where(present, state, -torch.inf)
    height = state.amax(dim=1, keepdim=True)
    moved = -kernel.log_sums(weights, state)
    lost = ~(moved + height <= kernel.ceiling)
    found = kernel.centre + epsilon * moved
    for column in lost.any(dim=1).nonzero()[:, 0].tolist():
        one = slice(column, column + 1)
        exact = kernel.transform(weights[one].log(), torch.where(present, potential, 0.0)[one])
        found[one] = torch.where(lost[one], exact, found[one])
    return found
