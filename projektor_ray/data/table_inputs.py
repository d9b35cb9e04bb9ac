"""The inputs of a table's rows: numeric columns, lists, encoded images, or paths of images."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from projektor_ray.data.column_metadata import declared_class_names
from projektor_ray.data.columns import choose_columns, input_kind
from projektor_ray.data.image_arrays import as_inputs
from projektor_ray.data.images import Encoded, decode_images
from projektor_ray.data.list_columns import RaggedError, cells_array, number_array
from projektor_ray.data.open_table import OpenTable
from projektor_ray.data.origin import Index, Inputs, Origin
from projektor_ray.data.plain_columns import is_list, plain_type
from projektor_ray.data.raw_labels import RawLabels
from projektor_ray.data.samples import ImageSize, SampleSchema
from projektor_ray.data.source_config import TargetSetting
from projektor_ray.data.source_reading import SourceReading
from projektor_ray.errors import InputError, row_named

FAILING_SECONDS = 2.0
"""Of reading files that cannot be read, after which no further ones are tried."""
Selected = Iterator[tuple["slice | Index", list[pa.Array]]]


def table_origin(
    table: OpenTable,
    features: str | Sequence[str] | None = None,
    label: str | None = None,
    target: TargetSetting = "auto",
    schema: SampleSchema | None = None,
) -> Origin:
    """Inputs and labels of a table; see `choose_columns`.

    Raises
    ------
    InputError
        If the table has no rows, or a column is absent or of no use.
    """
    if not table.rows:
        raise InputError(f"{table.where} has no rows")
    chosen = choose_columns(table, features, label, target, schema)
    kinds = {name: input_kind(table.schema.field(name)) for name in chosen.inputs}
    names = declared_class_names(table.schema, chosen.label)
    labels = None
    if chosen.label:
        where = f"{table.where}, column {chosen.label!r}"
        column = table.table([chosen.label])[0]
        labels = RawLabels.of_column(column, where, names, is_upload=table.is_upload)
    reading = SourceReading(
        "table",
        chosen.label,
        chosen.label_rule,
        chosen.inputs,
        chosen.left_out,
        names,
        table.notes,
    )

    def inputs(index: Index, image_size: ImageSize | None) -> Inputs:
        if all(kind == "numbers" for kind in kinds.values()):
            return _numbers(table, chosen.inputs, index), ()
        if len(chosen.inputs) > 1:
            odd = next(name for name in chosen.inputs if kinds[name] != "numbers")
            raise InputError(
                f"{table.where}: feature columns must hold numbers; {odd!r} holds "
                f"{table.schema.field(odd).type}"
            )
        (name,) = chosen.inputs
        if kinds[name] == "lists":
            return as_inputs(
                _lists(table, name, index), f"{table.where}, column {name!r}", image_size
            )
        return _images(table, name, index, image_size)

    named = chosen.inputs if set(kinds.values()) == {"numbers"} else ()
    return Origin(table.where, table.rows, labels, inputs, feature_names=named, reading=reading)


def _selected(table: OpenTable, names: Sequence[str], index: Index) -> Selected:
    """Columns of the rows at `index`, a batch at a time, and their positions in `index`."""
    first, last = int(index.min()), int(index.max())
    in_order = bool(len(index) == last - first + 1 and (np.diff(index) == 1).all())
    order = None if in_order else np.argsort(index, kind="stable")
    ordered = index if order is None else index[order]
    begin = 0
    for columns in table.batches(names):
        end = begin + len(columns[0])
        if order is None:
            low, high = max(begin, first), min(end, last + 1)
            if low < high:
                part = [column.slice(low - begin, high - low) for column in columns]
                yield slice(low - first, high - first), part
        else:
            low, high = np.searchsorted(ordered, [begin, end])
            if low < high:
                rows = pa.array(ordered[low:high] - begin)
                yield order[low:high], [column.take(rows) for column in columns]
        begin = end
        if begin > last:
            return
    raise InputError(
        f"{table.where} should have {table.rows} rows, but ends after {begin}. Is the file whole?"
    )


def _numbers(table: OpenTable, names: Sequence[str], index: Index) -> NDArray[Any]:
    """Columns side by side, in the narrowest floats that hold them all."""
    kinds = [plain_type(table.schema.field(name).type).to_pandas_dtype() for name in names]
    inputs = np.empty((len(index), len(names)), np.result_type(np.float32, *kinds))
    for positions, columns in _selected(table, names, index):
        for place, column in enumerate(columns):
            inputs[positions, place] = number_array(column)
    return inputs


def _lists(table: OpenTable, name: str, index: Index) -> NDArray[Any]:
    """A column of lists as an array, shape (k, …)."""
    inputs: NDArray[Any] | None = None
    field, here = table.schema.field(name), f"{table.where}, column {name!r}"
    for positions, (column,) in _selected(table, [name], index):
        at = index[positions]
        try:
            cells = cells_array(column, field)
            if inputs is None:
                inputs = np.empty((len(index), *cells.shape[1:]), _precision(cells, column.type))
            if cells.shape[1:] != inputs.shape[1:]:
                raise RaggedError(0, cells[0].size, inputs[0].size, len(cells))
        except RaggedError as odd:
            raise InputError(
                f"{here}: feature rows have different lengths: most have {odd.usual} values, "
                f"{odd.count} do not, the first {odd.length} in {row_named(int(at[odd.row]))}"
            ) from None
        inputs[positions] = cells
    if inputs is None or not inputs[0].size:
        raise InputError(f"{here}: the feature lists are empty")
    return inputs


def _precision(cells: NDArray[Any], kind: pa.DataType) -> Any:
    """Images keep their type; features are floats that hold a column without missing numbers."""
    if cells.ndim > 2 or pt.is_struct(kind):
        return cells.dtype
    while is_list(kind):
        kind = plain_type(kind.value_type)
    return np.result_type(kind.to_pandas_dtype(), np.float32)


def _images(table: OpenTable, name: str, index: Index, image_size: ImageSize | None) -> Inputs:
    encoded: list[Encoded] = [None] * len(index)
    failing = 0.0
    names = [f"{table.where}, column {name!r}, {row_named(int(row))}" for row in index]
    for positions, (column,) in _selected(table, [name], index):
        places = np.arange(len(index))[positions]
        for place, cell in zip(places, _cells(column), strict=True):
            if isinstance(cell, str):
                names[place] = f"{names[place]}, {cell}"
                started = time.monotonic()
                encoded[place] = _file(table, cell)
                if isinstance(encoded[place], InputError):
                    failing += time.monotonic() - started
                if failing > FAILING_SECONDS:
                    raise InputError(f"{names[place]}: {encoded[place]}")
            else:
                encoded[place] = cell
    return decode_images(encoded, names, image_size)


def _file(table: OpenTable, name: str) -> Encoded:
    """An image that a cell names; the error where it cannot be read, so that all are named."""
    try:
        return table.read_file(name)
    except InputError as failure:
        return failure


def _cells(column: pa.Array) -> list[bytes | str | None]:
    """Of each row, an encoded image or its path."""
    if not pt.is_struct(column.type):
        return list(column.to_pylist())
    content = pc.struct_field(column, "bytes").to_pylist()
    if column.type.get_field_index("path") < 0:
        return list(content)
    paths = pc.struct_field(column, "path").to_pylist()
    return [path if cell is None else cell for cell, path in zip(content, paths, strict=True)]
