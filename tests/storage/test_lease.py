"""One driver at a time on a study's folder."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from projektor_ray.errors import BusyError, StorageError
from projektor_ray.storage import lease as leases
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import Claim, Lease, leased

ROOT = Path(__file__).resolve().parent.parent.parent
HOLDER = """
import sys, time
from projektor_ray.storage import lease
from projektor_ray.storage.folder import Folder
lease.HEARTBEAT_SECONDS = 0.1
with lease.leased(Folder(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["path", "uri"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return Folder(tmp_path if request.param == "path" else f"file://{tmp_path}")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(leases, "POLL_SECONDS", 0.05)


@pytest.fixture
def holder(folder: Folder) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the folder."""
    command = [sys.executable, "-c", HOLDER, folder.uri]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


FILE = f"lease/{'0' * 31}1.json"
"""Of a claim of another driver; no name of a driver here is smaller."""


def write_claim(folder: Folder, **changes: object) -> None:
    """Write the claim of a driver on a machine that this one knows nothing of."""
    claim = Claim(host="elsewhere", machine="another", acquired=True)
    folder.write(FILE, claim.model_copy(update=changes).model_dump_json().encode())


def test_a_second_driver_is_refused_until_the_first_is_killed(
    folder: Folder, holder: "subprocess.Popen[str]"
) -> None:
    with pytest.raises(BusyError, match=f"process {holder.pid} on"), leased(folder):
        pytest.fail("two drivers hold one folder")
    assert len(folder.names("lease")) == 1, "who is refused leaves nothing"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with leased(folder) as mine:
        mine.check()
        (name,) = folder.names("lease")
        assert json.loads(folder.read(name))["pid"] == os.getpid()
    assert folder.names("lease") == []


def test_a_driver_that_fails_leaves_the_folder_free(folder: Folder) -> None:
    with pytest.raises(ZeroDivisionError), leased(folder):
        raise ZeroDivisionError
    with leased(folder):
        pass


def test_a_driver_on_another_machine_is_dead_when_it_was_silent_for_long(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(leases, "DEAD_SECONDS", 0.3)
    write_claim(folder)
    with leased(folder):
        assert len(folder.names("lease")) == 1
    assert "on elsewhere" in caplog.text


def test_a_driver_on_another_machine_that_beats_is_alive(folder: Folder) -> None:
    over = threading.Event()

    def beat() -> None:
        for heartbeat in itertools.count(1):
            if over.wait(0.05):
                return
            write_claim(folder, heartbeat=heartbeat)

    write_claim(folder)
    thread = threading.Thread(target=beat)
    thread.start()
    try:
        with pytest.raises(BusyError, match="on elsewhere"), leased(folder):
            pytest.fail("two drivers hold one folder")
    finally:
        over.set()
        thread.join()


def test_of_many_that_claim_at_the_same_moment_one_holds(folder: Folder) -> None:
    together, over = threading.Barrier(4), threading.Event()
    holding: list[int] = []
    refused: list[BusyError] = []

    def claim(number: int) -> None:
        together.wait()
        try:
            with leased(folder):
                holding.append(number)
                over.wait(30)
        except BusyError as error:
            refused.append(error)
            if len(refused) == 3:
                over.set()

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(holding) == 1
    assert len(refused) == 3


def test_who_was_taken_for_dead_learns_it(folder: Folder) -> None:
    def work(lease: Lease) -> None:
        for _ in range(200):
            lease.check()
            time.sleep(0.05)

    with leased(folder) as mine:
        (name,) = folder.names("lease")
        folder.delete(name)
        with pytest.raises(BusyError, match=r"claim on .* is gone"):
            work(mine)


HOSTILE = {
    "empty": b"",
    "not text": bytes(range(256)),
    "not an object": b"[]",
    "deep": b"[" * 10_000,
    "a path for a name": json.dumps({"name": "../../precious", "pid": 2**40}).encode(),
    "numbers for texts": json.dumps({"host": 1, "pid": "x", "heartbeat": None}).encode(),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_an_unreadable_claim_is_named_and_removed_when_it_was_silent_for_long(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    content: bytes,
) -> None:
    monkeypatch.setattr(leases, "DEAD_SECONDS", 0.3)
    precious = tmp_path / "precious.json"
    precious.touch()
    folder = Folder(tmp_path / "studies" / "mine")
    folder.write(FILE, content)
    with leased(folder):
        assert len(folder.names("lease")) == 1
    assert FILE in caplog.text
    assert precious.exists()


def test_a_claim_of_a_later_version_is_heeded(folder: Folder) -> None:
    claim = {"host": "elsewhere", "machine": "another", "pid": 3, "quorum": ["new", 1]}
    folder.write(FILE, json.dumps(claim).encode())
    mine = Lease(folder)
    try:
        (other,) = mine._others()
        assert other.claim is not None
        assert (other.claim.host, other.claim.pid) == ("elsewhere", 3)
    finally:
        mine.release()


@pytest.mark.parametrize("name", ["copy (conflicted copy 2026).json", "notes.txt", "../x.json"])
def test_a_foreign_file_is_named_left_alone_and_waited_for_by_nobody(
    folder: Folder, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """As a tool that synchronises folders leaves a copy of a claim beside it."""
    claim = Claim(host="elsewhere", machine="another", acquired=True)
    folder.write(f"lease/{name}", claim.model_dump_json().encode())
    started = time.monotonic()
    with leased(folder):
        assert time.monotonic() - started < leases.DEAD_SECONDS / 2
    assert folder.read(f"lease/{name}")
    if not name.startswith(".."):
        assert name in caplog.text


@pytest.mark.parametrize("second", [StorageError("it is read-only"), TypeError("it is read-only")])
def test_an_error_while_the_lease_is_released_does_not_hide_the_first(
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    second: Exception,
) -> None:
    def refuse(name: str) -> None:
        raise second

    monkeypatch.setattr(folder, "delete", refuse)
    with pytest.raises(ZeroDivisionError), leased(folder):
        raise ZeroDivisionError
    assert "read-only" in caplog.text
