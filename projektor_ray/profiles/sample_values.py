"""What each sample of a pilot is worth: calibrated gradients of its distance to validation."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from projektor_ray.profiles.neighbours import classes_of
from projektor_ray.storage.arrays import Floats
from projektor_ray.transport import (
    PilotFeatures,
    TransportSettings,
    ValidationFeatures,
    plan_memory,
)
from projektor_ray.transport.ground_cost import (
    CostUnits,
    FeatureCost,
    PilotMoments,
    cost_units,
    pilot_points,
    validation_blocks,
    validation_points,
)
from projektor_ray.transport.iterations import Stopping
from projektor_ray.transport.kernel import KernelOperator
from projektor_ray.transport.operators import RowUnits
from projektor_ray.transport.problem import device_of, dtype_of, memory_limit, uniform_weights
from projektor_ray.transport.solver import solve

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class SampleValues:
    """What the samples of one provider's pilot are worth, in its order: values (n,)."""

    provider: int
    values: Floats

    def least(self, count: int) -> tuple[int, ...]:
        """Positions of the samples that are worth least, worst first."""
        return tuple(np.argsort(self.values, kind="stable")[:count].tolist())


def sample_values(
    pilots: PilotFeatures,
    validation: ValidationFeatures,
    moments: PilotMoments,
    settings: TransportSettings,
) -> list[SampleValues]:
    """Of each provider among `pilots`, by its pilot alone, in the units of all distances.

    Parameters
    ----------
    moments : of the pilots of all providers, also of those that are not here.
    settings : of the distance; its entropic form, whatever the method.
    """
    units = cost_units(moments, validation, settings.label_weight, settings.label_distance)
    found = []
    for provider in np.unique(pilots.provider):
        own = pilots.provider == provider
        labels = None if pilots.labels is None else pilots.labels[own]
        pilot = PilotFeatures(pilots.features[own], labels, pilots.provider[own])
        potentials = source_potentials(pilot, validation, units, settings)
        found.append(SampleValues(int(provider), calibrated(potentials, labels)))
    return found


def source_potentials(
    pilot: PilotFeatures,
    validation: ValidationFeatures,
    units: CostUnits,
    settings: TransportSettings,
) -> Floats:
    """The potentials f (n,) of OT_ε(pilot, validation), whose samples weigh 1/n each.

    f_x is the derivative of OT_ε along x's weight, up to a constant. The self-term of the debiased
    distance is left out: it would forgive a sample that is unlike its own pilot as well.
    """
    points, targets = pilot_points(pilot, validation, units), validation_points(validation, units)
    device, dtype = device_of(settings), dtype_of(settings)
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
        FeatureCost(points, targets, units, dtype, device),
        uniform_weights(across, device),
        validation_blocks(targets).to(device),
        RowUnits(count),
        dtype,
        keep=plan.layout == "dense",
    )
    even = torch.full((1, count), 1.0 / count, dtype=torch.float64, device=device)
    stopping = Stopping(settings.tolerance, settings.max_iterations)
    solution = solve(operator, even, settings.epsilon, stopping)
    error = float(solution.error[0])
    if error > settings.tolerance:
        log.warning("values of a pilot's samples are off: marginal error %.2g", error)
    return np.asarray(solution.source[0].cpu().numpy())


def calibrated(potentials: Floats, labels: NDArray[Any] | None) -> Floats:
    """By how much the distance falls if weight goes to a sample from others like it, shape (n,).

    v_x = −(f_x − mean of f over the pilot's other samples of the same class), and over all its
    other samples where no class is told or x is the only one of its class. Samples of other
    classes are left out so that a class which validation wants is not taken for good samples: what
    remains says which sample of a class is odd or wrongly labelled.

    Parameters
    ----------
    potentials : f, (n,).
    labels : (n,); those that are no integers tell no class.
    """
    classes = classes_of(labels)
    group = np.zeros(len(potentials), dtype=np.int64)
    if classes is not None:
        group = np.unique(classes, return_inverse=True)[1].reshape(-1)
    sizes = np.bincount(group)[group]
    group = np.where(sizes > 1, group, -1)
    values = np.zeros(len(potentials))
    for one in np.unique(group):
        members = group == one
        among = potentials[members] if one >= 0 else potentials
        if len(among) > 1:
            others = (among.sum() - potentials[members]) / (len(among) - 1)
            values[members] = others - potentials[members]
    return values
