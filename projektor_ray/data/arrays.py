"""Samples of what is in memory: arrays, data frames and Arrow tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projektor_ray.data.image_arrays import as_inputs
from projektor_ray.data.labels import resolve_labels
from projektor_ray.data.origin import Index, Inputs, Origin, samples_of
from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.data.samples import ImageSize, Samples, SampleSchema
from projektor_ray.data.source_config import TargetSetting
from projektor_ray.data.source_reading import SourceReading
from projektor_ray.data.table_inputs import table_origin
from projektor_ray.data.tables import open_object
from projektor_ray.errors import InputError


def samples_from_arrays(
    inputs: Any,
    labels: Any = None,
    target: TargetSetting = "auto",
    schema: SampleSchema | None = None,
) -> Samples:
    """Samples of arrays or nested lists.

    Parameters
    ----------
    inputs : features (n, d), or images (n, h, w, c), (n, c, h, w) or (n, h, w).
    labels : classes (numbers or names), a regression target, or None; shape (n,) or (n, 1).
    target : as in `SourceConfig`.
    schema : as in `read_source`.
    """
    where = "the arrays"
    image_size = None if schema is None else schema.image_size
    prepared, notes = as_inputs(_array(inputs, where), where, image_size)
    raw = None if labels is None else RawLabels.of_array(labels, where)
    if raw is not None and len(raw) != len(prepared):
        raise InputError(
            f"expected one label for each of {len(prepared)} samples; got {len(raw)} labels"
        )

    def rows(index: Index, image_size: ImageSize | None) -> Inputs:
        return prepared[index], notes

    return _all_rows(
        Origin(where, len(prepared), raw, rows, reading=SourceReading("arrays")), target, schema
    )


def _array(inputs: Any, where: str) -> NDArray[Any]:
    """Inputs as an array; what a mask hides is NaN."""
    try:
        if isinstance(inputs, np.ma.MaskedArray) and np.ma.is_masked(inputs):
            return np.where(np.ma.getmaskarray(inputs), np.nan, inputs.data)
        return np.asarray(inputs)
    except (ValueError, TypeError, RuntimeError) as failure:  # Libraries raise what they like.
        raise InputError(f"{where} cannot be read as numbers: {failure}") from None


def samples_from_frame(
    frame: Any,
    label: str | None = None,
    features: str | Sequence[str] | None = None,
    target: TargetSetting = "auto",
    schema: SampleSchema | None = None,
) -> Samples:
    """Samples of a pandas or polars DataFrame or an Arrow table; a frame's index is no column.

    Parameters
    ----------
    label, features, target : as in `SourceConfig`.
    schema : as in `read_source`.

    Raises
    ------
    InputError
        If a column is absent or cannot be used, or several could be meant.
    """
    table = open_object(frame)
    return _all_rows(table_origin(table, features, label, target, schema), target, schema)


def _all_rows(origin: Origin, target: TargetSetting, schema: SampleSchema | None) -> Samples:
    labels = resolve_labels(origin, target, schema)
    image_size = None if schema is None else schema.image_size
    return samples_of(origin, np.arange(origin.size), labels.values, labels, image_size)
