"""Storages that refuse, fill up, or fail for a while."""

import errno
import itertools
import multiprocessing
import resource
import subprocess
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import tenacity

from projektor_ray.errors import StorageError
from projektor_ray.storage import folder as tables
from projektor_ray.storage import retries as storage
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.ledger import Ledger
from tests.helpers.table_rows import METADATA, probe_row


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB of its own; only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def write_where_files_stay_small(folder: Folder) -> None:
    """For a process of its own: the limit would also hold for the report of the tests."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    folder.write("plans.parquet", bytes(100_000))


def half_written(place: Path) -> list[Path]:
    return list(place.rglob(".*"))


def test_a_full_disk_is_said_and_what_was_there_stays(small_disk: Path) -> None:
    folder = Folder(small_disk)
    ledger = Ledger(folder, "probes")
    ledger.append([probe_row(0)], METADATA)
    with pytest.raises(StorageError, match="disk is full"):
        folder.write("probes/part-0-large.parquet", bytes(100_000))
    assert set(ledger.rows("made")) == {("m0", 30, 0, "l", "accuracy")}
    assert not half_written(small_disk)
    ledger.append([probe_row(1)], METADATA)
    assert len(ledger.rows("made")) == 2


def test_a_disk_that_becomes_read_only_is_said(small_disk: Path) -> None:
    ledger = Ledger(Folder(small_disk), "probes")
    ledger.append([probe_row(0)], METADATA)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageError, match="file system is read-only"):
        ledger.append([probe_row(1)], METADATA)
    assert len(ledger.rows("made")) == 1


def test_a_write_that_the_kernel_cuts_short_leaves_the_old_file(
    tmp_path: Path,
) -> None:
    folder = Folder(tmp_path)
    folder.write("plans.parquet", b"old")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as child:
        attempt = child.submit(write_where_files_stay_small, folder)
        with pytest.raises(StorageError, match=r"plans\.parquet .*ulimit -f"):
            attempt.result()
    assert folder.read("plans.parquet") == b"old"
    assert not half_written(tmp_path)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "probes").write_bytes(b"")
    with pytest.raises(StorageError, match="where a folder should be"):
        Ledger(Folder(tmp_path), "probes").append([probe_row(0)], METADATA)


def test_a_folder_where_a_file_should_be_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", pauses.append)
    (tmp_path / "plans.parquet").mkdir()
    with pytest.raises(StorageError, match="where a file should be"):
        Folder(tmp_path).write("plans.parquet", b"new")
    assert not pauses
    assert not half_written(tmp_path)


def test_a_link_to_itself_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(tenacity.nap.time, "sleep", pauses.append)
    (tmp_path / "tables").symlink_to("tables")
    with pytest.raises(StorageError, match=r"leads back to itself|where a folder should be"):
        Folder(tmp_path / "tables").write("plans.parquet", b"new")
    assert not pauses


@pytest.mark.parametrize("failures", [1, storage.ATTEMPTS - 1])
def test_a_storage_that_fails_for_a_while_is_tried_again(
    failures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pauses = broken_for(failures, monkeypatch)
    ledger = Ledger(Folder(tmp_path), "probes")
    ledger.append([probe_row(0)], METADATA)
    assert len(ledger.rows("made")) == 1
    assert not half_written(tmp_path)
    assert len(pauses) == failures
    assert all(later == 2 * earlier for earlier, later in itertools.pairwise(pauses))
    assert caplog.text.count("next attempt") == failures


def test_a_storage_that_fails_for_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = broken_for(storage.ATTEMPTS, monkeypatch)
    with pytest.raises(StorageError, match=f"{storage.ATTEMPTS} times.*Input/output"):
        Ledger(Folder(tmp_path), "probes").append([probe_row(0)], METADATA)
    assert len(pauses) == storage.ATTEMPTS - 1
    assert not list(tmp_path.rglob("*.parquet"))
    assert not half_written(tmp_path)


def broken_for(failures: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The disk fails to flush this many times; returns where the pauses are noted."""
    pauses: list[float] = []
    flush, left = tables.os.fsync, [failures]

    def fsync(handle: int) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.EIO, "Input/output error")
        flush(handle)

    monkeypatch.setattr(tables.os, "fsync", fsync)
    monkeypatch.setattr(tenacity.nap.time, "sleep", pauses.append)
    return pauses
