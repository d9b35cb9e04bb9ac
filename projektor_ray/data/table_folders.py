"""A folder of tables as one table: parts, partitions by folder name, and what is left out."""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

import pyarrow as pa

from projektor_ray.data.column_metadata import declared_class_names
from projektor_ray.data.data_splits import splits
from projektor_ray.data.open_table import OpenTable
from projektor_ray.data.plain_columns import plain_type
from projektor_ray.data.source_reading import Note
from projektor_ray.errors import InputError, listed

SHOWN = 5
WHOLE = re.compile(r"-?\d{1,18}")
DECIMAL = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
CACHE = re.compile(r"(^|/)cache-[^/]*\.arrow$")
HUDI_COLUMN = "_hoodie_commit_time"
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def check_lake(inside: Sequence[str], where: str) -> None:
    """Refuse a folder whose log says which of its files count.

    Parameters
    ----------
    inside : paths of all files, within the folder.

    Raises
    ------
    InputError
        Names the kind of table, and what to do.
    """
    if any(re.search(r"(^|/)_delta_log/", path) for path in inside):
        raise InputError(
            f"{where} is a Delta table: its log lists which of its Parquet files count. Write its "
            "current rows to a Parquet file, for example with deltalake: "
            "pq.write_table(DeltaTable(…).to_pyarrow_table(), 'pilot.parquet')"
        )
    if any(re.search(r"(^|/)metadata/[^/]*\.metadata\.json$", path) for path in inside):
        raise InputError(
            f"{where} is an Iceberg table: its metadata say which of its files count. Write its "
            "current rows to a Parquet file, for example with pyiceberg: "
            "pq.write_table(table.scan().to_arrow(), 'pilot.parquet')"
        )


def data_files(inside: Sequence[str]) -> list[str]:
    """Paths without those that a writer keeps for itself: `_SUCCESS`, `_temporary/…`.

    Nor is a `cache-….arrow` beside the `state.json` of a Hugging Face data set a part of it.
    """
    hidden = re.compile(r"(^|/)[_.](?![^/]*=)")
    saved = {posixpath.dirname(path) for path in inside if path.endswith("state.json")}
    return [
        path
        for path in inside
        if not hidden.search(path) and not (CACHE.search(path) and posixpath.dirname(path) in saved)
    ]


def check_splits(inside: Sequence[str], where: str) -> None:
    """Refuse parts of a training and a validation split as one table.

    Raises
    ------
    InputError
        Names the splits.
    """
    several = sorted(splits(inside).values())
    if len(several) > 1:
        raise InputError(
            f"{where} holds the splits {listed(several, SHOWN)} of one data set. Name the folder "
            "or the file of one of them"
        )


def left_out(paths: Sequence[str]) -> tuple[Note, ...]:
    """A note of the files that are not read, by their endings."""
    if not paths:
        return ()
    endings = Counter(posixpath.splitext(path)[1].lower() or "no ending" for path in paths)
    kinds = [f"{count} {ending}" for ending, count in sorted(endings.items())]
    return (Note("files left out", len(paths), listed(kinds)),)


def join_parts(parts: Sequence[OpenTable], inside: Sequence[str], where: str) -> OpenTable:
    """One table of several files: columns by name, of the widest type, and the folders' keys.

    Parts without rows are left out.

    Parameters
    ----------
    inside : the path of each part within the folder.

    Raises
    ------
    InputError
        If parts differ in their columns, or in the names that they give to classes, or are of a
        table whose log says which of them count.
    """
    _check_versions(parts, where)
    keys = [_keys(path) for path in inside]
    kinds = {
        key: _key_type([each[key] for each in keys if key in each])
        for key in dict.fromkeys(key for each in keys for key in each)
    }
    keyed = [_with_keys(part, own, kinds) for part, own in zip(parts, keys, strict=True)]
    filled = [part for part in keyed if part.rows] or keyed[:1]
    schema = _unified(filled)

    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        fields = [schema.field(name) for name in names]
        kinds = [plain_type(field.type) for field in fields]
        for part in filled:
            for columns in part.batches(names):
                cast = [c.cast(kind) for c, kind in zip(columns, kinds, strict=True)]
                yield pa.RecordBatch.from_arrays(cast, list(names))

    notes = tuple(dict.fromkeys(note for part in filled for note in part.notes))
    if len(filled) < len(keyed):
        notes += (Note("empty parts", len(keyed) - len(filled)),)
    rows = sum(part.rows for part in filled)
    return OpenTable(where, schema, rows, read, notes=notes)


