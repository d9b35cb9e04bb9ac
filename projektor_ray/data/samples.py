"""What is revealed and what is for sale: samples, providers, pilots, the validation set.

Providers are always kept sorted by name, so that no result depends on the order in which they were
listed. Their number is `m`, a provider's index in that order `i`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.source_reading import SourceReading
from projektor_ray.errors import InputError
from projektor_ray.storage.hashing import array_digest, digest

Target = Literal["classes", "regression", "none"]
ImageSize = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class SampleSchema:
    """What a validation set fixes for the pilots, so that equal things mean the same everywhere.

    Attributes
    ----------
    class_names : names of the classes 0, 1, …; empty where classes are numbers themselves.
    numbered : whether the data themselves give these names to the numbers.
    label : the column of the labels, where the set is a table.
    inputs : the columns of the inputs, where the set is a table.
    image_size : of its images.
    """

    class_names: tuple[str, ...] = ()
    numbered: bool = False
    label: str = ""
    inputs: tuple[str, ...] = ()
    image_size: ImageSize | None = None


@dataclass(frozen=True, eq=False)
class Samples:
    """`n` samples in memory.

    Attributes
    ----------
    inputs : array, shape (n, d) floating features, or (n, h, w, c) uint8 images.
    labels : array or None, shape (n,): int64 classes, a float64 regression target, or None.
    class_names : names of the classes 0, 1, …, or empty where classes are numbers themselves. A
        class whose name is not among them has a number of 2³² or more.
    other_names : names of classes that are not among them.
    feature_names : of the columns of a table, d of them; empty where features have no names. No
        part of `content_hash`, as the names of classes are none.

    Examples
    --------
    >>> import numpy as np
    >>> import projektor_ray as pr
    >>> samples = pr.Samples(np.zeros((3, 2)), np.array([0, 1, 1]))
    >>> len(samples), samples.target
    (3, 'classes')
    """

    inputs: NDArray[Any]
    labels: NDArray[Any] | None = None
    class_names: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    reading: SourceReading = field(default_factory=SourceReading)

    def __post_init__(self) -> None:
        if self.inputs.ndim not in (2, 4):
            raise InputError(
                "samples must be features of shape (n, d) or images of shape (n, h, w, c); "
                f"got an array of shape {self.inputs.shape}"
            )
        if self.labels is not None and self.labels.shape != (len(self.inputs),):
            raise InputError(
                f"expected one label for each of {len(self.inputs)} samples; "
                f"got labels of shape {self.labels.shape}"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def target(self) -> Target:
        """What the labels are: integer classes, a real target, or absent."""
        if self.labels is None:
            return "none"
        return "classes" if np.issubdtype(self.labels.dtype, np.integer) else "regression"

    @property
    def schema(self) -> SampleSchema:
        """What these samples fix for others, as a validation set does for the pilots."""
        is_table = self.reading.kind == "table"
        return SampleSchema(
            class_names=self.class_names,
            numbered=bool(self.class_names) and self.class_names == self.reading.class_names,
            label=self.reading.label if is_table else "",
            inputs=self.reading.inputs if is_table else (),
            image_size=self.inputs.shape[1:3] if self.inputs.ndim == 4 else None,
        )

    @cached_property
    def content_hash(self) -> str:
        """Hash of the inputs' and labels' bytes."""
        labels = "none" if self.labels is None else array_digest(self.labels)
        return digest("samples", array_digest(self.inputs), labels)

    def take(self, index: NDArray[np.int64]) -> "Samples":
        """The samples at `index`, in that order."""
        labels = None if self.labels is None else self.labels[index]
        return replace(self, inputs=self.inputs[index], labels=labels)

    @staticmethod
    def concatenate(parts: Sequence["Samples"]) -> "Samples":
        """The samples of all parts, one after the other."""
        labels = [part.labels for part in parts if part.labels is not None]
        return Samples(
            np.concatenate([part.inputs for part in parts]),
            np.concatenate(labels) if len(labels) == len(parts) else None,
            parts[0].class_names,
            tuple(dict.fromkeys(name for part in parts for name in part.other_names)),
            parts[0].feature_names,
            parts[0].reading,
        )
