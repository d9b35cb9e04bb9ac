"""Pilots spread over shards that each answer for the rows of their own providers.

A shard keeps its pilots, the validation set and the kernel of its rows, which it can always build
again; every call is idempotent. What travels in a round is target scalings out and partial column
sums back, both (B, v). Results are summed in shard order.
"""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from projektor_ray.transport.ground_cost import (
    CostUnits,
    FeatureCost,
    LabelledPoints,
    PilotFeatures,
    PilotMoments,
    ValidationFeatures,
    pilot_moments,
    pilot_points,
    validation_blocks,
    validation_points,
)
from projektor_ray.transport.kernel import KernelOperator, ceiling_of, scaled
from projektor_ray.transport.operators import (
    Centre,
    PackedCentre,
    ProviderUnits,
    Sums,
    packed,
    unpacked,
)

Array = NDArray[Any]


class ProviderShard:
    """The pilots of some providers, whole: what one process of a sharded solve holds."""

    def __init__(
        self,
        pilots: PilotFeatures,
        validation: ValidationFeatures,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
        keep: bool = True,
    ) -> None:
        self._pilots = pilots
        self._validation = validation
        self._dtype = dtype
        self._device = device or torch.device("cpu")
        self._keep = keep
        self._providers, self._local = np.unique(pilots.provider, return_inverse=True)
        self._units: CostUnits | None = None
        self._operator: KernelOperator | None = None

    def providers(self) -> Array:
        """Indices, among all m, of the providers held here."""
        return self._providers

    def moments(self) -> PilotMoments:
        """What the cost's units need of these pilots."""
        return pilot_moments(self._pilots, self._validation)

    def magnitude(self, units: CostUnits) -> float:
        """An upper bound on this shard's costs."""
        return self._ready(units).magnitude

    def sums(
        self,
        units: CostUnits,
        centre: PackedCentre,
        shift: Array,
        scalings: Array,
        weights: Array,
    ) -> tuple[Array, Array, Array]:
        """This shard's part of `SourceOperator.sums`; weights (B, m) of all providers.

        Scalings come in the kernel's precision, mostly float32: half of what would travel else.
        """
        found = self._ready(units).partial_sums(
            unpacked(centre, self._device),
            self._tensor(shift),
            torch.tensor(scalings, device=self._device),
            self._own(weights),
        )
        columns, flows, reach = found.columns.cpu(), found.flows.cpu(), found.reach.cpu()
        return columns.numpy(), flows.numpy(), reach.numpy()

    def log_sums(self, units: CostUnits, potential: Array, epsilon: float, weights: Array) -> Array:
        """This shard's part of `SourceOperator.log_sums`, before the logarithms are added."""
        operator = self._ready(units)
        found = operator.log_sums(self._tensor(potential), epsilon, self._own(weights))
        return found.cpu().numpy()

    def source_potentials(self, units: CostUnits, centre: PackedCentre, scaling: Array) -> Array:
        """Mean source potentials (B, providers held here)."""
        found = self._ready(units).source_potentials(
            unpacked(centre, self._device), self._tensor(scaling)
        )
        return found.cpu().numpy()

    def sizes(self) -> Array:
        """Numbers of samples of the providers held here."""
        return np.bincount(self._local.reshape(-1))

    def points(self, units: CostUnits, most: int) -> tuple[LabelledPoints, Array]:
        """Embedded points for the self-term, at most so many of a provider, and their providers."""
        index = subsample(self._pilots.provider, most)
        found = pilot_points(self._pilots, self._validation, units)
        return found.take(index), self._pilots.provider[index]

    def _ready(self, units: CostUnits) -> KernelOperator:
        if self._operator is None or units != self._units:
            targets = validation_points(self._validation, units)
            cost = FeatureCost(
                pilot_points(self._pilots, self._validation, units),
                targets,
                units,
                self._dtype,
                self._device,
            )
            count = cost.shape[1]
            self._operator = KernelOperator(
                cost,
                torch.full((count,), 1.0 / count, dtype=torch.float64, device=self._device),
                validation_blocks(targets).to(self._device),
                ProviderUnits(
                    torch.from_numpy(self._local.reshape(-1)).to(self._device),
                    len(self._providers),
                ),
                self._dtype,
                keep=self._keep,
            )
            self._units = units
        return self._operator

    def _own(self, weights: Array) -> Tensor:
        return self._tensor(weights[:, self._providers])

    def _tensor(self, array: Array) -> Tensor:
        return torch.tensor(array, dtype=torch.float64, device=self._device)


