"""Which column of somebody's table is what: mixture, size, metric, distance."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from projektor_ray.errors import InputError
from projektor_ray.runs.column_names import bare, is_input, require, vocabulary, words
from projektor_ray.runs.count_columns import adding_up, find_counts
from projektor_ray.runs.metric_direction import Bounds, names_a_metric
from projektor_ray.runs.numeric_columns import column, is_numeric
from projektor_ray.runs.reading import Unit
from projektor_ray.runs.share_columns import find_shares, neighbours
from projektor_ray.runs.size_column import check_given_size, find_size
from projektor_ray.runs.tidy_columns import PER_CENT, is_text
from projektor_ray.selection import Direction

DISTANCE_NAMES = vocabulary("distance ot ot_distance")
METRIC_NAMES = vocabulary("metric value objective")
METRIC_PREFIXES = ("metric/", "metrics/", "metrics.", "metric.")
STATISTICS = vocabulary(
    "std stderr sem var variance rank weight weights threshold smoothing type name fn "
    "function coef time step ci lower upper"
)
"""Words of a column that is about a metric, but is none."""
SHOWN = 8


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
    direction : whether more of the metric is better; absent: by its name and values.
    counts : whether the mixture's columns hold numbers of samples or tokens, not shares.
    step : column of steps, of which each training's last counts.
    ignore : columns that are none of these, such as the key of a join.
    """

    providers: tuple[str, ...] = ()
    metric: str | None = None
    size: str | float | None = None
    distance: str | None = None
    bounds: Bounds | None = None
    direction: Direction | None = None
    counts: bool = False
    step: str | None = None
    ignore: tuple[str, ...] = ("index",)


@dataclass(frozen=True)
class Columns:
    """The column of each role; `metric`, `size` and `distance` may be absent.

    Attributes
    ----------
    unit : what the mixture's columns hold.
    other_size : the column of another size that the one size given for all rows overrules.
    """

    mixture: tuple[str, ...]
    unit: Unit
    metric: str | None
    size: str | None
    distance: str | None
    other_size: str | None = None

    @property
    def taken(self) -> set[str]:
        """All of them."""
        return {name for name in (*self.mixture, self.metric, self.size, self.distance) if name}


def resolve(table: pa.Table, roles: Roles) -> Roles:
    """The same roles with the names as the table spells them.

    Raises
    ------
    InputError
        If a named column is absent.
    """
    names = table.column_names

    def find(name: str | None) -> str | None:
        return None if name is None else require(name, names)

    return replace(
        roles,
        providers=tuple(require(name, names) for name in roles.providers),
        metric=find(roles.metric),
        size=find(roles.size) if isinstance(roles.size, str) else roles.size,
        distance=find(roles.distance),
        step=find(roles.step),
    )


def find_columns(table: pa.Table, roles: Roles, *, measured: bool = True) -> Columns:
    """The columns that `roles` names; the others by their names, the mixture by its values.

    Parameters
    ----------
    table : as `tidy` makes it.
    roles : as `resolve` makes them.
    measured : whether a metric is needed; a table of mixtures to predict has none.

    Raises
    ------
    InputError
        If none or several columns could be meant.
    """
    names = table.column_names
    known = {*roles.providers, *roles.ignore, *filter(None, (roles.metric, roles.step))}
    distance = roles.distance or next(
        (n for n in names if bare(n) in DISTANCE_NAMES and n not in known), None
    )
    known |= {distance} if distance else set()
    size, other_size = roles.size if isinstance(roles.size, str) else None, None
    if roles.size is None:
        size = find_size(table, known)
    elif size is None:
        other_size = check_given_size(table, known, float(roles.size))
    known |= {size} if size else set()
    metric = roles.metric if roles.metric or not measured else find_metric(table, known)
    known |= {metric} if metric else set()
    mixture, unit = roles.providers, _unit(table, roles)
    if not mixture and roles.counts:
        mixture = find_counts(table, known, size)
    elif not mixture:
        others = known | {n for n in names if n.startswith(METRIC_PREFIXES)}
        mixture, unit = _shares(table, others, size)
    twice = {metric, size, distance} & set(mixture)
    if twice or len(set(mixture)) < len(mixture):
        raise InputError(
            f"each column has one meaning; {', '.join(sorted(map(str, twice))) or 'a provider'} "
            "is named twice"
        )
    return Columns(mixture, unit, metric, size, distance, other_size)


def _shares(table: pa.Table, taken: set[str], size: str | None) -> tuple[tuple[str, ...], Unit]:
    """The columns that sum to 1 or 100; columns that sum to the size are refused."""
    try:
        group = find_shares(table, taken)
    except InputError:
        runs = neighbours(table, taken)
        numbers = {name: column(table, name) for run in runs for name in run}
        counts = () if size is None else adding_up(runs, numbers, column(table, size))
        if not counts:
            raise
        listed = ",".join(counts[:SHOWN])
        raise InputError(
            f"the columns {listed} sum to {size!r}, not to 1: they seem to hold numbers of "
            "samples. Say --counts if they are the mixture, or name its columns: --providers a,b,c"
        ) from None
    return group.columns, "shares" if group.total == 1 else "per cent"


def _unit(table: pa.Table, roles: Roles) -> Unit:
    """What the named columns of the mixture hold: per cent where most rows sum to 100."""
    if not roles.providers or roles.counts:
        return "counts" if roles.counts else "shares"
    sums = np.nansum([column(table, name) for name in roles.providers], axis=0)
    return "per cent" if np.mean(np.abs(sums / PER_CENT - 1) <= 1e-2) > 0.5 else "shares"


def find_metric(table: pa.Table, taken: set[str]) -> str:
    """The one column whose name is that of a metric, not of training data where another is not.

    Raises
    ------
    InputError
        If there is none, or there are several; names them.
    """
    usable: list[str] = [
        name for name in table.column_names if name not in taken and _may_be(table, name)
    ]
    candidates = [name for name in usable if name.startswith(METRIC_PREFIXES)]
    candidates = candidates or [n for n in usable if bare(n) in METRIC_NAMES or names_a_metric(n)]
    if len(candidates) > 1:
        candidates = [
            name for name in candidates if not set(words(name)) & {"train", "training"}
        ] or candidates
    if len(candidates) == 1:
        return candidates[0]
    texts = [name for name in table.column_names if name not in taken and _may_hold(table, name)]
    if not candidates and len(texts) == 1:
        column(table, texts[0])  # Refuses it by its first cell that is no number.
    known = candidates or [name for name in table.column_names if name]  # an index has none
    shown = ", ".join(known[:SHOWN])
    more = len(known) > SHOWN
    raise InputError(
        f"cannot tell which column is the metric: {'several' if candidates else 'none'} could be; "
        f"name one of {shown}{', …' if more else ''} (--metric NAME)"
    )


def _may_hold(table: pa.Table, name: str) -> bool:
    """Whether a column of texts has the name of a metric."""
    return is_text(table[name].type) and (bare(name) in METRIC_NAMES or names_a_metric(name))


def _may_be(table: pa.Table, name: str) -> bool:
    """Whether a column holds numbers that are no setting and no statistic of a metric."""
    kind = table[name].type
    if not is_numeric(kind) or pa.types.is_null(kind) or is_input(name):
        return False
    return not set(words(name)) & STATISTICS and bool(np.isfinite(column(table, name)).any())
