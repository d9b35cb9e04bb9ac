"""Columns of numbers that are the label in another code, so that a learner would read it there."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projektor_ray.data.open_table import OpenTable

FIRST = 1000
"""Rows by which most columns are ruled out."""
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
    likely = [name for name, c in zip(names, columns, strict=True) if _is_copy(labels, c)]
    if not likely or table.rows <= FIRST:
        return likely
    whole = table.table([label, *likely])
    return [name for name in likely if _is_copy(whole[label], whole[name])]


def _is_copy(labels: pa.Array | pa.ChunkedArray, values: pa.Array | pa.ChunkedArray) -> bool:
    ours, theirs = _codes(labels), _codes(values)
    if ours is None or theirs is None:
        return False
    classes = int(ours.max(initial=-1)) + 1
    if not 1 < classes == int(theirs.max(initial=-1)) + 1 or len(ours) < PER_CLASS * classes:
        return False
    return len(np.unique(ours * classes + theirs)) == classes


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
