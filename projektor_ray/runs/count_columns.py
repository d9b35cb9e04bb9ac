"""Mixtures written as numbers of samples or tokens: which columns, and the sizes they add up to."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError
from projektor_ray.runs.column_names import known_words_shared
from projektor_ray.runs.numeric_columns import MIN_MATCH_RATE, column
from projektor_ray.runs.share_columns import neighbours, with_one_affix
from projektor_ray.storage.array_types import Floats

SHOWN = 8
SAME_SIZE = 0.01
"""Sums that differ by less than this part, and by rounding, are of one size."""


def find_counts(table: pa.Table, taken: set[str], size: str | None) -> tuple[str, ...]:
    """The columns of counts: neighbours that add up to the sizes, or that are named alike.

    Parameters
    ----------
    taken : columns that are something else.
    size : the column of the sizes.

    Raises
    ------
    InputError
        If neither finds any; asks for their names.
    """
    runs = neighbours(table, taken)
    numbers = {name: column(table, name) for run in runs for name in run}
    if size is not None and (columns := adding_up(runs, numbers, column(table, size))):
        return columns
    groups = [group for group in with_one_affix(list(numbers)) if known_words_shared(group)]
    groups = [group for group in groups if all(_are_counts(numbers[name]) for name in group)]
    if groups:
        return max(groups, key=lambda group: (known_words_shared(group), len(group)))
    counted = [[name for name in run if _are_counts(numbers[name])] for run in runs]
    if len(counted) == 1 and len(counted[0]) > 1 and size is None:
        return tuple(counted[0])
    listed = [name for run in counted for name in run] or table.column_names
    raise InputError(
        "cannot tell which columns are the numbers of samples: none add up to the size. Name them, "
        f"such as --providers {','.join(listed[:SHOWN])}"
    )


def adding_up(
    runs: Sequence[Sequence[str]], numbers: dict[str, Floats], sizes: Floats
) -> tuple[str, ...]:
    """The longest neighbouring columns whose sums are the sizes in most rows; empty if none are."""
    best: tuple[float, int, tuple[str, ...]] = (MIN_MATCH_RATE, 0, ())
    for run in runs:
        counts = np.column_stack([numbers[name] for name in run])
        counts = np.where(np.isfinite(counts) & (counts >= 0), counts, np.inf)
        totals = np.cumsum(np.column_stack([np.zeros(len(counts)), counts]), axis=1)
        for first in range(len(run) - 1):
            with np.errstate(invalid="ignore"):
                sums = np.nan_to_num(totals[:, first + 2 :] - totals[:, [first]], nan=np.inf)
            slack = 0.5 * np.arange(2, sums.shape[1] + 2)
            close = np.abs(sums - sizes[:, None]) <= np.minimum(slack, SAME_SIZE * sizes[:, None])
            match_rate = close.mean(axis=0)
            last = len(match_rate) - 1 - int(np.argmax(match_rate[::-1]))
            names = tuple(run[first : first + last + 2])
            best = max(best, (float(match_rate[last]), len(names), names))
    return best[2]


def sizes_of_counts(counts: Floats) -> Floats:
    """The size of each row (k,): the sum of its counts (k, m), without what rounding adds.

    Neighbouring sums that all lie within what rounding each count can do are of one size, their
    median.
    """
    sums = np.round(counts.sum(axis=1))
    order = np.argsort(sums, kind="stable")
    slack = np.minimum(counts.shape[1], SAME_SIZE * sums[order][1:])
    groups = np.concatenate([[0], np.cumsum(np.diff(sums[order]) > slack)])
    sizes = np.empty(len(sums))
    for group in range(int(groups[-1]) + 1):
        rows = order[groups == group]
        alike = np.ptp(sums[rows]) <= counts.shape[1]
        sizes[rows] = np.round(np.median(sums[rows])) if alike else sums[rows]
    return sizes


def _are_counts(numbers: Floats) -> bool:
    """Whether numbers may be of samples or tokens: none below 0, some above 1."""
    finite = numbers[np.isfinite(numbers)]
    return bool(len(finite)) and finite.min() >= 0 and finite.max() > 1
