"""Limits on a training that runs in this process."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from projektor_ray.probes import limits
from projektor_ray.probes.limits import Limits, _breach, memory_taken, watched

ROOT = Path(__file__).resolve().parent.parent.parent
MIB = 2**20


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOK_SECONDS", 0.02)


class Told:
    """Waits to be told of a breach, as a training waits to be ended."""

    def __init__(self) -> None:
        self.breaches: list[tuple[str, str]] = []
        self.event = threading.Event()

    def __call__(self, fault: str, error: str, seconds: float) -> None:
        self.breaches.append((fault, error))
        self.seconds = seconds
        self.event.set()

    def hang(self) -> None:
        assert self.event.wait(20)


def in_a_process(code: str) -> "subprocess.CompletedProcess[str]":
    """The end of a process of its own that runs the code."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_takes_too_long_is_told_once_with_where_it_was() -> None:
    told = Told()
    with watched(Limits(seconds=0.1), told):
        told.hang()
        time.sleep(0.1)
    ((fault, error),) = told.breaches
    assert fault == "time"
    assert error.splitlines()[-1] == "the training took longer than its limit of 0.1 s"
    assert "in hang" in error
    assert told.seconds > 0.1


def test_what_takes_too_much_memory_is_told() -> None:
    told = Told()
    taken = memory_taken()
    assert taken > 10 * MIB
    with watched(Limits(memory=taken + 100 * MIB), told):
        time.sleep(0.1)
        assert not told.breaches
        leak = bytearray(200 * MIB)
        assert memory_taken() >= taken + 190 * MIB
        told.hang()
    assert told.breaches[0][0] == "memory"
    assert "GiB, more than their limit of" in told.breaches[0][1].splitlines()[-1]
    del leak


def test_what_stays_within_its_limits_is_left_alone() -> None:
    told = Told()
    for limit in (Limits(), Limits(seconds=60, memory=memory_taken() + 2**30)):
        with watched(limit, told):
            time.sleep(0.1)
    assert not told.breaches


def test_what_lets_no_other_thread_run_is_ended_all_the_same() -> None:
    code = """
import re
from projektor_ray.probes import limits
limits.GRACE_SECONDS = 0.5
with limits.watched(limits.Limits(seconds=0.5), lambda *breach: None):
    re.match("(a+)+$", "a" * 60 + "b")
"""
    ended = in_a_process(code)
    assert ended.returncode == 1
    assert "Timeout (0:00:01)!" in ended.stderr
    assert "in match" in ended.stderr


def test_children_count_what_is_theirs_alone_and_end_with_the_process() -> None:
    """Of a fork, the pages it still shares with its parent count once."""
    code = """
import os, subprocess, sys, time
from projektor_ray.probes.limits import descendants, end_process, memory_taken

held = bytearray(os.urandom(2**20) * 200)
before = memory_taken()
ready, told = os.pipe()
child = os.fork()
if child == 0:
    more = bytearray(os.urandom(2**20) * 100)
    grandchild = subprocess.Popen(["sleep", "600"])
    os.write(told, b"x")
    time.sleep(600)
os.read(ready, 1)
print((memory_taken() - before) >> 20, *descendants(), flush=True)
end_process()
"""
    ended = in_a_process(code)
    assert ended.returncode == 1, ended.stderr
    more, child, grandchild = map(int, ended.stdout.split())
    assert 100 <= more <= 150
    assert child != grandchild
    for process in (child, grandchild):
        assert any(gone(process) or time.sleep(0.05) for _ in range(400)), process


def gone(process: int) -> bool:
    """Whether it has ended; a signal takes its time where many processes want to run."""
    try:
        return "State:\tZ" in Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_limit_is_passed_where_it_ends() -> None:
    assert _breach(Limits(seconds=2.0), 1.9) is None
    passed = _breach(Limits(seconds=2.0), 2.1)
    assert passed is not None
    assert passed[0] == "time"
    assert "its limit of 2 s" in passed[1]
    assert _breach(Limits(), 1e9) is None
