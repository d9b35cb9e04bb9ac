"""One table of trainings from two: mixtures in one, metrics in the other, joined by a key."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from projektor_ray.data.source_reading import notes_of, with_notes
from projektor_ray.errors import InputError, listed, nearest
from projektor_ray.runs.column_names import bare, find_name
from projektor_ray.runs.finished_rows import ROW_NUMBERS
from projektor_ray.runs.numeric_columns import column, is_numeric
from projektor_ray.runs.tidy_columns import tidy

KEY_NAMES = (
    *(
        "run_id",
        "run",
        "trial_id",
        "trial",
        "id",
        "uid",
        "run_name",
        "name",
        "experiment",
        "number",
    ),
    *("index", "unnamed_0", ""),
)
SHOWN = 5


def join_tables(left: pa.Table, right: pa.Table, key: str | None = None) -> pa.Table:
    """The rows of both tables, those with the same key as one; a row without a partner has gaps.

    A row of gaps is a training without a value, or without a mixture, which the reading leaves out
    and counts.

    Parameters
    ----------
    key : the column that both have; absent: the one name of a run or of an index that both have.

    Raises
    ------
    InputError
        If the key is absent or repeated, no key is in both, several could be meant, or another
        column differs between the tables.
    """
    left, right = tidy(left), tidy(right)
    ours, theirs = _find_key(left, right, key)
    where = {value: row for row, value in enumerate(_values(right, theirs)) if value is not None}
    keys = _values(left, ours)
    rows = [None if value is None else where.get(value) for value in keys]
    matched = {row for row in rows if row is not None}
    if not matched:
        raise InputError(
            f"no value of {ours!r} is in both tables: the first has {_some(keys)}, the second "
            f"{_some(list(where))}. Name the column that both have (--key NAME)"
        )
    alone = [row for row in range(right.num_rows) if row not in matched]
    source = pa.array([*rows, *alone], pa.int64())
    gaps = pa.array([*range(left.num_rows), *[None] * len(alone)], pa.int64())
    joined = {name: left[name].take(gaps) for name in left.column_names}
    joined[ours] = pa.chunked_array(
        [pa.array([*keys, *_values(right, theirs, alone)], pa.string())]
    )
    for name in right.column_names:
        if name == theirs:
            continue
        cells = right[name].take(source)
        if name not in joined:
            joined[name] = cells
        elif bare(name) not in ROW_NUMBERS and not _agree(joined[name], cells):
            raise InputError(
                f"the joined tables may share only {ours!r}; {name!r} differs between them. Rename "
                "it or drop it in one, or join by another column (--key NAME)"
            )
    notes = dict.fromkeys((*notes_of(left), *notes_of(right)))
    return with_notes(pa.table(joined), tuple(notes))


def _find_key(left: pa.Table, right: pa.Table, key: str | None) -> tuple[str, str]:
    """The key's name in both tables."""
    if key is not None:
        matched = [find_name(key, table.column_names) for table in (left, right)]
        for side, name, table in zip(("first", "second"), matched, (left, right), strict=True):
            if name is None:
                raise InputError(
                    f"the tables are joined by the column {key!r}, which the {side} one lacks; "
                    f"{nearest(key, table.column_names)} Name the column that both have"
                )
            _require_unique(table, name, side)
        return str(matched[0]), str(matched[1])
    theirs = {bare(name): name for name in right.column_names}
    shared = [(name, theirs[bare(name)]) for name in left.column_names if bare(name) in theirs]
    keys = [pair for known in KEY_NAMES for pair in shared if bare(pair[0]) == known]
    for ours, other in keys:
        if not _repeated(left, ours) and not _repeated(right, other):
            return ours, other
    if keys:
        _require_unique(left, keys[0][0], "first")
        _require_unique(right, keys[0][1], "second")
    raise InputError(
        "the tables have no column by which to join them. Name one that both have (--key NAME); "
        f"the first has {', '.join(left.column_names[:SHOWN])}, the second "
        f"{', '.join(right.column_names[:SHOWN])}"
    )


def _repeated(table: pa.Table, name: str) -> int:
    """How many rows repeat a key of an earlier row."""
    keys = [key for key in _values(table, name) if key is not None]
    return len(keys) - len(set(keys))


def _require_unique(table: pa.Table, name: str, side: str) -> None:
    if repeated := _repeated(table, name):
        raise InputError(
            f"each training needs a {name} of its own; {repeated} rows of the {side} table repeat "
            "one"
        )


def _values(table: pa.Table, name: str, rows: Sequence[int] | None = None) -> list[str | None]:
    """The keys as texts: the number 1.0, the number 1 and the text `1` are the same; an empty cell
    is no key.
    """
    cells: list[Any] = table[name].to_pylist()
    return [_key(cell) for cell in (cells if rows is None else [cells[row] for row in rows])]


def _key(cell: Any) -> str | None:
    if cell is None or cell != cell:  # NaN
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _agree(ours: pa.ChunkedArray, theirs: pa.ChunkedArray) -> bool:
    """Whether cells that both tables have are the same."""
    pairs = pa.table({"ours": ours, "theirs": theirs})
    if all(is_numeric(cells.type) for cells in pairs.columns):
        first, second = column(pairs, "ours"), column(pairs, "theirs")
        differ = np.isfinite(first) & np.isfinite(second) & (first != second)
        return not bool(differ.any())
    cells = zip(ours.to_pylist(), theirs.to_pylist(), strict=True)
    return all(bool(a == b) or a is None or b is None for a, b in cells)


def _some(keys: Sequence[str | None]) -> str:
    return listed([key for key in keys if key is not None], SHOWN)
