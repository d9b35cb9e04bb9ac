"""Distances of mixtures by optimal transport to the validation set, and gradients per provider."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from projektor_ray.designs.drawing import check_mixtures
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport.distances import Distances
from projektor_ray.transport.exact import solve_exact
from projektor_ray.transport.ground_cost import (
    FeatureCost,
    LabelledPoints,
    PilotFeatures,
    ValidationFeatures,
)
from projektor_ray.transport.iterations import Stopping
from projektor_ray.transport.operators import PackedCentre, ProviderUnits, packed, unpacked
from projektor_ray.transport.precision import strict_precision
from projektor_ray.transport.problem import (
    Pool,
    dtype_of,
    local_pool,
    memory_limit,
    uniform_weights,
)
from projektor_ray.transport.self_term import SelfTerm, SelfTransport
from projektor_ray.transport.solver import Solution, Start, solve
from projektor_ray.transport.transport_settings import TransportSettings


@dataclass(frozen=True, eq=False)
class WarmStart:
    """Dual potentials of an earlier solve, from which a solve of nearby mixtures starts.

    Attributes
    ----------
    mixtures : (B, m).
    potentials : (B, v), their target potentials.
    centre : what the kernel was built around.
    """

    mixtures: Floats
    potentials: Floats
    centre: PackedCentre

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


def measure(
    mixtures: Floats,
    pilots: PilotFeatures,
    validation: ValidationFeatures,
    settings: TransportSettings | None = None,
) -> Distances:
    """Distances of mixtures (B, m), in which provider i's samples share the weight p_i evenly.

    Raises
    ------
    InputError
        If mixtures are not on the simplex over the pilots' providers, features or labels cannot
        be compared, or memory does not hold the solve.
    """
    return TransportDistances.of_pilots(pilots, validation, settings)(mixtures)


class TransportDistances:
    """Distances by transport from one pool of pilots, in this process or in shards.

    Costs, kernels and the validation set's own term are reused between calls. A call starts from
    the potentials of the nearest mixture of the previous call, so that its result depends on that
    call, within the tolerance.
    """

    def __init__(self, pool: Pool, settings: TransportSettings) -> None:
        self.pool = pool
        self.settings = settings
        self._stopping = Stopping(settings.tolerance, settings.max_iterations)
        self._last: WarmStart | None = None
        self._self_transport: SelfTransport | None = None
        self._target_term: SelfTerm | None = None

    @staticmethod
    def of_pilots(
        pilots: PilotFeatures,
        validation: ValidationFeatures,
        settings: TransportSettings | None = None,
    ) -> "TransportDistances":
        """Distances of mixtures of pilots that this process holds.

        Raises
        ------
        InputError
            As `measure` does.
        """
        chosen = settings or TransportSettings()
        return TransportDistances(local_pool(pilots, validation, chosen), chosen)

    def __call__(self, mixtures: Floats, /) -> Distances:
        """Distances and gradients of mixtures (B, m).

        Raises
        ------
        InputError
            If the mixtures are not on the simplex over the pool's providers.
        """
        distances, self._last = self.measure_from(mixtures, self._last)
        return distances

    @strict_precision
    def measure_from(
        self, mixtures: Floats, start: WarmStart | None
    ) -> tuple[Distances, WarmStart | None]:
        """Distances from a given warm start, and the warm start that they end in (None if exact).

        The same start gives the same result, whatever was measured in between.
        """
        mixtures = check_mixtures(mixtures, self.pool.operator.units)
        if self.settings.method == "exact":
            return self._exact(mixtures), None
        turns = np.array_split(mixtures, -(-len(mixtures) // self.pool.plan.mixtures))
        parts = [self._solve(turn, start) for turn in turns]
        return (
            Distances.concatenate([distances for distances, _ in parts]),
            WarmStart.concatenate([end for _, end in parts]),
        )

    def reset(self) -> None:
        """Discard the warm start, so that the next call depends on its mixtures alone."""
        self._last = None

    def _solve(self, mixtures: Floats, warm: WarmStart | None) -> tuple[Distances, WarmStart]:
        operator = self.pool.operator
        weights = torch.from_numpy(mixtures).to(operator.target.device)
        start = None if warm is None else self._start(mixtures, warm)
        solution = solve(operator, weights, self.settings.epsilon, self._stopping, start)
        value, gradient, error = solution.value, solution.source, solution.error
        if self.settings.debiased:
            own, targets = self._self_term(weights), self._validation_term()
            value = value - (own.value + targets.value) / 2
            gradient = gradient - own.potential
            error = torch.maximum(torch.maximum(error, own.error), targets.error)
        gradient = gradient - (weights * gradient).sum(dim=1, keepdim=True)
        end = WarmStart(mixtures, solution.target.cpu().numpy(), packed(solution.centre))
        return self._distances(value, gradient, error, solution), end

    def _distances(
        self, value: Tensor, gradient: Tensor, error: Tensor, solution: Solution
    ) -> Distances:
        return Distances(
            value.cpu().numpy(),
            gradient.cpu().numpy(),
            error.cpu().numpy(),
            (error <= self.settings.tolerance).cpu().numpy(),
            solution.rounds.cpu().numpy(),
        )

    def _start(self, mixtures: Floats, warm: WarmStart) -> Start:
        near, device = warm.near(mixtures), self.pool.operator.target.device
        return Start(torch.from_numpy(near.potentials).to(device), unpacked(near.centre, device))

    def _self_term(self, weights: Tensor) -> SelfTerm:
        if self._self_transport is None:
            provider = torch.from_numpy(self.pool.self_provider).to(weights.device)
            units = ProviderUnits(provider, weights.shape[1])
            self._self_transport = self._within(self.pool.self_points, units)
        return self._self_transport(weights, self._stopping)

    def _validation_term(self) -> SelfTerm:
        if self._target_term is None:
            device = self.pool.operator.target.device
            points = self.pool.validation
            units = ProviderUnits(
                torch.zeros(len(points.points), dtype=torch.long, device=device), 1
            )
            within = self._within(points, units)
            self._target_term = within(uniform_weights(1, device)[None], self._stopping)
        return self._target_term

    def _within(self, points: LabelledPoints, units: ProviderUnits) -> SelfTransport:
        """Transport among points themselves; the kernel is held whole where there is room."""
        dtype = dtype_of(self.settings)
        cost = FeatureCost(points, points, self.pool.units, dtype, units.holder.device)
        free = memory_limit(self.settings) - self.pool.plan.bytes_needed
        keep = 2 * dtype.itemsize * len(points.points) ** 2 <= free / 2
        return SelfTransport(cost, units, self.settings.epsilon, dtype, keep=keep)

    def _exact(self, mixtures: Floats) -> Distances:
        pool = self.pool
        assert pool.cost is not None
        targets = pool.cost.shape[1]
        cost = pool.cost.rows(slice(None)).cpu().numpy().astype(np.float64)
        units = ProviderUnits(torch.from_numpy(pool.self_provider), mixtures.shape[1])
        weights = units.spread(torch.from_numpy(mixtures), slice(None)).numpy()
        values, potentials, optimal = solve_exact(cost, weights, np.full(targets, 1.0 / targets))
        gradient = torch.zeros(mixtures.shape, dtype=torch.float64)
        units.collect(torch.from_numpy(potentials), gradient, slice(None))
        centred = gradient.numpy()
        centred = centred - (mixtures * centred).sum(axis=1, keepdims=True)
        none = np.zeros(len(mixtures))
        error = np.where(optimal, 0.0, np.inf)
        return Distances(values, centred, error, optimal, none.astype(np.int64))
