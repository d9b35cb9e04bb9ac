"""The columns of a table that was read: those of this version, or a sentence about the others."""

from typing import Any

import pyarrow as pa

from projektor_ray.errors import InputError, listed
from projektor_ray.storage.schemas import SCHEMAS

LATER_COLUMNS: dict[tuple[str, str], Any] = {
    ("probes", "warnings"): None,
    ("adaptive_design", "size"): None,
    ("study", "sources"): None,
    ("plans", "average_price"): None,
    ("provider_profiles", "duplicates_by_chance"): 0.0,
}
"""Columns, by table and name, that folders of earlier versions lack, and what is read there."""


def kind_of(name: str) -> str | None:
    """The schema's name of a table's name, `values-rare` → `values`; None where it has none."""
    kind = name.partition("/")[0].partition("-")[0].removesuffix(".parquet")
    return kind if kind in SCHEMAS else None


def check_columns(schema: pa.Schema, kind: str, where: str) -> None:
    """Refuse a table with a column that this version does not know, or knows of another type.

    Parameters
    ----------
    kind : the name of the table's schema.
    where : the file, as the error names it.

    Raises
    ------
    InputError
        Names the columns; a newer version of this program wrote the table.
    """
    known = SCHEMAS[kind]
    types = dict(zip(known.names, known.types, strict=True))
    unknown = [field.name for field in schema if types.get(field.name) != field.type]
    if unknown:
        which = "column" if len(unknown) == 1 else "columns"
        raise InputError(
            f"{where} was written by another, probably newer version of projektor-ray: this "
            f"version does not know its {which} {listed(unknown)}. Read this folder with the "
            "version that wrote it, or run the study into a new folder (--out)"
        )


def with_columns(table: pa.Table, kind: str, where: str) -> pa.Table:
    """The table with the columns of its schema, in their order.

    Raises
    ------
    InputError
        If it has a column that this version does not know, or lacks one that an earlier version
        wrote another way.
    """
    check_columns(table.schema, kind, where)
    known = SCHEMAS[kind]
    lacking = [name for name in known.names if name not in table.column_names]
    missing = [name for name in lacking if (kind, name) not in LATER_COLUMNS]
    if missing:
        which = "column" if len(missing) == 1 else "columns"
        raise InputError(
            f"{where} was written by an earlier version of projektor-ray: it lacks the {which} "
            f"{listed(missing)}. Run the study again (python -m jobs.study STUDY.yaml), or into a "
            "new folder (--out)"
        )
    for name in lacking:
        values = [LATER_COLUMNS[kind, name]] * table.num_rows
        table = table.append_column(
            known.field(name).remove_metadata(), pa.array(values, known.field(name).type)
        )
    return table.select(known.names)
