"""Limits on a training that runs in this process."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from projektor_ray.probes import limits
from projektor_ray.probes.limits import (
    LimitExceeded,
    Limits,
    _exceeded,
    enforce_limits,
    memory_used,
)

ROOT = Path(__file__).resolve().parent.parent.parent
MIB = 2**20


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHECK_SECONDS", 0.02)


class Training:
    """Waits until it is stopped."""

    def __init__(self) -> None:
        self.exceeded: list[LimitExceeded] = []
        self.event = threading.Event()

    def __call__(self, exceeded: LimitExceeded) -> None:
        self.exceeded.append(exceeded)
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
    training = Training()
    with enforce_limits(Limits(seconds=0.1), training):
        training.hang()
        time.sleep(0.1)
    (exceeded,) = training.exceeded
    assert exceeded.fault == "time"
    assert "0.1 s" in exceeded.error.splitlines()[-1]
    assert "in hang" in exceeded.error
    assert exceeded.seconds > 0.1


def test_what_takes_too_much_memory_is_told() -> None:
    training = Training()
    taken = memory_used()
    assert taken > 10 * MIB
    with enforce_limits(Limits(memory=taken + 100 * MIB), training):
        time.sleep(0.1)
        assert not training.exceeded
        leak = bytearray(200 * MIB)
        assert memory_used() >= taken + 190 * MIB
        training.hang()
    assert training.exceeded[0].fault == "memory"
    assert "GiB" in training.exceeded[0].error.splitlines()[-1]
    del leak


def test_what_stays_within_its_limits_is_left_alone() -> None:
    training = Training()
    for limit in (Limits(), Limits(seconds=60, memory=memory_used() + 2**30)):
        with enforce_limits(limit, training):
            time.sleep(0.1)
    assert not training.exceeded


def test_what_lets_no_other_thread_run_is_ended_all_the_same() -> None:
    code = """
import re
from projektor_ray.probes import limits
limits.GRACE_SECONDS = 0.5
with limits.enforce_limits(limits.Limits(seconds=0.5), lambda exceeded: None):
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
from projektor_ray.probes.limits import descendants, end_process, memory_used

held = bytearray(os.urandom(2**20) * 200)
before = memory_used()
ready, told = os.pipe()
child = os.fork()
if child == 0:
    more = bytearray(os.urandom(2**20) * 100)
    grandchild = subprocess.Popen(["sleep", "600"])
    os.write(told, b"x")
    time.sleep(600)
os.read(ready, 1)
print((memory_used() - before) >> 20, *(one.pid for one in descendants()), flush=True)
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


def test_a_limit_is_exceeded_just_above_it() -> None:
    assert _exceeded(Limits(seconds=2.0), 1.9) is None
    passed = _exceeded(Limits(seconds=2.0), 2.1)
    assert passed is not None
    assert passed[0] == "time"
    assert "2 s" in passed[1]
    assert _exceeded(Limits(), 1e9) is None
