"""Columns of numbers that are the label in another code, so that a learner would read it there."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projektor_ray.data.open_table import OpenTable

FIRST = 1000
"""Rows by which most columns are ruled out. In a table that is sorted they may be of one class."""
FEWEST, PER_CLASS = 20, 5
"""Rows in all, and on average of a class, from which a column is no copy by chance."""


def label_copies(table: OpenTable, label: str, names: Sequence[str]) -> list[str]:
    """The columns that have one value for each label, and one label for each value.

    Parameters
    ----------
    names : of columns of numbers.
    """
    if table.rows < FEWEST or not names:
        return []
    first = next(table.batches([label, *names]), None)
    if first is None:
        return []
    labels, *columns = (column.slice(0, FIRST) for column in first)
    likely = [name for name, c in zip(names, columns, strict=True) if _classes(labels, c)]
    if not likely:
        return []
    whole = table.table([label, *likely])
    classes = {name: _classes(whole[label], whole[name]) for name in likely}
    return [name for name in likely if 1 < classes[name] <= table.rows / PER_CLASS]


def _classes(labels: pa.Array | pa.ChunkedArray, values: pa.Array | pa.ChunkedArray) -> int:
    """Number of labels, where each has one value and each value one label; 0 elsewhere."""
    ours, theirs = _codes(labels), _codes(values)
    if ours is None or theirs is None:
        return 0
    classes = int(ours.max(initial=-1)) + 1
    if classes != int(theirs.max(initial=-1)) + 1:
        return 0
    return classes if len(np.unique(ours * classes + theirs)) == classes else 0


def _codes(column: pa.Array | pa.ChunkedArray) -> NDArray[np.int64] | None:
    """A number for each distinct value; None where some are missing, or are lists."""
    if column.null_count:
        return None
    try:
        encoded = column.dictionary_encode()
    except (pa.ArrowException, AttributeError):
        return None
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
