"""What a file's metadata say of its columns: names of classes, and which are an index."""

import json
from typing import Any

import pyarrow as pa


def declared_class_names(schema: pa.Schema, column: str) -> tuple[str, ...]:
    """The names of the classes 0, 1, … of a column, as Hugging Face's `ClassLabel` stores them.

    Arrow's dictionaries and pandas' categories need nothing like it: they are read as texts.
    """
    feature = _features(schema).get(column)
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return ()
    names = feature.get("names")
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _features(schema: pa.Schema) -> dict[str, Any]:
    stored = (schema.metadata or {}).get(b"huggingface", b"")
    try:
        features = json.loads(stored)["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):  # none, or of another form
        return {}
    return features if isinstance(features, dict) else {}


def index_columns(schema: pa.Schema) -> tuple[str, ...]:
    """The columns that pandas wrote its index to, as its metadata say."""
    stored = (schema.metadata or {}).get(b"pandas", b"")
    try:
        names = json.loads(stored)["index_columns"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
