"""What a study needs to know of a pilot or of a validation set."""

from dataclasses import dataclass

import numpy as np

from projektor_ray.data import Samples, SourceReading, Target, class_number

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
    labels : what the data call these classes: their names, or their numbers.
    feature_names : of the columns of a table; empty where features have no names.
    counts : number of samples of each class.
    reading : how the set was read.
    """

    name: str
    size: int
    content_hash: str
    input_shape: tuple[int, ...]
    target: Target
    classes: tuple[int, ...]
    labels: tuple[str, ...]
    feature_names: tuple[str, ...]
    counts: tuple[int, ...]
    reading: SourceReading

    @staticmethod
    def of(name: str, samples: Samples) -> "SetSummary":
        classes: list[int] = []
        counts: list[int] = []
        if samples.target == "classes" and samples.labels is not None:
            numbers, occurrences = np.unique(samples.labels, return_counts=True)
            classes, counts = numbers.tolist(), occurrences.tolist()
        names = _names(samples) if classes else {}
        return SetSummary(
            name=name,
            size=len(samples),
            content_hash=samples.content_hash,
            input_shape=tuple(samples.inputs.shape[1:]),
            target=samples.target,
            classes=tuple(classes),
            labels=tuple(names.get(number, str(number)) for number in classes),
            feature_names=samples.feature_names,
            counts=tuple(counts),
            reading=samples.reading,
        )

    @property
    def called(self) -> str:
        """What messages call a validation set of this summary."""
        return "validation set" if self.name == UNNAMED else f"validation set {self.name!r}"


def _names(samples: Samples) -> dict[int, str]:
    """Of the classes that have names, by number."""
    known = samples.class_names
    return {class_number(name, known): name for name in (*known, *samples.other_names)}
