"""Which column of somebody's table is what: providers, size, metric, distance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError, nearest, row_named
from projektor_ray.runs.metric_names import Bounds, names_a_metric
from projektor_ray.storage.arrays import Floats

SIZE_NAMES = ("size", "n", "samples", "n_samples", "train_size", "tokens")
DISTANCE_NAMES = ("distance", "ot", "ot_distance")
METRIC_NAMES = ("metric", "value", "accuracy", "loss", "score")
METRIC_PREFIX = "metric/"
PER_CENT = 100.0
SIMPLEX_TOLERANCE = 1e-6
MOST_DECIMALS = 6
"""Shares printed to fewer decimals than this may miss 1 by what rounding explains."""
LEAST_AGREEMENT = 0.5
SHOWN = 8
COUNTED = "Numbers of samples are no shares: divide each row of them by its sum. "


@dataclass(frozen=True)
class Roles:
    """What the user says of the columns; what is absent is found by name and by value.

    Attributes
    ----------
    providers : columns of the shares.
    metric : column of what was measured.
    size : column of the sizes, or the one size of all rows.
    distance : column of each mixture's distance to the validation set.
    bounds : range of the metric; absent: by its name.
    ignore : columns that are none of these, such as the key of a join.
    """

    providers: tuple[str, ...] = ()
    metric: str | None = None
    size: str | float | None = None
    distance: str | None = None
    bounds: Bounds | None = None
    ignore: tuple[str, ...] = ("index",)


@dataclass(frozen=True)
class Columns:
    """The column of each part; `size` and `distance` may be absent."""

    providers: tuple[str, ...]
    metric: str | None
    size: str | None
    distance: str | None


def find_columns(table: pa.Table, roles: Roles, *, measured: bool = True) -> Columns:
    """The columns that `roles` names; the others by their names, providers by their values.

    Providers are the longest run of neighbouring columns whose rows sum to 1 (or to 100: that is
    refused later, in words), so that the table needs no naming convention.

    Parameters
    ----------
    measured : whether a metric is needed; a table of mixtures to predict has none.

    Raises
    ------
    InputError
        If a named column is absent, or none or several could be meant.
    """
    names = table.column_names
    size = roles.size if isinstance(roles.size, str) else None
    for name in (*roles.providers, roles.metric if measured else None, size, roles.distance):
        if name is not None:
            require(name, names)
    metric = roles.metric if roles.metric or not measured else _find_metric(names)
    if roles.size is None:
        size = _named(names, SIZE_NAMES)
    distance = roles.distance or _named(names, DISTANCE_NAMES)
    taken = {metric, size, distance, *roles.ignore}
    providers = roles.providers or _find_providers(table, taken)
    twice = {metric, size, distance} & set(providers)
    if twice or len(set(providers)) < len(providers):
        raise InputError(
            f"each column has one meaning; {', '.join(sorted(map(str, twice))) or 'a provider'} "
            "is named twice"
        )
    return Columns(tuple(sorted(providers)), metric, size, distance)


def require(name: str, names: Sequence[str]) -> None:
    """Refuse a column that is not there, with the nearest one that is."""
    if name not in names:
        raise InputError(f"the table has no column {name!r}; {nearest(name, names)}")


def _named(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    return next((name for name in names if name.lower() in wanted), None)


def _find_metric(names: Sequence[str]) -> str:
    found = [name for name in names if name.startswith(METRIC_PREFIX)]
    found = found or [name for name in names if name.lower() in METRIC_NAMES]
    found = found or [name for name in names if names_a_metric(name)]
    if len(found) == 1:
        return found[0]
    shown = ", ".join(found[:SHOWN] or names[:SHOWN])
    raise InputError(
        f"cannot tell which column is the metric: {'several' if found else 'none'} could be; "
        f"name one of {shown}{', …' if len(found or names) > SHOWN else ''}"
    )


def _find_providers(table: pa.Table, taken: set[str | None]) -> tuple[str, ...]:
    """The longest run of columns of shares, of those whose sums agree in most rows."""
    best: tuple[float, int, tuple[str, ...]] = (0.0, 0, ())
    short = ""
    for run in _numeric_runs(table, taken):
        shares = np.column_stack([column(table, name) for name in run])
        shares = np.where(np.isfinite(shares) & (shares >= 0), shares, np.inf)
        short = short or _falls_short(shares, run)
        totals = np.cumsum(np.column_stack([np.zeros(len(shares)), shares]), axis=1)
        for first in range(len(run) - 1):
            with np.errstate(invalid="ignore"):
                sums = totals[:, first + 2 :] - totals[:, [first]]
            for total in (1.0, PER_CENT):
                close = np.abs(np.nan_to_num(sums, nan=np.inf) / total - 1) <= 1e-2
                agreement = close.mean(axis=0)
                last = len(agreement) - 1 - int(np.argmax(agreement[::-1]))
                names = tuple(run[first : first + last + 2])
                best = max(best, (float(agreement[last]), len(names), names))
    if best[0] < LEAST_AGREEMENT:
        _refuse_texts(table, taken)
        raise InputError(
            "cannot tell which columns are the providers' shares: no neighbouring columns sum to 1 "
            f"in most rows. {short or COUNTED}Name them; the columns are "
            f"{', '.join(table.column_names[:SHOWN])}{', …' if table.num_columns > SHOWN else ''}"
        )
    return best[2]


def _refuse_texts(table: pa.Table, taken: set[str | None]) -> None:
    """Refuse a column of texts most of which are numbers: it may be of shares."""
    for field in table.schema:
        if field.name not in taken and pa.types.is_string(field.type):
            numbers = np.mean([_is_number(cell) for cell in table[field.name]])
            if numbers > LEAST_AGREEMENT:
                column(table, field.name)


def _falls_short(shares: Floats, names: Sequence[str]) -> str:
    """What to say of neighbouring columns that would be shares if one more were there."""
    first = next((i for i in range(len(names)) if shares[:, i].max() <= 1), len(names))
    last = next((i for i in range(first, len(names)) if shares[:, i].max() > 1), len(names))
    sums = shares[:, first:last].sum(axis=1)
    if last - first < 2 or sums.max() > 1 + SIMPLEX_TOLERANCE:
        return ""
    return (
        f"The columns {', '.join(names[first:last])} look like shares, but sum to "
        f"{sums.min():.2g} … {sums.max():.2g}: a provider's column may be missing; add it. "
    )


def _numeric_runs(table: pa.Table, taken: set[str | None]) -> list[list[str]]:
    runs: list[list[str]] = [[]]
    for field in table.schema:
        numeric = pa.types.is_floating(field.type) or pa.types.is_integer(field.type)
        if field.name in taken or field.name.startswith(METRIC_PREFIX):
            continue
        if numeric or pa.types.is_null(field.type):
            runs[-1].append(field.name)
        else:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def column(table: pa.Table, name: str) -> Floats:
    """A column as numbers; what is empty is NaN.

    Raises
    ------
    InputError
        If it holds something else than numbers; says in which row, and what.
    """
    try:
        return np.asarray(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowException, ValueError):
        odd = [(row, cell) for row, cell in enumerate(table[name]) if not _is_number(cell)]
    if not odd:
        raise InputError(f"the column {name!r} must hold numbers; it is of {table[name].type}")
    (row, cell), *others = odd
    raise InputError(
        f"the column {name!r} must hold numbers; {row_named(row)} has {cell.as_py()!r}"
        f"{f', and {len(others)} more rows have none' if others else ''}. Correct it, or leave out "
        "the row"
    )


def _is_number(cell: pa.Scalar) -> bool:
    try:
        cell.cast(pa.float64())
    except (pa.ArrowException, ValueError):
        return False
    return True
