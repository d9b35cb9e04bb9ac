"""Tables of newer and of earlier versions: refused in a sentence, or filled up."""

from pathlib import Path

import pyarrow as pa
import pytest

from projektor_ray.errors import DamagedError, InputError
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from projektor_ray.storage.schemas import KEYS, SCHEMAS, make_table
from projektor_ray.storage.table_columns import LATER_COLUMNS
from projektor_ray.storage.versions import check_versions
from tests.helpers.table_rows import METADATA, probe_row


def one_row_of_nulls(kind: str) -> pa.Table:
    return make_table(kind, [dict.fromkeys(SCHEMAS[kind].names)], METADATA)


def put(folder: Folder, kind: str, table: pa.Table) -> None:
    """Store a table of one kind where a study has it."""
    folder.write_table(f"{kind}/part-0-a" if kind in KEYS else kind, table)


def read(folder: Folder, kind: str) -> pa.Table | list[dict[str, object]]:
    if kind in KEYS:
        return list(Ledger(folder, kind).rows(METADATA.input_hash).values())
    return folder.read_table(kind)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_column_of_a_newer_version_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    newer = one_row_of_nulls(kind).append_column("shade", pa.array([1.0]))
    put(folder, kind, newer)
    for use in (lambda: check_versions(folder), lambda: read(folder, kind)):
        with pytest.raises(InputError, match=rf"{kind}.*newer version.*column shade"):
            use()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_newer_schema_version_is_refused_on_opening(kind: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    newer = {**METADATA.metadata(), "projektor.schema_version": "3"}
    put(folder, kind, one_row_of_nulls(kind).replace_schema_metadata(newer))
    with pytest.raises(InputError, match=rf"{kind}.*schema version 3"):
        check_versions(folder)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_table_of_an_earlier_version_is_filled_up_or_refused(kind: str, tmp_path: Path) -> None:
    folder, names = Folder(tmp_path), SCHEMAS[kind].names
    later = [name for name in names if (kind, name) in LATER_COLUMNS]
    earlier = one_row_of_nulls(kind).drop_columns(later)
    put(folder, kind, earlier)
    check_versions(folder)
    found = read(folder, kind)
    (row,) = found if isinstance(found, list) else found.to_pylist()
    assert [name for name in row if name != "providers"] == names
    assert {name: row[name] for name in later} == {
        name: LATER_COLUMNS[kind, name] for name in later
    }
    lacks = next(name for name in names if name not in later and name not in KEYS.get(kind, ()))
    put(folder, kind, earlier.drop_columns([lacks]))
    with pytest.raises(InputError, match=rf"{kind}.*earlier version.*lacks the column {lacks}"):
        read(folder, kind)


def test_another_type_of_a_column_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    table = one_row_of_nulls("values")
    place = table.column_names.index("value")
    folder.write_table("values-rare", table.set_column(place, "value", pa.array(["high"])))
    with pytest.raises(InputError, match=r"values-rare\.parquet.*column value"):
        folder.read_table("values-rare")


def test_every_part_of_a_ledger_is_looked_at(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for seed in range(3):
        table = make_table("probes", [probe_row(seed)], METADATA)
        newer = table.append_column("shade", pa.array([1.0])) if seed == 1 else table
        folder.write_table(f"probes/part-0-{seed}", newer)
    with pytest.raises(InputError, match="part-0-1"):
        check_versions(folder)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(40) + b"\x28\0\0\0PAR1"])
def test_a_damaged_table_is_left_to_its_reader(content: bytes, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("plans.parquet", content)
    check_versions(folder)
    with pytest.raises(DamagedError):
        folder.read_table("plans")
