"""Samples of what is in memory: arrays, data frames and Arrow tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from projektor_ray.data.columns import table_origin
from projektor_ray.data.labels import resolve_labels
from projektor_ray.data.origin import Origin, samples_of
from projektor_ray.data.readers import as_inputs
from projektor_ray.data.samples import Samples
from projektor_ray.data.source_config import AskedTarget
from projektor_ray.data.tables import open_object
from projektor_ray.errors import InputError


def samples_from_arrays(
    inputs: Any,
    labels: Any = None,
    target: AskedTarget = "auto",
    class_names: tuple[str, ...] | None = None,
) -> Samples:
    """Samples of arrays or nested lists.

    Parameters
    ----------
    inputs : features (n, d), or uint8 images (n, h, w, c) or (n, h, w).
    labels : classes (numbers or names), a regression target, or None; shape (n,).
    target : as in `SourceConfig`.
    class_names : as in `read_source`.
    """
    where = "the arrays"
    prepared = as_inputs(np.asarray(inputs), where)
    raw = None if labels is None else np.asarray(labels)
    if raw is not None and raw.dtype == object:
        raw = np.asarray(raw.tolist())
    if raw is not None and raw.shape != (len(prepared),):
        raise InputError(
            f"expected one label for each of {len(prepared)} samples; got labels of shape "
            f"{raw.shape}"
        )
    return _all_rows(Origin(where, len(prepared), raw, prepared.__getitem__), target, class_names)


def _all_rows(origin: Origin, target: AskedTarget, class_names: tuple[str, ...] | None) -> Samples:
    labels = resolve_labels(origin, target, class_names)
    every = np.arange(origin.size)
    return samples_of(origin, every, labels.values, labels.class_names, labels.other_names)


def samples_from_frame(
    frame: Any,
    label: str | None = None,
    features: str | Sequence[str] | None = None,
    target: AskedTarget = "auto",
    class_names: tuple[str, ...] | None = None,
) -> Samples:
    """Samples of a pandas DataFrame or an Arrow table; a frame's index is no column.

    Parameters
    ----------
    label, features, target : as in `SourceConfig`.
    class_names : as in `read_source`.

    Raises
    ------
    InputError
        If a column is absent or cannot be used.
    """
    table = open_object(frame)
    found = table_origin(table.table(), table.where, features, label, target)
    return _all_rows(found, target, class_names)
