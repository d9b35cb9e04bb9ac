"""What each sample of a pilot is worth: calibrated gradients of its distance to validation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.profiles.neighbours import classes_of
from projektor_ray.storage.array_types import Floats
from projektor_ray.transport import PilotFeatures, ValidationFeatures

if TYPE_CHECKING:  # which import torch, that nobody who reads profiles needs
    from projektor_ray.transport import PilotMoments, TransportSettings


@dataclass(frozen=True, eq=False)
class SampleValues:
    """What the samples of one provider's pilot are worth, in its order: values (n,)."""

    provider: int
    values: Floats

    def least_valuable(self, count: int) -> tuple[int, ...]:
        """Positions of the samples that are worth least, worst first."""
        return tuple(np.argsort(self.values, kind="stable")[:count].tolist())


def sample_values(
    pilots: PilotFeatures,
    validation: ValidationFeatures,
    moments: "PilotMoments",
    settings: "TransportSettings",
) -> list[SampleValues]:
    """Of each provider among `pilots`, by its pilot alone, in the units of all distances.

    Parameters
    ----------
    moments : of the pilots of all providers, also of those that are not here.
    settings : of the distance; its entropic form, whatever the method.
    """
    from projektor_ray.transport import cost_units, source_potentials

    units = cost_units(moments, validation, settings.label_weight, settings.label_distance)
    by_provider = []
    for provider in np.unique(pilots.provider):
        own = pilots.provider == provider
        labels = None if pilots.labels is None else pilots.labels[own]
        pilot = PilotFeatures(pilots.features[own], labels, pilots.provider[own])
        potentials = source_potentials(pilot, validation, units, settings)
        by_provider.append(SampleValues(int(provider), calibrated(potentials, labels)))
    return by_provider


def calibrated(potentials: Floats, labels: NDArray[Any] | None) -> Floats:
    """By how much the distance falls if weight goes to a sample from others like it, shape (n,).

    v_x = −(f_x − mean of f over the pilot's other samples of the same class), and over all its
    other samples where there are no classes or x is the only one of its class. Samples of other
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
