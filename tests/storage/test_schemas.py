"""Tables on disk."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from projektor_ray.errors import InputError, StorageError
from projektor_ray.storage import schemas as tables
from projektor_ray.storage.schemas import Folder, in_order, make_table
from tests.helpers.table_rows import STAMP, probe_row


def test_a_failed_write_leaves_the_old_file_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    folder.write("plans.parquet", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tables.os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        folder.write("plans.parquet", b"new")
    assert folder.read("plans.parquet") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["plans.parquet"]


def test_metadata_says_who_made_the_file(tmp_path: Path) -> None:
    Folder(tmp_path).write_table("probes", make_table("probes", [probe_row(0)], STAMP))
    metadata = pq.read_schema(tmp_path / "probes.parquet").metadata
    assert metadata[b"projektor.study"] == b"study"
    assert metadata[b"projektor.providers"] == b'["a", "b"]'
    assert metadata[b"projektor.input_hash"] == b"made"


def test_a_missing_or_foreign_table_is_a_clear_error(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(InputError, match=r"expected the table plans\.parquet"):
        folder.read_table("plans")
    foreign = make_table("plans", [], STAMP).replace_schema_metadata({})
    pq.write_table(foreign, tmp_path / "plans.parquet")
    with pytest.raises(InputError, match="schema version"):
        folder.read_table("plans")


def test_lists_are_put_into_the_wanted_provider_order() -> None:
    assert in_order([1.0, 2.0], ["a", "b"], ["b", "new", "a"]) == [2.0, 0.0, 1.0]
