"""Trainings as arrays, checked: what a table of (mixture, size, metric[, distance]) says."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projektor_ray.data import read_table
from projektor_ray.errors import InputError, row_named, rows_named
from projektor_ray.runs.metric_names import Bounds, guess_bounds
from projektor_ray.runs.roles import (
    MOST_DECIMALS,
    PER_CENT,
    SIMPLEX_TOLERANCE,
    Roles,
    column,
    find_columns,
)
from projektor_ray.storage.arrays import Floats

SHOWN = 5


@dataclass(frozen=True, eq=False)
class Runs:
    """Finished trainings, a row each; providers sorted by name.

    Attributes
    ----------
    providers : names of the m columns of shares.
    mixtures : (k, m), each row sums to 1.
    values : (k,) the metric, or None in a table of mixtures to predict.
    sizes : (k,), or None where the table says no size: all rows are of one.
    distances : (k,), or None.
    metric : name of the metric.
    bounds : its range, as was said, else by its name; None where neither tells.
    """

    providers: tuple[str, ...]
    mixtures: Floats
    values: Floats | None
    sizes: Floats | None
    distances: Floats | None
    metric: str
    bounds: Bounds | None = None

    @staticmethod
    def read(source: Any, roles: Roles | None = None, *, measured: bool = True) -> "Runs":
        """The trainings in a table: a path, a DataFrame or an Arrow table.

        Raises
        ------
        InputError
            If a column is absent or its values cannot be used; says which rows, and what to do.
        """
        roles = roles or Roles()
        table = read_table(source)
        columns = find_columns(table, roles, measured=measured)
        shares = np.column_stack([column(table, name) for name in columns.providers])
        metric = columns.metric or roles.metric or "metric"
        bounds = roles.bounds or guess_bounds(metric)
        values = None
        if measured:
            values = check_values(column(table, metric), metric, bounds)
        return Runs(
            columns.providers,
            check_shares(shares, columns.providers),
            values,
            _sizes(table, columns.size, roles.size),
            None if columns.distance is None else _finite(table, columns.distance),
            metric,
            bounds,
        )

    def __len__(self) -> int:
        return len(self.mixtures)

    def features(self) -> pa.Table:
        """What an estimator takes as X: a column for each provider, `size`, `distance`."""
        columns = dict(zip(self.providers, self.mixtures.T, strict=True))
        extra = {"size": self.sizes, "distance": self.distances}
        return pa.table(columns | {name: part for name, part in extra.items() if part is not None})

    @property
    def scales(self) -> tuple[int, ...]:
        """The sizes that occur, ascending; none where the table says no size."""
        return () if self.sizes is None else tuple(int(size) for size in np.unique(self.sizes))


def check_shares(shares: Floats, providers: tuple[str, ...]) -> Floats:
    """Mixtures (k, m) that sum to 1, up to the decimals in which they are printed; renormalised.

    Raises
    ------
    InputError
        If a share is empty or negative, rows sum to 100 (per cent), or rows do not sum to 1.
    """
    if len(providers) < 2:
        raise InputError(f"a mixture needs two or more providers; got {len(providers)} column")
    wrong = np.argwhere(~(np.isfinite(shares) & (shares >= 0)))
    if len(wrong):
        row, which = wrong[0]
        raise InputError(
            f"shares must be numbers, 0 or more; {providers[which]!r} is "
            f"{_shown(shares[row, which])} in {row_named(row)}{_others(wrong)}. Write 0 where a "
            "provider has no part, and leave out rows that failed"
        )
    sums = shares.sum(axis=1)
    tolerance = _rounding(shares)
    off = np.flatnonzero(np.abs(sums - 1) > tolerance)
    if not len(off):
        return np.asarray(shares / sums[:, None])
    if np.mean(np.abs(sums / PER_CENT - 1) <= 1e-2) > 0.5:
        raise InputError(
            f"shares must sum to 1; {row_named(0)} sums to {sums[0]:g}: they are in per "
            f"cent. Divide the columns {providers[0]!r} … {providers[-1]!r} by 100"
        )
    raise InputError(
        f"a mixture's shares must sum to 1 (within {tolerance:.2g}); not so in "
        f"{rows_named(off)}, the first of which sums to {sums[off[0]]:g}. A provider's "
        f"column may be missing: read were {', '.join(providers[:SHOWN])}"
        f"{', …' if len(providers) > SHOWN else ''}"
    )


def check_values(values: Floats, metric: str, bounds: Bounds | None) -> Floats:
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
            f"{rows_named(empty)}. Leave out trainings that failed"
        )
    if bounds:
        check_range(values, metric, bounds)
    if len(values) > 1 and np.ptp(values) == 0:
        raise InputError(
            f"the metric {metric!r} is {values[0]:g} in all {len(values)} rows: nothing can be "
            "learned from it. Name another column, or look at the trainings"
        )
    return values


def check_range(values: Floats, metric: str, bounds: Bounds) -> None:
    """Refuse values out of bounds; says so where they are per cent."""
    out = np.flatnonzero((values < bounds[0]) | (values > bounds[1]))
    if not len(out):
        return
    per_cent = bounds == (0.0, 1.0) and values.min() >= 0 and 1 < values.max() <= PER_CENT
    raise InputError(
        f"the metric {metric!r} must lie in {bounds[0]:g} … {bounds[1]:g}; it is "
        f"{values[out[0]]:g} in {row_named(out[0])}"
        + (
            ": it is in per cent. Divide it by 100"
            if per_cent and len(out) > 1
            else f"{_others(out)}. Correct it, or leave the row out"
        )
    )


def _sizes(table: pa.Table, name: str | None, said: str | float | None) -> Floats | None:
    if name is None and said is None:
        return None
    sizes = np.full(table.num_rows, float(said or 0)) if name is None else _finite(table, name)
    wrong = np.flatnonzero((sizes < 1) | (sizes % 1 != 0))
    if len(wrong):
        raise InputError(
            f"a size must be a whole number of samples, at least 1; it is {sizes[wrong[0]]:g} in "
            f"{row_named(wrong[0])}. Write samples, not thousands or billions of them"
        )
    return sizes


def _finite(table: pa.Table, name: str) -> Floats:
    numbers = column(table, name)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong):
        raise InputError(
            f"the column {name!r} must hold finite numbers; there is none in {rows_named(wrong)}"
        )
    return numbers


def _rounding(shares: Floats) -> float:
    """What rounding every share to the decimals they are printed in can add to a sum."""
    for decimals in range(1, MOST_DECIMALS):
        if np.allclose(shares, np.round(shares, decimals), rtol=0, atol=1e-9):
            rounding = 0.5 * shares.shape[1] / 10**decimals if decimals > 1 else 0.0
            return float(SIMPLEX_TOLERANCE + rounding)
    return SIMPLEX_TOLERANCE


def _others(wrong: NDArray[np.intp]) -> str:
    return f", and {len(wrong) - 1} more are wrong" if len(wrong) > 1 else ""


def _shown(value: float) -> str:
    return "empty" if np.isnan(value) else f"{value:g}"
