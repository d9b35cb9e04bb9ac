"""Arrow tables: which columns are features, images and labels."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from projektor_ray.data.images import decode_images
from projektor_ray.data.origin import Index, Origin
from projektor_ray.data.source_config import AskedTarget
from projektor_ray.errors import InputError, nearest, row_named, rows_named

LABEL_COLUMNS = ("label", "labels", "target", "y")
INPUT_COLUMNS = ("features", "image")
INDEX_COLUMNS = ("", "Unnamed: 0", "__index_level_0__")
"""What pandas calls the index that it writes beside the columns."""

log = logging.getLogger(__name__)


def table_origin(
    table: pa.Table,
    where: str,
    features: str | Sequence[str] | None = None,
    label: str | None = None,
    target: AskedTarget = "auto",
) -> Origin:
    """Inputs and labels of a table.

    Raises
    ------
    InputError
        If a column is absent or of no use, or no label column is found where one is needed.
    """
    name = _label_column(table, where, label, target)
    chosen = _input_columns(table, where, features, name)
    labels = None if name is None else _labels(table[name], f"{where}, column {name!r}")

    def inputs(index: Index) -> NDArray[Any]:
        return _inputs(table.select(chosen).take(pa.array(index)), index, where)

    named = tuple(chosen) if _are_columns(table.select(chosen)) else ()
    return Origin(where, table.num_rows, labels, inputs, feature_names=named)


def _label_column(
    table: pa.Table, where: str, label: str | None, target: AskedTarget
) -> str | None:
    if target == "none" and label is None:
        return next((name for name in LABEL_COLUMNS if name in table.column_names), None)
    if label is not None:
        return _existing(table, where, label)
    for name in LABEL_COLUMNS:
        if name in table.column_names:
            return name
    raise InputError(
        f"{where} has no label column: expected {', '.join(LABEL_COLUMNS)}; it has "
        f"{', '.join(table.column_names)}. Name it with `label`, or set target: none if the "
        "samples have no labels"
    )


def _existing(table: pa.Table, where: str, name: str) -> str:
    if name not in table.column_names:
        raise InputError(f"{where} has no column {name!r}; {nearest(name, table.column_names)}")
    return name


def _input_columns(
    table: pa.Table, where: str, features: str | Sequence[str] | None, label: str | None
) -> list[str]:
    if features is not None:
        names = [features] if isinstance(features, str) else list(features)
        return [_existing(table, where, name) for name in names]
    for name in INPUT_COLUMNS:
        if name in table.column_names and not _is_number(table.schema.field(name).type):
            return [name]
    rest = [f for f in table.schema if f.name != label and f.name not in INDEX_COLUMNS]
    names = [field.name for field in rest if _is_number(field.type)]
    if not names:
        raise InputError(
            f"{where} has no feature columns: expected `features` (lists of numbers), `image` "
            f"(encoded images) or numeric columns; it has {', '.join(table.column_names)}"
        )
    if len(names) < len(rest):
        unused = ", ".join(field.name for field in rest if field.name not in names)
        log.warning("%s: columns that are not numeric are no features: %s", where, unused)
    return names


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pt.is_integer(kind) or pt.is_floating(kind) or pt.is_boolean(kind) or pt.is_decimal(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_fixed_size_binary(kind))


def _labels(column: pa.ChunkedArray, where: str) -> NDArray[Any]:
    if column.null_count:
        rows = np.flatnonzero(column.is_null().to_numpy())
        raise InputError(
            f"{where}: {len(rows)} of {len(column)} labels are missing, in "
            f"{rows_named(rows)}; drop these rows, or set target: none"
        )
    if pt.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pt.is_string(column.type) or pt.is_large_string(column.type):
        return np.array(column.to_pylist(), dtype=np.str_)
    if pt.is_decimal(column.type):
        column = column.cast(pa.float64())
    if not _is_number(column.type):
        raise InputError(f"{where}: expected labels that are numbers or names; got {column.type}")
    return np.asarray(column.to_numpy())


def _are_columns(table: pa.Table) -> bool:
    """Whether each column is one feature."""
    return bool(table.num_columns > 1 or _is_number(table.schema.field(0).type))


def _inputs(table: pa.Table, index: Index, where: str) -> NDArray[Any]:
    if _are_columns(table):
        return _numeric_columns(table, where)
    (column,), (name,) = table.columns, table.column_names
    here = f"{where}, column {name!r}"
    kind = column.type
    if pt.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        column = pc.struct_field(column, "bytes")
        kind = column.type
    if _is_binary(kind):
        return decode_images(column.to_pylist(), [f"{here}, {row_named(row)}" for row in index])
    if _is_list(kind) and _is_number(kind.value_type):
        return _lists(column, index, here)
    raise InputError(
        f"{here}: expected numbers, lists of numbers or encoded images as bytes; got {kind}"
    )


def _numeric_columns(table: pa.Table, where: str) -> NDArray[Any]:
    for field in table.schema:
        if not _is_number(field.type):
            raise InputError(
                f"{where}: feature columns must hold numbers; {field.name!r} holds {field.type}"
            )
    return np.column_stack([_numbers(column) for column in table.columns])


def _numbers(column: pa.ChunkedArray) -> NDArray[Any]:
    """A column as floats, missing values as NaN, in the narrowest type that holds its own."""
    if pt.is_decimal(column.type):
        column = column.cast(pa.float64())
    values = np.asarray(column.to_numpy())
    if values.dtype == object:
        return values.astype(np.float64)
    return values.astype(np.result_type(values.dtype, np.float32))


def _lists(column: pa.ChunkedArray, index: Index, where: str) -> NDArray[Any]:
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    expected = np.bincount(lengths).argmax()
    odd = np.flatnonzero(lengths != expected)
    if odd.size:
        raise InputError(
            f"{where}: feature rows have different lengths: most have {expected} values, "
            f"{odd.size} do not, the first {lengths[odd[0]]} in {row_named(index[odd[0]])}"
        )
    if expected == 0:
        raise InputError(f"{where}: the feature lists are empty")
    flat = pa.chunked_array([chunk.flatten() for chunk in column.chunks], column.type.value_type)
    return _numbers(flat).reshape(len(column), int(expected))
