"""A table as tools export it → plain columns: names trimmed, dictionaries opened, texts numbers."""

import ast
import json
import re
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from projektor_ray.data.source_reading import notes_of, with_notes
from projektor_ray.errors import InputError
from projektor_ray.runs.column_names import vocabulary

PER_CENT = 100.0
DEEPEST = 20
NO_NUMBER = vocabulary(
    "nan -nan none null nil na n/a n.a. #n/a #na <na> 1.#ind -1.#ind 1.#qnan -1.#qnan #div/0! "
    "#num! #value! #ref! #name? - -- \u2013 \u2014 . ? missing unknown inf +inf -inf infinity "
    "+infinity -infinity diverged failed crashed error oom"
) | {""}
"""Texts, in lower case, that stand for a missing or infinite number."""


def tidy(table: pa.Table) -> pa.Table:
    """The same rows with plain columns.

    Names lose the spaces around them. Columns of structs, or of dictionaries as text, become a
    column for each key, `config.lr`, as in the `summary,config,name` tables of Weights & Biases.
    Columns of texts that are all numbers become numbers; `33.1%` is 0.331.

    Raises
    ------
    InputError
        If two columns have the same name but for spaces.
    """
    parts: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        for path, cells in _opened(_plain_name(name), column).items():
            if path in parts:
                raise InputError(
                    f"each column needs a name of its own; two are called {path!r}, but for spaces "
                    "around it. Rename one"
                )
            parts[path] = _numbers(cells) if is_text(cells.type) else cells
    return with_notes(pa.table(parts), notes_of(table))


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _plain_name(name: str) -> str:
    """The name without outer spaces; `('params', 'web')`, of two header rows, is `params_web`."""
    pair = re.fullmatch(r"\('([^']*)', '([^']*)'\)", name.strip())
    return "_".join(filter(None, pair.groups())) if pair else name.strip()


def _opened(name: str, column: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    """The column, or a column for each key of its dictionaries."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_struct(column.type) or pa.types.is_map(column.type):
        rows: list[Any] = [None if row is None else dict(row) for row in column.to_pylist()]
    elif is_text(column.type):
        rows = _dictionaries(column)
    else:
        rows = []
    if not any(rows):
        return {name: column}
    flat = [_flat(row or {}, f"{name}.") for row in rows]
    keys = list(dict.fromkeys(key for row in flat for key in row))
    return {key: pa.chunked_array([_array([row.get(key) for row in flat])]) for key in keys}


def _dictionaries(column: pa.ChunkedArray) -> list[Mapping[str, Any] | None]:
    """The rows' dictionaries, if all texts are some; else none."""
    texts = column.drop_null()
    if not len(texts) or not pc.all(pc.starts_with(pc.utf8_ltrim_whitespace(texts), "{")).as_py():
        return []
    rows = [None if text is None else _dictionary(text) for text in column.to_pylist()]
    return rows if rows.count(None) == column.null_count else []


def _dictionary(text: str) -> Mapping[str, Any] | None:
    """A dictionary written by Python or as JSON; None where the text is no such."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        try:
            parsed = ast.literal_eval(_Constants().visit(ast.parse(text.strip(), mode="eval")))
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return None
    return parsed if isinstance(parsed, dict) else None


class _Constants(ast.NodeTransformer):
    """Python writes NaN and infinity as names, and NumPy 2 numbers as calls: no literals."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        known = {"nan": float("nan"), "inf": float("inf")}
        return ast.Constant(known[node.id]) if node.id in known else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`np.float64(0.5)` → 0.5; any other call stays, and is refused."""
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="np" | "numpy")), args=[number], keywords=[]
            ):
                return cast("ast.AST", self.visit(number))
        return node


def _flat(row: Mapping[str, Any], prefix: str, depth: int = 0) -> dict[str, Any]:
    """A nested dictionary by paths; the `{value, desc}` of Weights & Biases is its value."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and "value" in value and set(value) <= {"value", "desc"}:
            value = value["value"]
        if isinstance(value, Mapping) and depth < DEEPEST:
            flat |= _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            flat[f"{prefix}{str(key).strip()}"] = value
    return flat


def _array(values: list[Any]) -> pa.Array:
    """Numbers as numbers; a mixture of kinds as texts."""
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError):
        return pa.array([None if value is None else str(value) for value in values])


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts as numbers, if all of them are numbers or stand for a missing one."""
    texts = [None if text is None else text.strip().lower() for text in column.to_pylist()]
    given = [text for text in texts if text is not None and text not in NO_NUMBER]
    parsed = [_number(text) for text in given]
    if not given or None in parsed:
        return column
    numbers = iter(parsed)
    return pa.chunked_array(
        [
            pa.array(
                [np.nan if text is None or text in NO_NUMBER else next(numbers) for text in texts],
                pa.float64(),
            )
        ]
    )


def _number(text: str) -> float | None:
    """The number that a text is; one with a per cent sign is divided by 100."""
    if "_" in text:  # Python's own way to group digits, but nobody else's.
        return None
    try:
        return float(text[:-1]) / PER_CENT if text.endswith("%") else float(text)
    except ValueError:
        return None
