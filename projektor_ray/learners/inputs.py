"""What a learner sees of its samples: raw, standardised or embedded inputs."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.samples import Samples
from projektor_ray.errors import InputError
from projektor_ray.learners.learner import Learner, Metrics

LearnerInput = Literal["raw", "standardized", "embedded"]


class Standardized(Learner):
    """A learner that sees each feature less its mean, divided by its standard deviation.

    Mean and standard deviation are of the training set, for training and validation alike.

    Parameters
    ----------
    learner : what is trained on the standardised samples.

    Raises
    ------
    InputError
        When called, if the samples are images.
    """

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def measure(self, train: Samples, validations: Sequence[Samples], seed: int) -> list[Metrics]:
        if train.inputs.ndim != 2:
            raise InputError(
                "learner.input: standardized is for tables of features; the samples are images. "
                "Set learner.input: embedded, or raw"
            )
        mean, deviation = train.inputs.mean(axis=0), train.inputs.std(axis=0)
        scale = np.where(deviation > 0, deviation, 1.0)

        def standardized(samples: Samples) -> Samples:
            return replace(samples, inputs=(samples.inputs - mean) / scale)

        return self.learner.measure(
            standardized(train), [standardized(one) for one in validations], seed
        )


def embedded(samples: Samples, embed: Callable[[NDArray[Any]], NDArray[Any]]) -> Samples:
    """Samples whose inputs are the features that distances are measured in."""
    return replace(samples, inputs=embed(samples.inputs), feature_names=())
