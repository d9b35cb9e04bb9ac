"""What a study needs to know of a pilot or of a validation set."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.providers import Samples, Target

UNNAMED = "validation"
"""What the validation set is called where the study has one, and gives it no name."""


@dataclass(frozen=True)
class SetSummary:
    """What the checks and identities need to know of a pilot or the validation set.

    Attributes
    ----------
    name : the provider's, or the validation set's.
    size : number of samples, `n_i` or `v`.
    content_hash : of inputs and labels.
    input_shape : shape of one sample.
    target : classes, regression or none.
    classes : the classes that occur, sorted.
    """

    name: str
    size: int
    content_hash: str
    input_shape: tuple[int, ...]
    target: Target
    classes: tuple[int, ...]

    @staticmethod
    def of(name: str, samples: Samples) -> "SetSummary":
        classes: list[int] = []
        if samples.target == "classes" and samples.labels is not None:
            classes = np.unique(samples.labels).tolist()
        return SetSummary(
            name=name,
            size=len(samples),
            content_hash=samples.content_hash,
            input_shape=tuple(samples.inputs.shape[1:]),
            target=samples.target,
            classes=tuple(classes),
        )
