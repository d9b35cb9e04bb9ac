"""Trainings as arrays, checked: what a table of (mixture, size, metric[, distance]) says."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from projektor_ray.data.source_reading import notes_of
from projektor_ray.errors import InputError, listed
from projektor_ray.predictors import ProbeArrays
from projektor_ray.runs.column_names import provider_names
from projektor_ray.runs.count_columns import sizes_of_counts
from projektor_ray.runs.finished_rows import (
    find_steps,
    first_of_duplicates,
    last_steps,
    left_out_states,
)
from projektor_ray.runs.metric_direction import Bounds, guess_bounds, guess_direction
from projektor_ray.runs.numeric_columns import column
from projektor_ray.runs.reading import Reading
from projektor_ray.runs.roles import Columns, Roles, find_columns, resolve
from projektor_ray.runs.run_checks import (
    check_shares,
    check_sizes,
    check_values,
    finite_column,
    join_near_sizes,
    with_empty_as_zero,
)
from projektor_ray.runs.run_sources import read_run_table
from projektor_ray.runs.size_column import check_one_size
from projektor_ray.runs.tidy_columns import PER_CENT
from projektor_ray.selection import Direction
from projektor_ray.storage.array_types import Floats


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
    reading : which columns these are, and which rows were left out; None where no table was read.
    gradients : of the distances along the shares, (k, m), or None.
    failed : how many further trainings of a study failed.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import projektor_ray as pr
    >>> table = pa.table(
    ...     {"clinic": [1.0, 0.5, 0.0], "web": [0.0, 0.5, 1.0], "accuracy": [0.62, 0.71, 0.55]}
    ... )
    >>> runs = pr.Runs.read(table)
    >>> runs.providers, runs.metric, len(runs)
    (('clinic', 'web'), 'accuracy', 3)
    """

    providers: tuple[str, ...]
    mixtures: Floats
    values: Floats | None
    sizes: Floats | None
    distances: Floats | None
    metric: str
    bounds: Bounds | None = None
    reading: Reading | None = None
    gradients: Floats | None = None
    failed: int = 0

    @staticmethod
    def read(source: Any, roles: Roles | None = None, *, measured: bool = True) -> "Runs":
        """The trainings in a table: a path, a DataFrame or an Arrow table.

        Rows of failed, unfinished and repeated trainings are left out and counted in `reading`.

        Raises
        ------
        InputError
            If a column is absent, can be read in two ways, or its values cannot be used; says
            which, and what to do.
        """
        return read_runs(read_run_table(source), roles or Roles(), measured)

    def __len__(self) -> int:
        return len(self.mixtures)

    def features(self) -> pa.Table:
        """What an estimator takes as X: a column for each provider, `size`, `distance`."""
        columns = dict(zip(self.providers, self.mixtures.T, strict=True))
        extra = {"size": self.sizes, "distance": self.distances}
        return pa.table(columns | {name: part for name, part in extra.items() if part is not None})

    def arrays(self) -> ProbeArrays:
        """What models are fitted to; where the table says no size, all sizes are 1.

        Raises
        ------
        InputError
            If this is a table of mixtures without a metric.
        """
        if self.values is None:
            raise InputError("expected runs with a metric; got a table of mixtures alone")
        return ProbeArrays.check(
            self.mixtures, self.distances, self.values, self.sizes, self.gradients
        )

    @property
    def read_as(self) -> str:
        """How the table was read, in the words of terminal and page; empty where none was read."""
        from projektor_ray.explain.reading_line import reading_line  # needs runs

        return "" if self.reading is None else reading_line(self.reading)

    @property
    def scales(self) -> tuple[int, ...]:
        """The sizes that occur, ascending; none where the table says no size."""
        return () if self.sizes is None else tuple(int(size) for size in np.unique(self.sizes))

    @property
    def direction(self) -> Direction:
        """Whether more of the metric is better: as was said, else by its name and values.

        Raises
        ------
        InputError
            If neither tells.
        """
        if self.reading is not None and self.reading.direction is not None:
            return self.reading.direction
        return guess_direction(
            self.metric, None if self.values is None else float(self.values.max())
        )


