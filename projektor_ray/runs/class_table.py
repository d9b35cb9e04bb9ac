"""Which classes each provider holds, from a table of counts: what ceilings of accuracies need."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from projektor_ray.data import read_table
from projektor_ray.errors import InputError, listed
from projektor_ray.projection import ClassShares
from projektor_ray.runs.column_names import find_name
from projektor_ray.runs.numeric_columns import column
from projektor_ray.runs.provider_rows import check_provider_rows
from projektor_ray.runs.tidy_columns import tidy
from projektor_ray.storage.array_types import Floats

PROVIDER, VALIDATION = "provider", "validation"
"""The column of names, and the row of the validation set in it."""


def read_class_shares(source: Any, names: Sequence[str]) -> ClassShares:
    """Class shares in a table with the column `provider` and a column of counts for each class.

    A row for each provider; empty cells are 0. The row `validation` has the counts of the
    validation set, and so each class's weight in an accuracy. Without that row all classes count
    alike, as in a balanced accuracy.

    Parameters
    ----------
    source : a table, or where it is.
    names : providers in the order of the mixtures' columns.

    Raises
    ------
    InputError
        If a provider has no row or several, a row is of an unknown provider, or a count cannot be
        used.
    """
    table = tidy(read_table(source))
    named = [name for name in table.column_names if name.lower() == PROVIDER]
    classes = [name for name in table.column_names if name not in named]
    if len(named) != 1 or not classes:
        raise InputError(
            "a table of classes needs the column 'provider' and a column of counts for each class; "
            f"got the columns {listed(table.column_names)}. Rename or add them"
        )
    written = [str(cell).strip() for cell in table[named[0]].to_pylist()]
    owners = [find_name(name, names) or name for name in written]
    counts = _counts(table, classes, written)
    weights = np.ones(len(classes))
    if VALIDATION not in names and VALIDATION in owners:
        weights = counts[owners.index(VALIDATION)]
        counts = np.delete(counts, owners.index(VALIDATION), axis=0)
        owners.remove(VALIDATION)
    check_provider_rows(owners, names, "a table of classes", once=True)
    rows = counts[[owners.index(name) for name in names]]
    return ClassShares(rows / rows.sum(axis=1, keepdims=True), weights / weights.sum())


def _counts(table: pa.Table, classes: Sequence[str], rows: Sequence[str]) -> Floats:
    """Samples of each class in each row, shape (rows, c)."""
    counts = np.nan_to_num(np.column_stack([column(table, name) for name in classes]), nan=0.0)
    usable = np.isfinite(counts) & (counts >= 0)
    for row, class_ in np.argwhere(~usable).tolist():
        raise InputError(
            f"counts of classes must be 0 or more; {rows[row]!r} has {counts[row, class_]:g} of "
            f"{classes[class_]!r}. Correct the count"
        )
    for row in np.flatnonzero(counts.sum(axis=1) == 0).tolist():
        raise InputError(
            f"{rows[row]!r} has no sample of any class. Write the counts of its classes"
        )
    return counts
