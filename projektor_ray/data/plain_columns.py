"""Arrow columns of any type as plain ones: no views, extension types, dictionaries or runs."""

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt


def plain(column: pa.Array) -> pa.Array:
    """The same values as numbers, texts, bytes, lists, structs or times.

    Text and byte views become large texts and bytes, half floats floats, decimals doubles,
    list views large lists, fixed-size lists stay; of dictionaries, runs and extension types the
    values remain.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(column.storage)
    if pt.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(column))
    if pt.is_dictionary(kind):
        return _decoded(column)
    if pt.is_decimal(kind):
        return column.cast(pa.float64())
    if pt.is_float16(kind):
        return column.cast(pa.float32())
    if _is(kind, "is_string_view"):
        return column.cast(pa.large_string())
    if _is(kind, "is_binary_view"):
        return column.cast(pa.large_binary())
    if _is(kind, "is_list_view") or _is(kind, "is_large_list_view"):
        return _lists(column)
    return column


def is_number(kind: pa.DataType) -> bool:
    """Whether a plain type is of numbers, truth values among them."""
    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_boolean(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether a plain type is of texts."""
    return bool(pt.is_string(kind) or pt.is_large_string(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a plain type is of bytes."""
    return bool(pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_fixed_size_binary(kind))


def is_list(kind: pa.DataType) -> bool:
    """Whether a plain type is of lists."""
    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind))


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column once it is plain."""
    return plain(pa.nulls(0, kind)).type


def tensor_shape(field: pa.Field) -> tuple[int, ...]:
    """The shape of a column's cells, where its extension type says it; else empty.

    An extension type that nobody has registered is a plain one whose metadata name it.
    """
    shape = getattr(field.type, "shape", None)
    if shape is None:
        stored = (field.metadata or {}).get(b"ARROW:extension:metadata", b"")
        try:
            shape = json.loads(stored)
        except ValueError:  # none, or of an extension type that is no tensor
            return ()
        shape = shape.get("shape") if isinstance(shape, dict) else shape
    if isinstance(shape, list | tuple) and all(isinstance(size, int) for size in shape):
        return tuple(shape)
    return ()


def _is(kind: pa.DataType, check: str) -> bool:
    """A check of a type that older versions of pyarrow do not know."""
    return bool(getattr(pt, check, lambda _: False)(kind))


def _decoded(column: pa.DictionaryArray) -> pa.Array:
    values = plain(column.dictionary)
    return values.take(column.indices)


def _lists(column: Any) -> pa.Array:
    """A list view as large lists; pyarrow's own cast of a list view loses values."""
    empty = column.is_null().to_numpy(zero_copy_only=False)
    sizes = column.sizes.to_numpy(zero_copy_only=False).astype("int64", copy=True)
    sizes[empty] = 0
    offsets = pa.array([0, *sizes.cumsum().tolist()], pa.int64())
    return pa.LargeListArray.from_arrays(offsets, column.flatten(), mask=pa.array(empty))
