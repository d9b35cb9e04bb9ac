"""Transport by provider: shards that each compute the rows of their own providers.

A shard has its pilots, the validation set and the kernel of its rows, which it can rebuild at any
time; every call is idempotent. A round sends target scalings (B, v) to the shards, and returns
partial column sums (B, v). Results are added in the order of the shards.
"""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from projektor_ray.transport.features import PilotFeatures, ValidationFeatures
from projektor_ray.transport.ground_cost import (
    CostUnits,
    GroundCost,
    LabelledPoints,
    PilotMoments,
    pilot_moments,
    pilot_points,
    validation_blocks,
    validation_points,
)
from projektor_ray.transport.kernel import KernelOperator, exponentiate, mass_limit
from projektor_ray.transport.operators import Centre, CentreArrays, PlanSums, ProviderPartition

Array = NDArray[Any]


class ProviderShard:
    """The pilots of some providers, and their rows of the transport problem, in one process.

    Parameters
    ----------
    dtype : of the kernel.
    store : whether the kernel is stored whole.
    """

    def __init__(
        self,
        pilots: PilotFeatures,
        validation: ValidationFeatures,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
        store: bool = True,
    ) -> None:
        self._pilots = pilots
        self._validation = validation
        self._dtype = dtype
        self._device = device or torch.device("cpu")
        self._store = store
        self._providers, self._local = np.unique(pilots.provider, return_inverse=True)
        self._units: CostUnits | None = None
        self._operator: KernelOperator | None = None

    def providers(self) -> Array:
        """Indices, among all m, of this shard's providers."""
        return self._providers

    def moments(self) -> PilotMoments:
        """What the cost's units need of these pilots."""
        return pilot_moments(self._pilots, self._validation)

    def magnitude(self, units: CostUnits) -> float:
        """An upper bound on this shard's costs."""
        return self._operator_in(units).magnitude

    def sums(
        self,
        units: CostUnits,
        centre: CentreArrays,
        shift: Array,
        scaling: Array,
        weights: Array,
    ) -> tuple[Array, Array, Array]:
        """This shard's part of `SourceOperator.sums`; weights (B, m) of all providers.

        Scalings have the kernel's precision, mostly float32, which halves what is sent.
        """
        sums = self._operator_in(units).partial_sums(
            Centre.from_arrays(centre, self._device),
            self._tensor(shift),
            torch.tensor(scaling, device=self._device),
            self._own(weights),
        )
        columns, flows, log_mass = sums.columns.cpu(), sums.flows.cpu(), sums.log_mass.cpu()
        return columns.numpy(), flows.numpy(), log_mass.numpy()

    def log_sums(self, units: CostUnits, potential: Array, epsilon: float, weights: Array) -> Array:
        """This shard's part of `SourceOperator.log_sums`, before logarithms are added."""
        operator = self._operator_in(units)
        sums = operator.log_sums(self._tensor(potential), epsilon, self._own(weights))
        return sums.cpu().numpy()

    def source_potentials(
        self, units: CostUnits, centre: CentreArrays, log_scaling: Array
    ) -> Array:
        """Mean source potentials (B, providers of this shard)."""
        potentials = self._operator_in(units).source_potentials(
            Centre.from_arrays(centre, self._device), self._tensor(log_scaling)
        )
        return potentials.cpu().numpy()

    def sizes(self) -> Array:
        """Number of samples of each of this shard's providers."""
        return np.bincount(self._local.reshape(-1))

    def points(self, units: CostUnits, most: int) -> tuple[LabelledPoints, Array]:
        """Points for the self-term, at most `most` of a provider, and their providers."""
        index = subsample(self._pilots.provider, most)
        points = pilot_points(self._pilots, self._validation, units)
        return points.take(index), self._pilots.provider[index]

    def _operator_in(self, units: CostUnits) -> KernelOperator:
        """This shard's operator in the cost's units of all pilots; built where it is new."""
        if self._operator is None or units != self._units:
            targets = validation_points(self._validation, units)
            points = pilot_points(self._pilots, self._validation, units)
            provider = torch.from_numpy(self._local.reshape(-1)).to(self._device)
            self._operator = KernelOperator(
                GroundCost(points, targets, units, self._dtype, self._device),
                uniform_weights(len(targets.points), self._device),
                validation_blocks(targets).to(self._device),
                ProviderPartition(provider, len(self._providers)),
                self._dtype,
                store=self._store,
            )
            self._units = units
        return self._operator

    def _own(self, weights: Array) -> Tensor:
        return self._tensor(weights[:, self._providers])

    def _tensor(self, array: Array) -> Tensor:
        return torch.tensor(array, dtype=torch.float64, device=self._device)