def _check_versions(parts: Sequence[OpenTable], where: str) -> None:
    """Refuse the files of a Hudi table, which keep former versions of rows beside the current."""
    if any(HUDI_COLUMN in part.names for part in parts):
        raise InputError(
            f"{where} is a Hudi table: its timeline lists which of its files count. Write its "
            "current rows to a Parquet file, for example with Spark: "
            "spark.read.format('hudi').load(…).write.parquet('pilot.parquet')"
        )


def _unified(parts: Sequence[OpenTable]) -> pa.Schema:
    first, *others = parts
    for part in others:
        if set(part.names) != set(first.names):
            lacks = sorted(set(first.names) ^ set(part.names))
            raise InputError(
                f"{part.where} has other columns than {first.where}: only one of them has "
                f"{', '.join(map(repr, lacks[:SHOWN]))}. All parts of a table need the same columns"
            )
        for name in first.names:
            named = [declared_class_names(one.schema, name) for one in (first, part)]
            if named[0] != named[1]:
                raise InputError(
                    f"{part.where} names the classes of {name!r} {', '.join(named[1][:SHOWN])}; "
                    f"{first.where} names them {', '.join(named[0][:SHOWN])}"
                )
    return pa.schema([_field(name, parts) for name in first.names], first.schema.metadata)


def _field(name: str, parts: Sequence[OpenTable]) -> pa.Field:
    fields = [part.schema.field(name) for part in parts]
    if all(field.type == fields[0].type for field in fields):
        return fields[0]
    kinds = [pa.schema([(name, plain_type(field.type))]) for field in fields]
    try:
        return pa.unify_schemas(kinds, promote_options="permissive").field(name)
    except pa.ArrowException:
        types = listed(sorted({str(kind.field(name).type) for kind in kinds}))
        raise InputError(
            f"{parts[0].where} and the other parts differ in the column {name!r}: it is of {types}"
        ) from None


def _keys(path: str) -> dict[str, str]:
    """The values that a part's folders, named KEY=VALUE, give to all its rows."""
    steps = [step.partition("=") for step in posixpath.dirname(path).split("/") if "=" in step]
    return {unquote(key): unquote(value) for key, _, value in steps}


def _key_type(values: Sequence[str]) -> pa.DataType:
    """Whole numbers, real numbers, or else texts."""
    given = [value for value in values if value != NO_VALUE]
    for pattern, kind in ((WHOLE, pa.int64()), (DECIMAL, pa.float64())):
        if given and all(pattern.fullmatch(value) for value in given):
            return kind
    return pa.string()


def _with_keys(
    part: OpenTable, keys: Mapping[str, str], kinds: Mapping[str, pa.DataType]
) -> OpenTable:
    """A part with a column for each key of its folders."""
    cells = {
        key: pa.scalar(None if value == NO_VALUE else value, pa.string()).cast(kinds[key])
        for key, value in keys.items()
        if key not in part.names
    }
    if not cells:
        return part
    schema = part.schema
    for key in cells:
        schema = schema.append(pa.field(key, kinds[key]))

    def read(names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        own = [name for name in names if name not in cells] or part.names[:1]
        for columns in part.batches(own):
            by_name = dict(zip(own, columns, strict=True))
            arrays = [
                by_name[name] if name in by_name else pa.repeat(cells[name], len(columns[0]))
                for name in names
            ]
            yield pa.RecordBatch.from_arrays(arrays, list(names))

    return OpenTable(part.where, schema, part.rows, read, notes=part.notes)
