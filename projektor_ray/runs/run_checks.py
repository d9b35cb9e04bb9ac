"""What is refused in the numbers of a table of trainings, in words that name the rows."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projektor_ray.errors import InputError, row_named, rows_named
from projektor_ray.runs.metric_direction import Bounds
from projektor_ray.runs.numeric_columns import column
from projektor_ray.runs.share_precision import is_biased, rounding_bound, without_noise
from projektor_ray.runs.tidy_columns import PER_CENT
from projektor_ray.storage.array_types import Floats

Rows = NDArray[np.intp] | None
"""Where the rows of an array are in the table that they are of; None: at the same place."""

SHOWN = 5
NEAR_SIZES = 1.05
"""Sizes of a lower ratio are taken for one."""


def check_shares(
    shares: Floats, providers: tuple[str, ...], rows: Rows = None, *, named: bool = True
) -> Floats:
    """Mixtures (k, m) that sum to 1, up to the precision in which they are printed; renormalised.

    Parameters
    ----------
    named : whether the user named the columns, so that none is missing.

    Raises
    ------
    InputError
        If a share is empty or negative, rows sum to 100 (per cent), or rows do not sum to 1.
    """
    if len(providers) < 2:
        raise InputError(f"a mixture needs two or more providers; got {len(providers)} column")
    shares = without_noise(shares)
    wrong = np.argwhere(~(np.isfinite(shares) & (shares >= 0)))
    if len(wrong):
        row, which = wrong[0]
        raise InputError(
            f"shares must be numbers, 0 or more; {providers[which]!r} is "
            f"{_shown(shares[row, which])} in {_named(row, rows)}{_others(wrong)}. Write 0 where a "
            "provider has no part, and leave out rows that failed"
        )
    sums = shares.sum(axis=1)
    bound = rounding_bound(shares)
    off = np.flatnonzero(np.abs(sums - 1) > bound)
    listed = f"{', '.join(providers[:SHOWN])}{', …' if len(providers) > SHOWN else ''}"
    if not len(off):
        if not named and is_biased(shares):
            raise InputError(
                f"the shares of {listed} sum to {sums.mean():.4g} on average, which rounding does "
                "not explain. A provider's column may be missing: add it. If these are all "
                f"providers, name them: --providers {','.join(providers[:SHOWN])}"
            )
        return np.asarray(shares / sums[:, None])
    if np.mean(np.abs(sums / PER_CENT - 1) <= 1e-2) > 0.5:
        raise InputError(
            f"shares must sum to 1; {_named(0, rows)} sums to {sums[0]:g}: they are in per "
            f"cent. Divide the columns {providers[0]!r} … {providers[-1]!r} by 100"
        )
    raise InputError(
        f"a mixture's shares must sum to 1 (within {bound[off[0]]:.2g}); not so in "
        f"{_named(off, rows)}, the first of which sums to {sums[off[0]]:g}. A provider's "
        f"column may be missing: read were {listed}"
    )


def with_empty_as_zero(shares: Floats) -> tuple[Floats, int]:
    """Shares with 0 for empty ones where the others sum to 1, and how many rows have any."""
    empty = np.isnan(shares)
    zeros = np.where(empty, 0.0, shares)
    explained = np.abs(zeros.sum(axis=1) - 1) <= rounding_bound(np.clip(zeros, 0.0, None))
    some = empty.any(axis=1) & explained
    return np.where(some[:, None], zeros, shares), int(some.sum())


def check_values(values: Floats, metric: str, bounds: Bounds | None, rows: Rows = None) -> Floats:
    """The metric (k,), finite.

    Raises
    ------
    InputError
        If a value is empty, out of bounds, or in per cent; or if all are the same.
    """
    empty = np.flatnonzero(~np.isfinite(values))
    if len(empty):
        raise InputError(
            f"the metric {metric!r} must be a finite number; there is none in "
            f"{_named(empty, rows)}. Leave out trainings that failed"
        )
    if bounds:
        check_range(values, metric, bounds, rows)
    if len(values) > 1 and np.ptp(values) == 0:
        raise InputError(
            f"the metric {metric!r} is {values[0]:g} in all {len(values)} rows: nothing can be "
            "learned from it. Name another column, or look at the trainings"
        )
    return values


def check_range(values: Floats, metric: str, bounds: Bounds, rows: Rows = None) -> None:
    """Refuse values out of bounds; says so where they are per cent."""
    out = np.flatnonzero((values < bounds[0]) | (values > bounds[1]))
    if not len(out):
        return
    per_cent = bounds == (0.0, 1.0) and values.min() >= 0 and 1 < values.max() <= PER_CENT
    raise InputError(
        f"the metric {metric!r} must lie in {bounds[0]:g} … {bounds[1]:g}; it is "
        f"{values[out[0]]:g} in {_named(out[0], rows)}"
        + (
            ": it is in per cent. Divide it by 100"
            if per_cent and len(out) > 1
            else f"{_others(out)}. Correct it, or leave the row out"
        )
    )


def check_sizes(
    table: pa.Table, name: str | None, given: str | float | None, rows: Rows = None
) -> Floats | None:
    """The sizes (k,): of a column, or the one that was said; None where there is neither.

    Raises
    ------
    InputError
        If one is no whole number, 1 or more.
    """
    if name is None and given is None:
        return None
    if name is None:
        sizes = np.full(table.num_rows, float(given or 0))
    else:
        sizes = finite_column(table, name, rows)
    wrong = np.flatnonzero((sizes < 1) | (sizes % 1 != 0))
    if len(wrong):
        raise InputError(
            f"a size must be a whole number of samples, at least 1; it is {sizes[wrong[0]]:g} in "
            f"{_named(wrong[0], rows)}. Write samples, not thousands or billions of them"
        )
    return sizes


def join_near_sizes(sizes: Floats) -> Floats:
    """The sizes (k,), where one that differs by less than `NEAR_SIZES` from a more frequent one is
    given that one: the nearest of those that stay.

    The most frequent size stays, then the most frequent of those that are not near it, and so on;
    of equally frequent ones the largest. So no two that stay are near, and joining twice changes
    nothing. Between sizes that are nearly the same, a model of all scales would take the noise of
    trainings for growth.
    """
    distinct, counts = np.unique(sizes, return_counts=True)
    staying: list[float] = []
    for size in distinct[np.lexsort((distinct, counts))[::-1]]:
        if all(max(size, other) >= NEAR_SIZES * min(size, other) for other in staying):
            staying.append(float(size))
    stay = np.sort(staying)
    nearest = np.abs(np.log(distinct[:, None] / stay)).argmin(axis=1)
    return np.asarray(stay[nearest][np.searchsorted(distinct, sizes)])


def finite_column(table: pa.Table, name: str, rows: Rows = None) -> Floats:
    """A column as finite numbers.

    Raises
    ------
    InputError
        If a number is missing or infinite.
    """
    numbers = column(table, name)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise InputError(
            f"the column {name!r} must hold finite numbers; there is none in {_named(wrong, rows)}"
        )
    return numbers


def _named(at: Any, rows: Rows) -> str:
    """The row or rows at some places of an array, as the table counts them."""
    where = np.atleast_1d(at) if rows is None else rows[np.atleast_1d(at)]
    return rows_named(where) if np.ndim(at) else row_named(int(where[0]))


def _others(wrong: NDArray[np.intp]) -> str:
    return f", and {len(wrong) - 1} more are wrong" if len(wrong) > 1 else ""


def _shown(value: float) -> str:
    return "empty (NaN)" if np.isnan(value) else f"{value:g}"
