"""Pilots made ready to be measured: in this process, or spread over shards."""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from projektor_ray.errors import InputError
from projektor_ray.transport.ground_cost import (
    CostUnits,
    FeatureCost,
    LabelledPoints,
    PilotFeatures,
    ValidationFeatures,
    cost_dimension,
    cost_units,
    pilot_moments,
    pilot_points,
    validation_blocks,
    validation_points,
)
from projektor_ray.transport.kernel import KernelOperator, kernel_precision
from projektor_ray.transport.memory import MemoryPlan, available_memory, plan_memory
from projektor_ray.transport.operators import ProviderUnits, SourceOperator
from projektor_ray.transport.sharding import CallShards, ShardedOperator, even_share, subsample
from projektor_ray.transport.transport_settings import TransportSettings

log = logging.getLogger(__name__)

USUAL_BATCH = 256
"""Mixtures that a plan makes room for; more are solved in turns of as many as fit."""


@dataclass(frozen=True, eq=False)
class Pool:
    """All pilots and the validation set, as the solver sees them.

    Attributes
    ----------
    operator : rounds between pilots and validation; its units are the m providers.
    units : the cost's units.
    self_points, self_provider : the points of the self-term, all pilots or equally many of each
        provider's, and whose they are.
    validation : the validation set in the cost's units.
    cost : the cost by blocks of rows and each row's provider, where this process holds it.
    plan : how the solve is laid out, and why.
    """

    operator: SourceOperator
    units: CostUnits
    self_points: LabelledPoints
    self_provider: NDArray[np.int64]
    validation: LabelledPoints
    plan: MemoryPlan
    cost: FeatureCost | None = None


def local_pool(
    pilots: PilotFeatures, validation: ValidationFeatures, settings: TransportSettings
) -> Pool:
    """Pilots that this process holds.

    Raises
    ------
    InputError
        If features or labels cannot be compared, a provider has no samples, or memory does not
        hold the solve.
    """
    moments = pilot_moments(pilots, validation)
    count = int(pilots.provider.max()) + 1
    present = len(np.unique(pilots.provider))
    if present != count:
        raise InputError(
            f"every provider needs at least one pilot sample; {count - present} of {count} have "
            "none. Leave them out"
        )
    units = cost_units(moments, validation, settings.label_weight, settings.label_distance)
    points = pilot_points(pilots, validation, units)
    targets = validation_points(validation, units)
    device, dtype = device_of(settings), dtype_of(settings)
    plan = plan_solve(len(points.points), validation, settings)
    log.info("transport: %s, because %s", plan.layout, plan.reason)
    cost = FeatureCost(points, targets, units, dtype, device)
    operator = KernelOperator(
        cost,
        uniform_weights(len(targets.points), device),
        validation_blocks(targets).to(device),
        ProviderUnits(torch.from_numpy(pilots.provider).to(device), count),
        dtype,
        keep=plan.layout == "dense",
    )
    whole = settings.method == "exact"
    most = even_share(np.bincount(pilots.provider), settings.self_term_points)
    index = subsample(pilots.provider, len(points.points) if whole else most)
    own = points if len(index) == len(points.points) else points.take(index)
    return Pool(operator, units, own, pilots.provider[index], targets, plan, cost)


def sharded_pool(
    call: CallShards, validation: ValidationFeatures, settings: TransportSettings, plan: MemoryPlan
) -> Pool:
    """Pilots that `ProviderShard`s hold, which `call` reaches; raw samples stay where they are.

    The embedded points of the self-term, thinned to `self_term_points` over all shards, come to
    this process once.

    Parameters
    ----------
    plan : how the processes share the solve.
    """
    parts = call("moments")
    moments = sum(parts[1:], start=parts[0])
    units = cost_units(moments, validation, settings.label_weight, settings.label_distance)
    targets = validation_points(validation, units)
    operator = ShardedOperator(call, units, targets, dtype_of(settings))
    most = 1
    if settings.debiased:
        most = even_share(np.concatenate(call("sizes")), settings.self_term_points)
    found = call("points", units, most)
    provider = np.concatenate([provider for _, provider in found])
    order = provider.argsort(kind="stable")
    return Pool(
        operator,
        units,
        LabelledPoints.concatenate([points for points, _ in found]).take(order),
        provider[order],
        targets,
        plan,
    )


def plan_solve(
    points: int, validation: ValidationFeatures, settings: TransportSettings, *, actors: int = 0
) -> MemoryPlan:
    """`plan_memory` for these settings, with room for a usual batch.

    Parameters
    ----------
    points : pilot points of all providers.
    validation : embedded, so that the plan has the width of the features that are solved for.
    actors : processes that mixtures or pilots could be spread over.

    Raises
    ------
    InputError
        As `plan_memory` does, or if exact transport does not fit one process.
    """
    plan = plan_memory(
        points,
        len(validation.features),
        USUAL_BATCH,
        cost_dimension(validation, settings.label_weight),
        item_size=dtype_of(settings).itemsize,
        available=memory_limit(settings),
        actors=actors,
    )
    if settings.method == "exact" and plan.layout not in ("dense", "by mixture"):
        raise InputError(
            f"exact transport holds the whole cost in one process, and {plan.reason}. "
            "Use method: sinkhorn, smaller pilots, or more memory"
        )
    return plan


def device_of(settings: TransportSettings) -> torch.device:
    """The device that the settings name, or a GPU if there is one."""
    if settings.device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(settings.device)
    except RuntimeError as error:
        raise InputError(
            f"device must be auto, cpu, cuda or cuda:N; got {settings.device!r}"
        ) from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(
            f"device {settings.device!r} needs a usable GPU; this machine has none; "
            "use device: auto"
        )
    return device


def dtype_of(settings: TransportSettings) -> torch.dtype:
    """The kernel's precision; the cost is in units of its mean."""
    wanted = torch.float32 if settings.dtype == "float32" else torch.float64
    return kernel_precision(wanted, settings.tolerance, settings.epsilon)


def memory_limit(settings: TransportSettings) -> int:
    """Bytes that a solve may plan with."""
    if settings.memory_limit_gb is not None:
        return int(settings.memory_limit_gb * 2**30)
    return available_memory(device_of(settings))


def uniform_weights(count: int, device: torch.device) -> Tensor:
    """The validation set's weights: 1 / v each."""
    return torch.full((count,), 1.0 / count, dtype=torch.float64, device=device)
