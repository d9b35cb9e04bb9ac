"""The files of a folder: all of them, none twice, in a bounded time."""

import os
import time
from pathlib import Path

import pyarrow.fs as pafs
import pytest

from projektor_ray.errors import InputError
from projektor_ray.storage import folder_files, locations
from projektor_ray.storage.folder_files import files_below
from projektor_ray.storage.locations import locate

LOCAL = pafs.LocalFileSystem()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / ".cache").mkdir(parents=True)
    for name in ("b.csv", "a.csv", "deep/c.csv", ".hidden", "deep/.cache/d.csv", "none"):
        (tmp_path / name).write_text(name)
    return tmp_path


def names(folder: Path, filesystem: pafs.FileSystem = LOCAL) -> list[str]:
    files = files_below(filesystem, str(folder), str(folder))
    return [path.removeprefix(f"{folder}/") for path in files]


def storage_of(folder: Path) -> pafs.FileSystem:
    """The folder as a file system that is not known to be a local disk."""
    return pafs.SubTreeFileSystem("/", LOCAL)


def test_a_disk_and_any_other_storage_list_the_same_files(folder: Path) -> None:
    expected = ["a.csv", "b.csv", "deep/c.csv", "none"]
    assert names(folder) == expected
    inside = files_below(storage_of(folder), str(folder).lstrip("/"), "there")
    assert [Path("/", path).relative_to(folder).as_posix() for path in inside] == expected
    assert locate(str(folder)).inside == expected


def test_links_are_followed_and_a_circle_gives_no_file_twice(folder: Path, tmp_path: Path) -> None:
    (folder / "deep" / "again").symlink_to(folder)
    (folder / "deep" / "itself").symlink_to(folder / "deep" / "itself")
    (folder / "deep" / "nowhere").symlink_to(folder / "absent")
    (folder / "e.csv").symlink_to(folder / "a.csv")
    (folder / "other").symlink_to(folder / "deep" / ".cache")
    assert names(folder) == ["a.csv", "b.csv", "deep/c.csv", "e.csv", "none", "other/d.csv"]


def test_pipes_and_devices_are_left_out(folder: Path) -> None:
    os.mkfifo(folder / "pipe.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    assert len(names(folder)) == 4


@pytest.mark.parametrize("limit", ["MOST_FILES", "LISTED_WITHIN"])
def test_too_many_files_are_counted_and_named_by_their_kinds(
    limit: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        (folder / f"{number}.csv").write_text("")
    monkeypatch.setattr(folder_files, limit, {"MOST_FILES": 6, "LISTED_WITHIN": -1}[limit])
    with pytest.raises(InputError, match=rf"{folder}.*too many.*files.*Name the folder") as refused:
        locate(str(folder))
    if limit == "MOST_FILES":
        assert "7 files" in str(refused.value)
        assert ".csv" in str(refused.value)
        with pytest.raises(InputError, match="7 files"):
            files_below(storage_of(folder), str(folder).lstrip("/"), "there")


def test_a_folder_that_vanishes_meanwhile_is_left_out_and_an_unreadable_one_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep, scan = str(folder / "deep"), os.scandir

    def failing(kind: type[OSError]) -> None:
        def scandir(path: str) -> object:
            if path == deep:
                raise kind(13, "refused", path)
            return scan(path)

        monkeypatch.setattr(os, "scandir", scandir)

    failing(FileNotFoundError)
    assert names(folder) == ["a.csv", "b.csv", "none"]
    failing(PermissionError)
    with pytest.raises(InputError, match=deep):
        locate(str(folder))


def test_a_disk_that_does_not_answer_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locations, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(locations, "files_below", lambda *_: time.sleep(2))
    with pytest.raises(InputError, match=rf"{folder} does not answer"):
        locate(str(folder))
