"""Files and tables in a folder."""

from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from projektor_ray.errors import InputError, StorageError
from projektor_ray.storage import folder as module
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.schemas import make_table
from tests.helpers.table_rows import METADATA


def test_a_failed_write_leaves_the_old_file_and_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path)
    folder.write("plans.parquet", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        folder.write("plans.parquet", b"new")
    assert folder.read("plans.parquet") == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["plans.parquet"]


def test_a_reader_finds_the_old_file_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = Folder(tmp_path), []
    folder.write("plans.parquet", b"old")
    flush = module.os.fsync

    def fsync(handle: int) -> None:
        seen.append(folder.read("plans.parquet"))
        flush(handle)

    monkeypatch.setattr(module.os, "fsync", fsync)
    folder.write("plans.parquet", b"new")
    assert seen == [b"old", b"new"], "the content is flushed before the rename, the folder after"
    assert folder.read("plans.parquet") == b"new"


class ObjectStorage:
    """A file system in memory that shows what is written as soon as it is written."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.seen: list[bytes | None] = []

    def open_output_stream(self, path: str) -> "Stream":
        self.files[path] = b""
        return Stream(self, path)

    def open_input_stream(self, path: str) -> BytesIO:
        return BytesIO(self.files[path])

    def move(self, path: str, target: str) -> None:
        self.files[target] = self.files.pop(path)

    def create_dir(self, path: str, recursive: bool) -> None:
        """Folders need no making."""


class Stream(BytesIO):
    """A file of the storage that is being written."""

    def __init__(self, storage: ObjectStorage, path: str) -> None:
        super().__init__()
        self.storage, self.path = storage, path

    def write(self, content: Any) -> int:
        self.storage.files[self.path] += bytes(content)
        self.storage.seen.append(self.storage.files.get("place/plans.parquet"))
        return len(content)


def test_also_in_an_object_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = ObjectStorage()
    monkeypatch.setattr(module, "open_filesystem", lambda uri: (storage, "place"))
    folder = Folder("memory://place")
    folder.write("plans.parquet", b"old")
    folder.write("plans.parquet", b"new")
    assert storage.seen == [None, b"old"]
    assert folder.read("plans.parquet") == b"new"
    assert list(storage.files) == ["place/plans.parquet"]


def test_a_missing_or_foreign_table_is_a_clear_error(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with pytest.raises(InputError, match=r"plans\.parquet"):
        folder.read_table("plans")
    foreign = make_table("plans", [], METADATA).replace_schema_metadata({})
    pq.write_table(foreign, tmp_path / "plans.parquet")
    with pytest.raises(InputError, match=r"plans\.parquet is damaged"):
        folder.read_table("plans")


def test_what_a_crash_left_half_written_is_removed_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Folder(tmp_path)
    left = [f".plans.parquet.{uuid4().hex}.tmp", f".report.html.{uuid4().hex}.tmp"]
    others = ["notes.tmp", ".notes.tmp", ".bashrc", "plans.parquet"]
    for name in [*left, *others]:
        (tmp_path / name).touch()
    (tmp_path / "lease").mkdir()
    (tmp_path / "lease" / left[0]).touch()
    folder.remove_half_written()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "lease"])
    assert (tmp_path / "lease" / left[0]).exists()
    assert all(name in caplog.text for name in left)
    folder.remove_half_written("lease")
    assert not list((tmp_path / "lease").iterdir())
    assert folder.names("") == ["notes.tmp", "plans.parquet"]
