"""What a learner sees of its samples: raw, standardised or embedded inputs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError

LearnerInput = Literal["raw", "standardized", "embedded"]
Embed = Callable[[NDArray[Any]], NDArray[Any]]


def learner_inputs(
    kind: LearnerInput, train: Samples, validations: Sequence[Samples], embed: Embed
) -> tuple[Samples, list[Samples]]:
    """The training set and the validation sets as the learner sees them.

    Parameters
    ----------
    kind : `raw`: as read. `standardized`: each feature less its mean over the training set, divided
        by its standard deviation there. `embedded`: the features that distances are measured in.
    embed : inputs → features.

    Raises
    ------
    InputError
        If images are to be standardised.
    """
    if kind == "raw":
        return train, list(validations)
    if kind == "embedded":
        return _embedded(train, embed), [_embedded(one, embed) for one in validations]
    if train.inputs.ndim != 2:
        raise InputError(
            "learner.input: standardized is for tables of features; the samples are images. Set "
            "learner.input: embedded, or raw"
        )
    mean, deviation = train.inputs.mean(axis=0), train.inputs.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)

    def standardized(samples: Samples) -> Samples:
        return replace(samples, inputs=(samples.inputs - mean) / scale)

    return standardized(train), [standardized(one) for one in validations]


def _embedded(samples: Samples, embed: Embed) -> Samples:
    return replace(samples, inputs=embed(samples.inputs), feature_names=())
