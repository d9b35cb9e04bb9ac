"""The reference of tables and columns, from the schemas."""

import pyarrow as pa

from projektor_ray.storage.schemas import KEYS, SCHEMAS

TYPES = {
    "string": "text",
    "binary": "bytes",
    "int64": "whole number",
    "double": "number",
    "bool": "true or false",
    "timestamp[us, tz=UTC]": "time (UTC)",
}


def tables() -> str:
    """A section per table with a row per column."""
    return "\n\n".join(_section(name, schema) for name, schema in SCHEMAS.items()) + "\n"


def _section(name: str, schema: pa.Schema) -> str:
    rows = [f"| `{of.name}` | {_type(of.type)} | {_description(of)} |" for of in schema]
    key = ""
    if name in KEYS:
        columns = ", ".join(f"`{column}`" for column in KEYS[name])
        key = f"A row is identified by {columns}.\n"
    return "\n".join(
        [
            f"(table-{name})=\n## `{name}`\n\n{_description(schema)}\n{key}",
            "| column | type | description |\n|---|---|---|",
            *rows,
        ]
    )


def _description(of: pa.Schema | pa.Field) -> str:
    return (of.metadata or {}).get(b"description", b"").decode()


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}s"
    return TYPES[str(kind)]
