"""How a job on a Ray of its own ends: its head is killed, or it is sent SIGTERM."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from jobs.cluster import ROOT
from projektor_ray.cli.signals import STOPPED
from tests.helpers.job_studies import values

pytestmark = pytest.mark.ray

WAIT_SECONDS = 120.0


class Driver:
    """`python -m jobs.study` on a local Ray, in a folder of temporary files of its own."""

    def __init__(self, place: Path, temporary: str) -> None:
        self.place, self.temporary = place, Path(temporary)
        environment = {name: value for name, value in os.environ.items() if "RAY_ADD" not in name}
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jobs.study", str(place / "study.yaml")),
                *("--out", str(place / "out")),
            ],
            cwd=ROOT,
            env={**environment, "TMPDIR": temporary, "RAY_TMPDIR": temporary},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not reached():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the job ended or hung before its time:\n{self.end()}")
            time.sleep(0.05)

    def children(self) -> list[tuple[str, psutil.Process]]:
        """Names and processes that the job has started."""
        return [(one.name(), one) for one in psutil.Process(self.process.pid).children()]

    def end(self) -> tuple[int, str]:
        """The status, and what was said, line breaks folded."""
        said, _ = self.process.communicate(timeout=WAIT_SECONDS)
        return self.process.returncode, " ".join(said.split())

    def left(self) -> set[Path]:
        """Sessions of Ray and scratch folders on the disk."""
        folders = [*self.temporary.glob("ray/session_2*"), *self.temporary.glob("projektor-*")]
        return set(folders)


@pytest.fixture
def temporary() -> Iterator[str]:
    """A short path: those of Ray's sockets are limited."""
    with tempfile.TemporaryDirectory(prefix="pr-", dir="/tmp") as folder:
        yield folder


def started(place: Path, temporary: str) -> Driver:
    """A driver of which a training has begun that does not end."""
    learner = {"name": "tests.helpers.job_learners:traced", "settings": {"marks": str(place)}}
    (place / "study.yaml").write_text(yaml.safe_dump(values(learner=learner)), encoding="utf-8")
    (place / "hold").touch()
    (place / "trainings").unlink(missing_ok=True)
    driver = Driver(place, temporary)
    driver.wait_for((place / "trainings").exists)
    return driver


def test_a_job_whose_head_is_killed_says_so_and_what_to_do(tmp_path: Path, temporary: str) -> None:
    driver = started(tmp_path, temporary)
    children = driver.children()
    dict(children)["gcs_server"].kill()
    status, said = driver.end()
    assert status == 3, said
    assert "Ray's head process" in said
    assert f"kept in {tmp_path / 'out'}: run the same command again" in said
    assert "Traceback" not in said
    assert not alive(children)


@pytest.mark.slow
def test_the_next_job_removes_what_a_kill_left_and_ends_on_sigterm(
    tmp_path: Path, temporary: str
) -> None:
    first = started(tmp_path, temporary)
    children = first.children()
    first.process.kill()
    first.end()
    left = first.left()
    assert sorted(path.name[:7] for path in left) == ["projekt", "session"]
    second = started(tmp_path, temporary)
    assert not left & second.left()
    children += second.children()
    second.process.send_signal(signal.SIGTERM)
    status, said = second.end()
    assert status == 128 + signal.SIGTERM, said
    assert said.endswith(f"Stopped: {STOPPED}")
    assert not list((tmp_path / "out" / "lease").iterdir())
    assert not list(Path(temporary).glob("projektor-*"))
    assert not alive(children)


def alive(children: list[tuple[str, psutil.Process]]) -> list[psutil.Process]:
    """Which of a job's processes do not end."""
    assert {"raylet", "gcs_server"} <= {name for name, _ in children}
    _, left = psutil.wait_procs([process for _, process in children], timeout=20)
    return left
