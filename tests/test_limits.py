"""Limits on a training that runs in this process."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from projektor_ray import limits
from projektor_ray.limits import Limits, own_memory, watched

ROOT = Path(__file__).resolve().parent.parent
MIB = 2**20


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOK_SECONDS", 0.02)


class Told:
    """Waits to be told of a breach, as a training waits to be ended."""

    def __init__(self) -> None:
        self.breaches: list[tuple[str, str]] = []
        self.event = threading.Event()

    def __call__(self, fault: str, error: str) -> None:
        self.breaches.append((fault, error))
        self.event.set()

    def hang(self) -> None:
        assert self.event.wait(20)


def test_what_takes_too_long_is_told_once_with_where_it_was() -> None:
    told = Told()
    with watched(Limits(seconds=0.1), told):
        told.hang()
        time.sleep(0.1)
    ((fault, error),) = told.breaches
    assert fault == "time"
    assert error.splitlines()[-1] == "the training took longer than its limit of 0.1 s"
    assert "in hang" in error


def test_what_takes_too_much_memory_is_told() -> None:
    told = Told()
    taken = own_memory()
    assert taken > 10 * MIB
    with watched(Limits(memory=taken + 100 * MIB), told):
        time.sleep(0.1)
        assert not told.breaches
        leak = bytearray(200 * MIB)
        assert own_memory() >= taken + 190 * MIB
        told.hang()
    assert told.breaches[0][0] == "memory"
    assert "GiB, more than its limit of" in told.breaches[0][1].splitlines()[-1]
    del leak


def test_what_stays_within_its_limits_is_left_alone() -> None:
    told = Told()
    for limit in (Limits(), Limits(seconds=60, memory=own_memory() + 2**30)):
        with watched(limit, told):
            time.sleep(0.1)
    assert not told.breaches


def test_what_lets_no_other_thread_run_is_ended_all_the_same() -> None:
    code = """
import re
from projektor_ray import limits
limits.GRACE_SECONDS = 0.5
with limits.watched(limits.Limits(seconds=0.5), lambda fault, error: None):
    re.match("(a+)+$", "a" * 60 + "b")
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "Timeout (0:00:01)!" in ended.stderr
    assert "in match" in ended.stderr
