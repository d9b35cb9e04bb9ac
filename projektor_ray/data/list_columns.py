"""Lists, tensors and Spark's vectors as arrays of one shape for all rows."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from numpy.typing import NDArray

from projektor_ray.data.plain_columns import is_list, plain, tensor_shape

SPARSE = 0
"""The type by which Spark's vectors say that they list their places that are not 0."""


class RaggedError(Exception):
    """Rows have cells of different lengths.

    Attributes
    ----------
    row, length : the first row that differs, and its length.
    usual : the most frequent length.
    count : how many rows differ.
    """

    def __init__(self, row: int, length: int, usual: int, count: int) -> None:
        super().__init__(row, length, usual, count)
        self.row, self.length, self.usual, self.count = row, length, usual, count


def cells_array(column: pa.Array, field: pa.Field) -> NDArray[Any]:
    """A column of lists as an array, shape (k, …); missing numbers are NaN.

    Parameters
    ----------
    column : of a plain type.
    field : as the file has it, whose extension type may say a shape.

    Raises
    ------
    RaggedError
        If rows differ in length.
    """
    if pt.is_struct(column.type):
        return _struct_array(column)
    values = _unnested(column)
    shape = tensor_shape(field)
    order = getattr(field.type, "permutation", None)
    if len(shape) > 1 and int(np.prod(shape)) == values[:1].size:
        cells = values.reshape(len(values), *shape)
        axes = range(len(shape)) if order is None else order
        return np.transpose(cells, [0, *(1 + axis for axis in axes)])
    return values


def number_array(column: pa.Array) -> NDArray[Any]:
    """A column of numbers as an array; missing numbers are NaN."""
    if column.null_count:
        column = column.cast(pa.float64())
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _unnested(column: pa.Array) -> NDArray[Any]:
    """Lists, and lists within them, as an array of as many dimensions."""
    shape = [len(column)]
    while is_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        usual = int(np.bincount(lengths).argmax()) if lengths.size else 0
        odd = np.flatnonzero(lengths != usual)
        if odd.size:
            within = int(np.prod(shape[1:]))
            rows = np.unique(odd // within)
            raise RaggedError(int(rows[0]), int(lengths[odd[0]]), usual, len(rows))
        shape.append(usual)
        column = plain(column.flatten())
    return number_array(column).reshape(shape)


def _struct_array(column: pa.Array) -> NDArray[Any]:
    names = [column.type.field(i).name for i in range(column.type.num_fields)]
    if "shape" in names:  # a tensor of Ray's whose rows may differ in shape
        shapes = _unnested(plain(column.field("shape")))
        differ = np.flatnonzero((shapes != shapes[:1]).any(axis=1))
        if differ.size:
            row = int(differ[0])
            raise RaggedError(row, int(shapes[row].prod()), int(shapes[0].prod()), len(differ))
        return _unnested(plain(column.field("data"))).reshape(len(column), *shapes[0])
    rows = column.to_pylist()
    kinds = [SPARSE if row["type"] == SPARSE else 1 for row in rows]
    sizes = [
        int(row["size"]) if kind == SPARSE else len(row["values"])
        for row, kind in zip(rows, kinds, strict=True)
    ]
    for at, size in enumerate(sizes):
        if size != sizes[0]:
            raise RaggedError(at, size, sizes[0], sum(other != sizes[0] for other in sizes))
    dense = np.zeros((len(rows), sizes[0] if sizes else 0))
    for at, (row, kind) in enumerate(zip(rows, kinds, strict=True)):
        dense[at, row["indices"] if kind == SPARSE else slice(None)] = row["values"]
    return dense
