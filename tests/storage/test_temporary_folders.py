"""Temporary folders: what a killed process left is removed, and nothing else."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from projektor_ray.errors import StorageError
from projektor_ray.storage import temporary_folders
from projektor_ray.storage.temporary_folders import (
    OWNER,
    check_space,
    claim_folder,
    full_disk_named,
    remove_abandoned,
    temporary_folder,
)

KILLED = """
import os, signal
from projektor_ray.storage.temporary_folders import temporary_folder
with temporary_folder("scratch-", 1) as folder:
    (folder / "trial").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""
Usage = namedtuple("Usage", "free")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def killed_in(place: Path) -> Path:
    """The folder that a killed process left."""
    environment = {**os.environ, "TMPDIR": str(place)}
    ended = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = place.glob("scratch-*")
    assert (left / "trial").exists()
    return left


def test_the_next_folder_is_made_once_what_a_kill_left_is_gone(place: Path) -> None:
    left = killed_in(place)
    with temporary_folder("scratch-", 1) as folder:
        assert not left.exists()
        assert folder.is_dir()
        with temporary_folder("scratch-", 1):
            assert folder.is_dir(), "its process lives"
    assert not list(place.iterdir())


def test_only_folders_of_processes_that_have_ended_are_removed(place: Path) -> None:
    left = killed_in(place)
    owner = (left / OWNER).read_text(encoding="ascii")
    for name in ("other-1", "scratch-unnamed", "scratch-broken", "scratch-living", "target"):
        (place / name).mkdir()
    (place / "other-1" / OWNER).write_text(owner, encoding="ascii")
    (place / "target" / OWNER).write_text(owner, encoding="ascii")
    (place / "scratch-link").symlink_to(place / "target")
    (place / "scratch-broken" / OWNER).write_text(owner[:-5], encoding="ascii")
    (place / "scratch-file").write_text(owner, encoding="ascii")
    claim_folder(place / "scratch-living")
    before = {path.name for path in place.iterdir()}
    remove_abandoned(place, "scratch-*")
    assert {path.name for path in place.iterdir()} == before - {left.name}
    assert (place / "target").is_dir()


def test_a_full_disk_is_named_before_anything_is_written(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary_folders.shutil, "disk_usage", lambda _: Usage(3 * 2**20))
    check_space(place / "absent" / "folder", 3 * 2**20)
    says = rf"{place} has 3 MiB free.*about 48 MiB.*TMPDIR"
    with pytest.raises(StorageError, match=says), temporary_folder("scratch-", 48 * 2**20):
        pass
    assert not list(place.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_is_named(place: Path, number: int) -> None:
    with (
        pytest.raises(StorageError, match=r"is full.*TMPDIR"),
        temporary_folder("scratch-", 1),
    ):
        raise OSError(number, os.strerror(number))
    assert not list(place.iterdir())


def test_another_error_stays_what_it_is(place: Path) -> None:
    with pytest.raises(ConnectionResetError), full_disk_named(place, 1):
        raise ConnectionResetError(errno.ECONNRESET, "reset")


def test_no_folder_that_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(StorageError, match="TMPDIR"), temporary_folder("scratch-", 1):
        pass