def read_runs(table: pa.Table, roles: Roles, measured: bool) -> Runs:
    """The trainings in a tidy table (see `Runs.read`)."""
    given = roles
    roles = resolve(table, roles)
    finished, left = left_out_states(table)
    rows = np.flatnonzero(finished)
    columns = find_columns(table.take(rows), roles, measured=measured)
    rows = _usable(table, rows, roles, columns, left)
    table = table.take(rows)
    providers, mixture = _by_provider(columns)
    counts = np.column_stack([column(table, name) for name in mixture])
    parts = np.nan_to_num(counts) if columns.unit == "counts" else counts
    shares, filled = with_empty_as_zero(_as_shares(parts, columns.unit))
    mixtures = check_shares(shares, providers, rows, named=bool(roles.providers))
    metric = columns.metric or given.metric or "metric"
    values, bounds = None, roles.bounds or guess_bounds(metric)
    if measured:
        values = column(table, metric)
        bounds = bounds or guess_bounds(metric, float(values.min(initial=np.inf)))
        values = check_values(values, metric, bounds, rows)
    sizes = check_sizes(table, columns.size, roles.size, rows)
    if sizes is None and columns.unit == "counts":
        sizes = sizes_of_counts(parts)
    if sizes is None and values is not None:
        check_one_size(table, columns.taken | set(roles.ignore), mixtures, values)
    joined = 0
    if sizes is not None and values is not None:
        read, sizes = sizes, join_near_sizes(sizes)
        joined = int(np.count_nonzero(read != sizes))
    distances = None
    if columns.distance is not None:
        distances = finite_column(table, columns.distance, rows)
    reading = Reading(
        providers,
        mixture,
        columns.unit,
        _guessed(roles, columns),
        len(rows),
        dict(left),
        columns.metric,
        roles.direction or (None if values is None else _direction(metric, values)),
        columns.size,
        () if sizes is None else tuple(int(size) for size in np.unique(sizes)),
        columns.distance,
        filled,
        joined,
        notes_of(table),
        columns.other_size,
        bounds,
    )
    return Runs(providers, mixtures, values, sizes, distances, metric, bounds, reading)


def _by_provider(columns: Columns) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The providers by name, and the column of each."""
    providers = provider_names(columns.mixture)
    order = np.argsort(np.array(providers), kind="stable")
    return tuple(providers[i] for i in order), tuple(columns.mixture[i] for i in order)


def _usable(table: pa.Table, rows: Any, roles: Roles, columns: Columns, left: Counter[str]) -> Any:
    """The rows with a mixture and a value, of each training the last, of duplicates the first."""

    def keep(usable: Any, reason: str) -> None:
        nonlocal rows
        left.update({reason: int((~usable).sum())} if not usable.all() else {})
        rows = rows[usable]

    some = table.take(rows)
    parts = np.column_stack([column(some, name) for name in columns.mixture])
    if columns.unit == "counts":
        parts = np.where(np.isinf(parts).any(axis=1, keepdims=True), np.nan, parts)
    keep(np.isfinite(parts).any(axis=1) & (np.nansum(np.abs(parts), axis=1) > 0), "no mixture")
    metric = columns.metric
    if metric is not None and len(rows):
        some = table.take(rows)
        steps = find_steps(some, roles.step, columns.mixture, columns.size)
        if steps is not None:
            fixed = [*columns.mixture, *([columns.size] if columns.size else [])]
            keep(last_steps(some, steps, fixed, column(some, metric)), "earlier step")
        keep(np.isfinite(column(table.take(rows), metric)), "no value")
        keep(first_of_duplicates(table.take(rows)), "duplicate")
    if not len(rows):
        reasons = listed([f"{count} {reason}" for reason, count in left.items()])
        raise InputError(
            f"no row can be used: {reasons}. Look at the columns {columns.mixture[0]!r} and "
            f"{metric!r}, or name others"
        )
    return rows


def _as_shares(parts: Floats, unit: str) -> Floats:
    if unit == "counts":
        return np.asarray(parts / parts.sum(axis=1, keepdims=True))
    return np.asarray(parts / PER_CENT) if unit == "per cent" else parts


def _direction(metric: str, values: Floats) -> Direction | None:
    try:
        return guess_direction(metric, float(values.max()))
    except InputError:
        return None


def _guessed(roles: Roles, columns: Columns) -> frozenset[str]:
    by_role = {
        "mixture": not roles.providers,
        "size": roles.size is None and columns.size is not None,
        "metric": roles.metric is None and columns.metric is not None,
        "distance": roles.distance is None and columns.distance is not None,
        "direction": roles.direction is None and columns.metric is not None,
    }
    return frozenset(role for role, guessed in by_role.items() if guessed)
