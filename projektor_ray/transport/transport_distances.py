"""Distances of mixtures by optimal transport to the validation set, with gradients by provider."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from projektor_ray.designs.mixtures import check_mixtures
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport.distances import Distances
from projektor_ray.transport.epsilon_scaling import InitialPotentials, solve_dual
from projektor_ray.transport.exact import solve_exact
from projektor_ray.transport.features import PilotFeatures, ValidationFeatures
from projektor_ray.transport.ground_cost import (
    CostUnits,
    GroundCost,
    LabelledPoints,
    pilot_points,
    validation_blocks,
    validation_points,
)
from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.memory import plan_memory
from projektor_ray.transport.operators import (
    Centre,
    CentreArrays,
    ProviderPartition,
    RowPartition,
)
from projektor_ray.transport.precision import strict_precision
from projektor_ray.transport.problem import (
    TransportProblem,
    device_of,
    kernel_dtype,
    local_problem,
    memory_limit,
)
from projektor_ray.transport.self_term import SelfTerm, SelfTransport
from projektor_ray.transport.sharding import uniform_weights
from projektor_ray.transport.sinkhorn_iterations import StoppingRule
from projektor_ray.transport.transport_settings import TransportSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class WarmStart:
    """Dual potentials of an earlier solve, from which a solve of near mixtures starts.

    Attributes
    ----------
    mixtures : (B, m).
    potentials : (B, v), their target potentials.
    centre : the centre of the kernel.
    """

    mixtures: Floats
    potentials: Floats
    centre: CentreArrays

    @staticmethod
    def concatenate(parts: Sequence["WarmStart"]) -> "WarmStart":
        """The warm starts of all parts, in order, around the first part's centre."""
        mixtures = np.concatenate([part.mixtures for part in parts])
        potentials = np.concatenate([part.potentials for part in parts])
        return WarmStart(mixtures, potentials, parts[0].centre)

    def near(self, mixtures: Floats) -> "WarmStart":
        """The potentials of the nearest mixture by L1 distance, for each of these mixtures."""
        separation = np.abs(mixtures[:, None, :] - self.mixtures[None, :, :]).sum(axis=2)
        return WarmStart(mixtures, self.potentials[separation.argmin(axis=1)], self.centre)

    def initial(self, mixtures: Floats, device: torch.device) -> InitialPotentials:
        """Initial potentials of a solve of these mixtures."""
        near = self.near(mixtures)
        potentials = torch.from_numpy(near.potentials).to(device)
        return InitialPotentials(potentials, Centre.from_arrays(near.centre, device))


def measure(
    mixtures: Floats,
    pilots: PilotFeatures,
    validation: ValidationFeatures,
    settings: TransportSettings | None = None,
) -> Distances:
    """Debiased entropic distances of mixtures to the validation set, and their gradients.

    For every mixture p_β, β = 1 … B, in which the n_i samples of provider i weigh p_i / n_i each,

        S_ε(p) = OT_ε(μ_p, ν) − ½ OT_ε(μ_p, μ_p) − ½ OT_ε(ν, ν).

    Parameters
    ----------
    mixtures : array, shape (B, m)
    pilots : embedded pilots of all m providers.
    validation : the embedded validation set.
    settings : by default `TransportSettings()`.

    Raises
    ------
    InputError
        If mixtures are not on the simplex over the pilots' providers, features or labels cannot
        be compared, or memory does not suffice.

    See Also
    --------
    TransportDistances : the same for repeated calls, with warm starts.
    sinkhorn : the solver by itself, for a cost matrix.
    """
    return TransportDistances.of_pilots(pilots, validation, settings)(mixtures)


