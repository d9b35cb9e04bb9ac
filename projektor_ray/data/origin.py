"""What every kind of source comes down to before its view is taken."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.data.samples import ImageSize, Samples
from projektor_ray.data.source_reading import Note, SourceReading
from projektor_ray.errors import InputError, rows_named
from projektor_ray.storage.array_types import Floats

Index = NDArray[np.int64]
Inputs = tuple[NDArray[Any], tuple[Note, ...]]
"""Features (k, d) or images (k, h, w, c), and what a person should know of their reading."""
BLOCK = 2**14
"""Rows whose features are checked at a time."""


@dataclass(frozen=True, eq=False)
class Origin:
    """All rows of a source; inputs are read only for the rows that a view keeps.

    Attributes
    ----------
    where : the source, as messages name it.
    size : number of rows.
    labels : labels of all rows as the source has them, or None.
    inputs : rows, and the size that images are to have → inputs.
    regression : whether the source itself says that its labels are a regression target.
    feature_names : of the columns that are features, where each is one.
    reading : how the source is read.
    """

    where: str
    size: int
    labels: RawLabels | None
    inputs: Callable[[Index, ImageSize | None], Inputs]
    regression: bool = False
    feature_names: tuple[str, ...] = ()
    reading: SourceReading = field(default_factory=SourceReading)


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of all rows: int64 classes, a float64 regression target, or None; and the names.

    `other_names` are of classes that `class_names`, which number the classes, lack.
    """

    values: NDArray[np.int64] | Floats | None
    class_names: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def samples_of(
    origin: Origin,
    index: Index,
    values: NDArray[np.int64] | Floats | None,
    labels: Labels,
    image_size: ImageSize | None = None,
) -> Samples:
    """Samples of the rows at `index`, whose features are all finite.

    Parameters
    ----------
    values : labels of these rows; `labels` has the names of their classes.
    image_size : that images are resized to; None: their most frequent size.

    Raises
    ------
    InputError
        If a feature is NaN or infinite.
    """
    inputs, notes = origin.inputs(index, image_size)
    if inputs.dtype != np.uint8:
        bad = np.concatenate(
            [
                start + np.flatnonzero(~np.isfinite(inputs[start : start + BLOCK]).all(axis=1))
                for start in range(0, len(inputs), BLOCK)
            ]
        )
        if bad.size:
            raise InputError(
                f"{origin.where}: {bad.size} of {len(inputs)} samples have features that are "
                f"missing, NaN or infinite, in {rows_named(index[bad])}; drop or fill them"
            )
    reading = origin.reading
    return Samples(
        inputs,
        values,
        labels.class_names,
        labels.other_names,
        origin.feature_names,
        replace(reading, notes=(*reading.notes, *labels.notes, *notes)),
    )
