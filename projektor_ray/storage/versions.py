"""Whether this version of the program can read all tables of a folder."""

from projektor_ray.storage.folder import Folder
from projektor_ray.storage.schemas import KEYS
from projektor_ray.storage.table_columns import check_columns, kind_of
from projektor_ray.storage.table_metadata import TableMetadata


def check_versions(folder: Folder) -> None:
    """Refuse a folder with a table that another version wrote, before a row of it is used.

    A damaged table is passed over: who reads it refuses it.

    Raises
    ------
    InputError
        Names the table, and what this version does not know of it.
    """
    for place in ("", *KEYS):
        for name in folder.names(place):
            kind = kind_of(name)
            schema = folder.read_schema(name) if kind and name.endswith(".parquet") else None
            if kind is not None and schema is not None:
                where = f"{folder.shown}/{name}"
                TableMetadata.of(schema, where)
                check_columns(schema, kind, where)