class TransportDistances:
    """Distances by transport, of mixtures of the pilots of one `TransportProblem`.

    Costs, kernels and the validation set's self-term are reused between calls. A call starts from
    the potentials of the nearest mixture of the previous call. Its result therefore depends on that
    call, within the tolerance.
    """

    def __init__(self, problem: TransportProblem, settings: TransportSettings) -> None:
        self.problem = problem
        self.settings = settings
        self._stopping = StoppingRule(settings.tolerance, settings.max_iterations)
        self._last: WarmStart | None = None
        self._pilot_transport: SelfTransport | None = None
        self._validation_term: SelfTerm | None = None

    @staticmethod
    def of_pilots(
        pilots: PilotFeatures,
        validation: ValidationFeatures,
        settings: TransportSettings | None = None,
        units: CostUnits | None = None,
    ) -> "TransportDistances":
        """Distances of mixtures of pilots that are all in this process.

        Parameters
        ----------
        units : of the cost, where they are those of other pilots; absent: of these.

        Raises
        ------
        InputError
            As `measure` does.
        """
        settings = settings or TransportSettings()
        return TransportDistances(local_problem(pilots, validation, settings, units), settings)

    def __call__(self, mixtures: Floats, /) -> Distances:
        """Distances and gradients of mixtures (B, m).

        Raises
        ------
        InputError
            If the mixtures are not on the simplex over the problem's providers.
        """
        distances, self._last = self.measure_from(mixtures, self._last)
        return distances

    @strict_precision
    def measure_from(
        self, mixtures: Floats, start: WarmStart | None
    ) -> tuple[Distances, WarmStart | None]:
        """Distances from a given warm start, and the warm start for a later call (None if exact).

        The same start gives the same result, whatever was measured in between.
        """
        mixtures = check_mixtures(mixtures, self.problem.operator.parts)
        if self.settings.method == "exact":
            return self._solve_exact(mixtures), None
        turns = np.array_split(mixtures, -(-len(mixtures) // self.problem.plan.batch))
        parts = [self._solve(turn, start) for turn in turns]
        return (
            Distances.concatenate([distances for distances, _ in parts]),
            WarmStart.concatenate([end for _, end in parts]),
        )

    def reset(self) -> None:
        """Discard the warm start, so that the next call depends on its mixtures alone."""
        self._last = None

    def _solve(self, mixtures: Floats, warm: WarmStart | None) -> tuple[Distances, WarmStart]:
        operator = self.problem.operator
        device = operator.target.device
        weights = torch.from_numpy(mixtures).to(device)
        start = None if warm is None else warm.initial(mixtures, device)
        solution = solve_dual(operator, weights, self.settings.epsilon, self._stopping, start)
        value, gradient, error = solution.value, solution.source, solution.error  # ∂OT_ε/∂a = f
        if self.settings.debiased:
            pilots, validation = self._pilot_self_term(weights), self._validation_self_term()
            value = value - (pilots.value + validation.value) / 2
            gradient = gradient - pilots.potential
            error = torch.maximum(torch.maximum(error, pilots.error), validation.error)
        gradient = gradient - (weights * gradient).sum(dim=1, keepdim=True)
        distances = Distances(
            value.cpu().numpy(),
            gradient.cpu().numpy(),
            error.cpu().numpy(),
            (error <= self.settings.tolerance).cpu().numpy(),
            solution.rounds.cpu().numpy(),
        )
        potentials = solution.target.cpu().numpy()
        return distances, WarmStart(mixtures, potentials, solution.centre.to_arrays())

    def _pilot_self_term(self, weights: Tensor) -> SelfTerm:
        if self._pilot_transport is None:
            provider = torch.from_numpy(self.problem.self_provider).to(weights.device)
            partition = ProviderPartition(provider, weights.shape[1])
            self._pilot_transport = self._self_transport(self.problem.self_points, partition)
        return self._pilot_transport(weights, self._stopping)

    def _validation_self_term(self) -> SelfTerm:
        if self._validation_term is None:
            device = self.problem.operator.target.device
            points = self.problem.validation
            one = torch.zeros(len(points.points), dtype=torch.long, device=device)
            transport = self._self_transport(points, ProviderPartition(one, 1))
            self._validation_term = transport(uniform_weights(1, device)[None], self._stopping)
        return self._validation_term

    def _self_transport(
        self, points: LabelledPoints, partition: ProviderPartition
    ) -> SelfTransport:
        """Transport of points to themselves; the kernel is stored where memory suffices."""
        dtype = kernel_dtype(self.settings)
        cost = GroundCost(points, points, self.problem.units, dtype, partition.provider.device)
        free = memory_limit(self.settings) - self.problem.plan.bytes_needed
        store = 2 * dtype.itemsize * len(points.points) ** 2 <= free / 2
        return SelfTransport(cost, partition, self.settings.epsilon, dtype, store=store)

    def _solve_exact(self, mixtures: Floats) -> Distances:
        problem = self.problem
        assert problem.cost is not None
        targets = problem.cost.shape[1]
        cost = problem.cost.rows(slice(None)).cpu().numpy().astype(np.float64)
        partition = ProviderPartition(torch.from_numpy(problem.self_provider), mixtures.shape[1])
        weights = partition.expand(torch.from_numpy(mixtures), slice(None)).numpy()
        values, potentials, optimal = solve_exact(cost, weights, np.full(targets, 1.0 / targets))
        means = torch.zeros(mixtures.shape, dtype=torch.float64)
        partition.add_means(torch.from_numpy(potentials), means, slice(None))
        gradient = means.numpy()
        gradient = gradient - (mixtures * gradient).sum(axis=1, keepdims=True)
        error = np.where(optimal, 0.0, np.inf)
        return Distances(values, gradient, error, optimal, np.zeros(len(mixtures), np.int64))


def source_potentials(
    pilots: PilotFeatures,
    validation: ValidationFeatures,
    units: CostUnits,
    settings: TransportSettings,
) -> Floats:
    """Source potentials f (n,) of OT_ε(pilots, validation), in which every sample weighs 1/n.

    f_i is the derivative of OT_ε with respect to the weight of sample i, up to a constant.

    Parameters
    ----------
    units : of the pilots of all providers.
    """
    points, targets = pilot_points(pilots, validation, units), validation_points(validation, units)
    device, dtype = device_of(settings), kernel_dtype(settings)
    count, across = len(points.points), len(targets.points)
    plan = plan_memory(
        count,
        across,
        1,
        points.points.shape[1],
        item_size=dtype.itemsize,
        available=memory_limit(settings),
    )
    operator = KernelOperator(
        GroundCost(points, targets, units, dtype, device),
        uniform_weights(across, device),
        validation_blocks(targets).to(device),
        RowPartition(count, device),
        dtype,
        store=plan.layout == "dense",
    )
    stopping = StoppingRule(settings.tolerance, settings.max_iterations)
    weights = uniform_weights(count, device)[None]
    solution = solve_dual(operator, weights, settings.epsilon, stopping)
    error = float(solution.error[0])
    if error > settings.tolerance:
        log.warning("the values of a pilot's samples are inaccurate: marginal error %.2g", error)
    return np.asarray(solution.source[0].cpu().numpy())