class CallShards(Protocol):
    """Calls a method of every shard with the same arguments; results in the order of shards."""

    def __call__(self, method: str, *arguments: Any) -> list[Any]: ...


class ShardedOperator:
    """The `SourceOperator` over shards that `call` reaches, in whatever process.

    Attributes
    ----------
    target, blocks, parts, magnitude : as in `SourceOperator`; the parts are the m providers.
    """

    def __init__(
        self, call: CallShards, units: CostUnits, targets: LabelledPoints, dtype: torch.dtype
    ) -> None:
        self._call = call
        self._units = units
        self._providers = call("providers")
        self.target = uniform_weights(len(targets.points), torch.device("cpu"))
        self.blocks = validation_blocks(targets)
        self.parts = sum(len(providers) for providers in self._providers)
        self.magnitude = max(call("magnitude", units))
        self._dtype = dtype

    def mass_limit(self, centre: Centre) -> float:
        return mass_limit(self._precision(centre))

    def sums(self, centre: Centre, log_scaling: Tensor, weights: Tensor) -> PlanSums:
        dtype = self._precision(centre)
        shift, scaling = exponentiate(log_scaling, dtype)
        arrays = (shift.numpy(), scaling.numpy(), weights.numpy())
        parts = self._call("sums", self._units, centre.to_arrays(), *arrays)
        columns, flows = (np.sum([part[i] for part in parts], axis=0) for i in (0, 1))
        log_mass = np.logaddexp.reduce([part[2] for part in parts], axis=0)
        total = PlanSums(
            torch.from_numpy(columns), torch.from_numpy(flows), torch.from_numpy(log_mass), shift
        )
        return total.round_to(dtype)

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        parts = self._call("log_sums", self._units, potential.numpy(), epsilon, weights.numpy())
        return torch.from_numpy(np.logaddexp.reduce(parts, axis=0))

    def source_potentials(self, centre: Centre, log_scaling: Tensor) -> Tensor:
        parts = self._call(
            "source_potentials", self._units, centre.to_arrays(), log_scaling.numpy()
        )
        potentials = np.empty((len(log_scaling), self.parts))
        for providers, part in zip(self._providers, parts, strict=True):
            potentials[:, providers] = part
        return torch.from_numpy(potentials)

    def _precision(self, centre: Centre) -> torch.dtype:
        return torch.float64 if centre.double else self._dtype


def uniform_weights(count: int, device: torch.device) -> Tensor:
    """Weights 1 / count, as those of the validation points."""
    return torch.full((count,), 1.0 / count, dtype=torch.float64, device=device)


def samples_per_provider(sizes: NDArray[np.int64], points: int) -> int:
    """The largest c, at least 2, with Σ_i min(n_i, c) ≤ points.

    The self-term of a provider is biased by what a finite sample differs from itself, which falls
    with the sample size. With c samples of every provider the bias favours none of them.
    """
    low, high = 2, max(2, int(sizes.max()))
    while low < high:
        middle = (low + high + 1) // 2
        if np.minimum(sizes, middle).sum() <= points:
            low = middle
        else:
            high = middle - 1
    return low


def subsample(provider: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Indices, ascending, of at most `most` samples of each provider.

    Samples are drawn at random with the number of the provider's samples as seed. The order of the
    samples does not matter, and one provider's choice does not depend on the others. On CIFAR-10
    features a third of 3,000 samples moved debiased distances, whose range was 1.02, together by
    0.01 and each by up to another 0.005 (`benchmarks/transport.py self-term`).
    """
    chosen = []
    for one in np.unique(provider):
        own = np.flatnonzero(provider == one)
        drawn = np.random.default_rng(len(own)).permutation(len(own))[:most]
        chosen.append(own[drawn])
    return np.sort(np.concatenate(chosen))
