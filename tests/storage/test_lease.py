"""One driver at a time on a study's folder."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from projektor_ray.errors import BusyError
from projektor_ray.storage import lease as leases
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import Claim, Lease, leased

ROOT = Path(__file__).resolve().parent.parent.parent
HOLDER = """
import sys, time
from projektor_ray.storage import lease
from projektor_ray.storage.folder import Folder
lease.BEAT_SECONDS = 0.1
with lease.leased(Folder(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=["path", "uri"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return Folder(tmp_path if request.param == "path" else f"file://{tmp_path}")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(leases, "LOOK_SECONDS", 0.05)


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


def claim_elsewhere(**changes: object) -> Claim:
    """A claim of a driver on a machine that this one knows nothing of."""
    return replace(Claim(), host="elsewhere", machine="another", holds=True, **changes)


def test_a_second_driver_is_refused_until_the_first_is_killed(
    folder: Folder, holder: "subprocess.Popen[str]"
) -> None:
    says = rf"another driver \(process {holder.pid} on .*\) works on the study in .*--out"
    with pytest.raises(BusyError, match=says), leased(folder):
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
    claim_elsewhere().write(folder)
    with leased(folder):
        assert len(folder.names("lease")) == 1
    assert "waiting for a sign of life of another driver" in caplog.text
    assert "on elsewhere" in caplog.text


def test_a_driver_on_another_machine_that_beats_is_alive(folder: Folder) -> None:
    claim, over = claim_elsewhere(), threading.Event()

    def beat() -> None:
        beats = 0
        while not over.wait(0.05):
            beats += 1
            replace(claim, beat=beats).write(folder)

    claim.write(folder)
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