class CallShards(Protocol):
    """Runs a method of every shard with the same arguments; results in the shards' order."""

    def __call__(self, method: str, *arguments: Any) -> list[Any]: ...


class ShardedOperator:
    """The operator over shards that `call` reaches, wherever they live.

    Attributes
    ----------
    target, blocks, units, magnitude : as `SourceOperator` says; units are the m providers.
    """

    def __init__(
        self, call: CallShards, cost_units: CostUnits, targets: LabelledPoints, dtype: torch.dtype
    ) -> None:
        self._call = call
        self._cost_units = cost_units
        self._held = call("providers")
        count = len(targets.points)
        self.target = torch.full((count,), 1.0 / count, dtype=torch.float64)
        self.blocks = validation_blocks(targets)
        self.units = sum(len(held) for held in self._held)
        self.magnitude = max(call("magnitude", cost_units))
        self._dtype = dtype

    def ceiling(self, centre: Centre) -> float:
        return ceiling_of(self._precision(centre))

    def sums(self, centre: Centre, scaling: Tensor, weights: Tensor) -> Sums:
        precision = self._precision(centre)
        shift, scalings = scaled(scaling, precision)
        parts = self._call(
            "sums",
            self._cost_units,
            packed(centre),
            shift.numpy(),
            scalings.numpy(),
            weights.numpy(),
        )
        columns, flows = (np.sum([part[i] for part in parts], axis=0) for i in (0, 1))
        reach = np.logaddexp.reduce([part[2] for part in parts], axis=0)
        found = Sums(*(torch.from_numpy(part) for part in (columns, flows, reach)))
        return found.rounded(precision)

    def log_sums(self, potential: Tensor, epsilon: float, weights: Tensor) -> Tensor:
        parts = self._call(
            "log_sums", self._cost_units, potential.numpy(), epsilon, weights.numpy()
        )
        return torch.from_numpy(np.logaddexp.reduce(parts, axis=0))

    def source_potentials(self, centre: Centre, scaling: Tensor) -> Tensor:
        parts = self._call(
            "source_potentials",
            self._cost_units,
            packed(centre),
            scaling.numpy(),
        )
        found = np.empty((len(scaling), self.units))
        for held, part in zip(self._held, parts, strict=True):
            found[:, held] = part
        return torch.from_numpy(found)

    def _precision(self, centre: Centre) -> torch.dtype:
        return torch.float64 if centre.wide else self._dtype


def even_share(sizes: NDArray[np.int64], points: int) -> int:
    """The largest c, at least 2, with Σ_i min(n_i, c) ≤ points: so many of each provider's samples.

    The self-term of a provider of n samples is off by what so few samples are apart from
    themselves, which falls with n: where all keep the same number, none is favoured.
    """
    least, most = 2, max(2, int(sizes.max()))
    while least < most:
        tried = (least + most + 1) // 2
        if np.minimum(sizes, tried).sum() <= points:
            least = tried
        else:
            most = tried - 1
    return least


def subsample(provider: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Indices, ascending, of at most so many samples of each provider.

    They are drawn at random, by the number of the provider's samples alone, so that no order of
    the samples matters and one provider's choice does not depend on the others. On CIFAR-10
    features a third of 3,000 samples moved debiased distances, which spread over 1.02, all together
    by 0.01 and each by up to 0.005 more (`benchmarks/transport.py self-term`).
    """
    kept = []
    for one in np.unique(provider):
        own = np.flatnonzero(provider == one)
        drawn = np.random.default_rng(len(own)).permutation(len(own))[:most]
        kept.append(own[drawn])
    return np.sort(np.concatenate(kept))
