"""The self-terms OT_ε(μ, μ) of the debiased divergence.

The plan of a measure to itself is symmetric, P_ij = a_i a_j exp((f_i + f_j − C_ij)/ε), with one
potential: the fixed point of f = T f,

    (T f)_i = −ε log Σ_j a_j exp((f_j − C_ij)/ε).

The averaged step f ← (f + T f)/2 (Feydy, 2020, §3.1), which is u ← √(u / K(a∘u)) for u = e^φ,
converges in a few rounds.

The kernel is K_ij = √(ā_i ā_j) exp((f⁰_i + f⁰_j − C_ij)/ε), centred on a potential f⁰ of the
uniform mixture ā. After an averaged step no entry of K exceeds 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from projektor_ray.transport.epsilon_scaling import check_epsilon
from projektor_ray.transport.kernel import BLOCK_ELEMENTS, EXACT_EXPONENT, mass_limit
from projektor_ray.transport.operators import CostRows, Partition
from projektor_ray.transport.precision import stable_matmul
from projektor_ray.transport.sinkhorn_iterations import StoppingRule

CENTRE_RULE = StoppingRule(tolerance=1e-2, max_rounds=20)
LOG_DOMAIN_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class SelfTerm:
    """OT_ε(μ, μ) of B mixtures.

    Attributes
    ----------
    value : (B,), 2 Σ_i a_i f_i.
    potential : (B, r), mean potential of each part; of parts without weight, too.
    error : (B,), Σ_i |Σ_j P_ij − a_i|.
    """

    value: Tensor
    potential: Tensor
    error: Tensor


class SymmetricKernel:
    """The kernel of the self-term on one device, stored whole or rebuilt block by block.

    Parameters
    ----------
    mean : (n,), row weights ā of the uniform mixture.
    """

    def __init__(
        self, cost: CostRows, mean: Tensor, epsilon: float, dtype: torch.dtype, *, store: bool
    ) -> None:
        self._cost = cost
        self._epsilon = epsilon
        self._dtype = dtype
        self._store = store
        self._root = mean.sqrt()
        self._kernel: Tensor | None = None
        self._exact = cost.magnitude <= EXACT_EXPONENT * epsilon
        self.mass_limit = mass_limit(dtype)
        self.centre = torch.zeros_like(mean)
        self.recentre(self.transform(mean.log()[None], torch.zeros_like(mean)[None])[0] / 2)

    def recentre(self, centre: Tensor) -> None:
        """Build the kernel around another potential f⁰ (n,)."""
        self.centre = centre
        self._kernel = None
        if self._store:
            self._kernel = torch.cat([block for _, _, block in self._blocks()])

    def log_sums(self, weights: Tensor, state: Tensor) -> Tensor:
        """log Σ_j a_j e^(φ_j) K_ij / √(ā_i ā_j), (B, n), for φ = `state` = (f − f⁰)/ε."""
        scaled = (weights * state.exp() / self._root).to(self._dtype)
        if self._kernel is not None:
            sums = stable_matmul(scaled, self._kernel)
        else:
            blocks = [stable_matmul(scaled, block.T) for _, _, block in self._blocks()]
            sums = torch.cat(blocks, dim=1)
        return (sums.to(state.dtype) / self._root).log()

    def transform(self, log_weights: Tensor, potential: Tensor) -> Tensor:
        """T f for potentials (B, n), summed in the log domain."""
        log_sums = torch.empty_like(potential)
        offset = log_weights + potential / self._epsilon
        for start, stop in self._ranges():
            exponent = self._cost.rows(slice(start, stop)).to(potential.dtype) / -self._epsilon
            for column in range(len(potential)):
                log_sums[column, start:stop] = torch.logsumexp(exponent + offset[column], dim=1)
        return -self._epsilon * log_sums

    def _ranges(self) -> Iterator[tuple[int, int]]:
        rows, columns = self._cost.shape
        step = max(1, BLOCK_ELEMENTS // columns)
        for start in range(0, rows, step):
            yield start, min(rows, start + step)

    def _blocks(self) -> Iterator[tuple[int, int, Tensor]]:
        """Ranges of rows, and these rows of the kernel, built from the cost."""
        precision = self._dtype if self._exact else torch.float64
        offset = self.centre / self._epsilon + self._root.log()
        for start, stop in self._ranges():
            exponent = self._cost.rows(slice(start, stop)).to(precision) / -self._epsilon
            exponent += offset.to(precision)
            exponent += offset[start:stop, None].to(precision)
            yield start, stop, exponent.clamp_max_(0).exp_().to(self._dtype)


class SelfTransport:
    """OT_ε(μ, μ) of mixtures of the same points.

    The kernel is built once, around the potential of the uniform mixture. Every mixture starts from
    that potential, whatever else is in the batch and whatever was solved before.
    """

    def __init__(
        self,
        cost: CostRows,
        partition: Partition,
        epsilon: float,
        dtype: torch.dtype,
        *,
        store: bool = True,
    ) -> None:
        uniform = torch.full((1, partition.count), 1.0 / partition.count, dtype=torch.float64)
        mean = partition.expand(uniform.to(partition.provider.device), slice(None))[0]
        self._partition = partition
        self._epsilon = epsilon
        self._magnitude = cost.magnitude
        self._kernel = SymmetricKernel(cost, mean, epsilon, dtype, store=store)
        zero = torch.zeros_like(mean)[None]
        self._start, _ = _averaged_iterations(self._kernel, mean[None], zero, CENTRE_RULE)
        if 2 * float(self._start.abs().max()) > self._kernel.mass_limit / 4:
            self._kernel.recentre(self._kernel.centre + epsilon * self._start[0])
            self._start = torch.zeros_like(self._start)

    def __call__(self, weights: Tensor, stopping: StoppingRule) -> SelfTerm:
        """The self-term of every row of `weights` (B, r)."""
        kernel, epsilon = self._kernel, self._epsilon
        check_epsilon(epsilon, self._magnitude, stopping.tolerance)
        own = self._partition.expand(weights, slice(None))
        start = self._start.expand(len(own), -1).clone()
        state, error = _averaged_iterations(kernel, own, start, stopping)
        potential = kernel.centre + epsilon * state
        failed = (~(error <= stopping.tolerance)).nonzero()[:, 0]
        for column in failed.tolist():
            one = slice(column, column + 1)
            potential[one], error[one] = _log_domain_iterations(
                kernel, own[one], potential[one], epsilon, stopping
            )
        transformed = _transform_everywhere(kernel, own, potential, epsilon)
        means = weights.new_zeros(len(own), self._partition.count)
        self._partition.add_means(transformed, means, slice(None))
        value = (own * (torch.where(own > 0, potential, 0.0) + transformed)).sum(dim=1)
        return SelfTerm(value, means, error)


def _averaged_iterations(
    kernel: SymmetricKernel, weights: Tensor, state: Tensor, stopping: StoppingRule
) -> tuple[Tensor, Tensor]:
    """Averaged steps with the kernel: the best φ (B, n), and its error, infinite where unsafe."""
    best = state.clone()
    error = state.new_full((len(state),), torch.inf)
    active = torch.arange(len(state), device=state.device)
    for _ in range(stopping.max_rounds):
        mapped = -kernel.log_sums(weights, state)  # T φ
        present = weights > 0
        residual = torch.where(present, mapped - state, 0.0)
        measured = (torch.expm1(-residual).abs() * weights).sum(dim=1)
        highest = torch.where(present, state, -torch.inf).amax(dim=1)
        safe = (2 * highest <= kernel.mass_limit) & residual.isfinite().all(dim=1)
        measured = torch.where(safe, measured, torch.inf)
        better = measured < error[active]
        best[active[better]], error[active[better]] = state[better], measured[better]
        remaining = safe & (measured > stopping.tolerance)
        if not bool(remaining.any()):
            break
        active, weights = active[remaining], weights[remaining]
        state = state[remaining] + residual[remaining] / 2  # (φ + T φ)/2
    return best, error


def _log_domain_iterations(
    kernel: SymmetricKernel,
    weights: Tensor,
    potential: Tensor,
    epsilon: float,
    stopping: StoppingRule,
) -> tuple[Tensor, Tensor]:
    """Averaged steps of one mixture in the log domain, over the points that have weight."""
    best, error = potential, potential.new_full((1,), torch.inf)
    log_weights = weights.log()
    for _ in range(min(stopping.max_rounds, LOG_DOMAIN_ROUNDS)):
        mapped = kernel.transform(log_weights, potential)
        residual = torch.where(weights > 0, (mapped - potential) / epsilon, 0.0)
        measured = (torch.expm1(-residual).abs() * weights).sum(dim=1)
        if bool(measured < error):
            best, error = potential, measured
        if bool(measured <= stopping.tolerance):
            break
        potential = (potential + mapped) / 2
    return best, error


def _transform_everywhere(
    kernel: SymmetricKernel, weights: Tensor, potential: Tensor, epsilon: float
) -> Tensor:
    """T f at all points, in the log domain where the kernel underflows."""
    state = (potential - kernel.centre) / epsilon
    present = weights > 0
    state = torch.where(present, state, -torch.inf)
    highest = state.amax(dim=1, keepdim=True)
    mapped = -kernel.log_sums(weights, state)
    underflow = ~(mapped + highest <= kernel.mass_limit)
    transformed = kernel.centre + epsilon * mapped
    for column in underflow.any(dim=1).nonzero()[:, 0].tolist():
        one = slice(column, column + 1)
        exact = kernel.transform(weights[one].log(), torch.where(present, potential, 0.0)[one])
        transformed[one] = torch.where(underflow[one], exact, transformed[one])
    return transformed
