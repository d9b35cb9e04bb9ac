"""The transport problem of all pilots and the validation set, in one process or over shards."""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from projektor_ray.errors import InputError
from projektor_ray.transport.features import PilotFeatures, ValidationFeatures
from projektor_ray.transport.ground_cost import (
    CostUnits,
    GroundCost,
    LabelledPoints,
    cost_dimension,
    cost_units,
    pilot_moments,
    pilot_points,
    validation_blocks,
    validation_points,
)
from projektor_ray.transport.kernel import KernelOperator, safe_kernel_dtype
from projektor_ray.transport.memory import MemoryPlan, available_memory, plan_memory
from projektor_ray.transport.operators import ProviderPartition, SourceOperator
from projektor_ray.transport.sharding import (
    CallShards,
    ShardedOperator,
    samples_per_provider,
    subsample,
    uniform_weights,
)
from projektor_ray.transport.transport_settings import TransportSettings

log = logging.getLogger(__name__)

PLANNED_MIXTURES = 256
"""Mixtures that a plan makes room for; more are solved in turns of as many as fit."""


@dataclass(frozen=True, eq=False)
class TransportProblem:
    """All pilots and the validation set, as the solver sees them.

    Attributes
    ----------
    operator : Sinkhorn rounds between pilots and validation; its parts are the m providers.
    units : the cost's units.
    self_points, self_provider : the points of the self-term, and the provider of each: all pilots,
        or equally many samples of each.
    validation : the validation set in the cost's units.
    plan : how the solve is laid out, and why.
    cost : the ground cost, where this process has all pilots.
    """

    operator: SourceOperator
    units: CostUnits
    self_points: LabelledPoints
    self_provider: NDArray[np.int64]
    validation: LabelledPoints
    plan: MemoryPlan
    cost: GroundCost | None = None


def local_problem(
    pilots: PilotFeatures,
    validation: ValidationFeatures,
    settings: TransportSettings,
    units: CostUnits | None = None,
) -> TransportProblem:
    """The problem of pilots that are all in this process.

    Parameters
    ----------
    units : of the cost; absent: those that these pilots give.

    Raises
    ------
    InputError
        If features or labels cannot be compared, a provider has no samples, or memory does not
        suffice.
    """
    moments = pilot_moments(pilots, validation)
    count = int(pilots.provider.max()) + 1
    present = len(np.unique(pilots.provider))
    if present != count:
        raise InputError(
            f"every provider needs at least one pilot sample; {count - present} of {count} have "
            "none. Leave them out"
        )
    if units is None:
        units = cost_units(moments, validation, settings.label_weight, settings.label_distance)
    points = pilot_points(pilots, validation, units)
    targets = validation_points(validation, units)
    device, dtype = device_of(settings), kernel_dtype(settings)
    plan = plan_solve(len(points.points), validation, settings)
    log.info("transport: %s, %d bytes", plan.layout, plan.bytes_needed)
    cost = GroundCost(points, targets, units, dtype, device)
    operator = KernelOperator(
        cost,
        uniform_weights(len(targets.points), device),
        validation_blocks(targets).to(device),
        ProviderPartition(torch.from_numpy(pilots.provider).to(device), count),
        dtype,
        store=plan.layout == "dense",
    )
    if settings.method == "exact":
        most = len(points.points)
    else:
        most = samples_per_provider(np.bincount(pilots.provider), settings.self_term_points)
    index = subsample(pilots.provider, most)
    own = points if len(index) == len(points.points) else points.take(index)
    provider = pilots.provider[index]
    return TransportProblem(operator, units, own, provider, targets, plan, cost)


def sharded_problem(
    call: CallShards, validation: ValidationFeatures, settings: TransportSettings, plan: MemoryPlan
) -> TransportProblem:
    """The problem of pilots in `ProviderShard`s, which `call` reaches.

    Raw samples stay in the shards. At most `self_term_points` embedded points come to this process,
    once.

    Parameters
    ----------
    plan : how the processes share the solve.
    """
    parts = call("moments")
    moments = sum(parts[1:], start=parts[0])
    units = cost_units(moments, validation, settings.label_weight, settings.label_distance)
    targets = validation_points(validation, units)
    operator = ShardedOperator(call, units, targets, kernel_dtype(settings))
    most = 1
    if settings.debiased:
        most = samples_per_provider(np.concatenate(call("sizes")), settings.self_term_points)
    shards = call("points", units, most)
    provider = np.concatenate([provider for _, provider in shards])
    order = provider.argsort(kind="stable")
    points = LabelledPoints.concatenate([points for points, _ in shards]).take(order)
    return TransportProblem(operator, units, points, provider[order], targets, plan)


def plan_solve(
    points: int, validation: ValidationFeatures, settings: TransportSettings, *, actors: int = 0
) -> MemoryPlan:
    """The memory plan for these settings, with room for `PLANNED_MIXTURES`.

    Parameters
    ----------
    points : pilot points of all providers.
    validation : embedded, so that the plan has the width of the features that are solved for.
    actors : processes that mixtures or pilots could be spread over.

    Raises
    ------
    InputError
        If memory does not suffice, or exact transport does not fit one process.
    """
    plan = plan_memory(
        points,
        len(validation.features),
        PLANNED_MIXTURES,
        cost_dimension(validation, settings.label_weight),
        item_size=kernel_dtype(settings).itemsize,
        available=memory_limit(settings),
        actors=actors,
    )
    if settings.method == "exact" and plan.layout not in ("dense", "by mixture"):
        raise InputError(
            "exact transport needs the whole cost in one process: "
            f"{plan.kernel_bytes / 2**20:,.0f} MiB, where {plan.bytes_available / 2**20:,.0f} MiB "
            "may be used. Use method: sinkhorn, smaller pilots, or more memory"
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
            f"this machine has no usable GPU; got device: {settings.device!r}. Use device: auto"
        )
    return device


def kernel_dtype(settings: TransportSettings) -> torch.dtype:
    """The kernel's precision; the cost is in units of its mean."""
    dtype = torch.float32 if settings.dtype == "float32" else torch.float64
    return safe_kernel_dtype(dtype, settings.tolerance, settings.epsilon)


def memory_limit(settings: TransportSettings) -> int:
    """Bytes that a solve may plan with."""
    if settings.memory_limit_gb is not None:
        return int(settings.memory_limit_gb * 2**30)
    return available_memory(device_of(settings))
