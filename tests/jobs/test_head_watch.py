"""The watch over Ray's head: a listening socket stands for the head; no Ray is started."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import NoReturn

import pytest

from jobs import head_watch
from jobs.head_watch import HeadWatch, head_watched
from projektor_ray.errors import HeadLostError

FOLDER = "s3://bucket/digits"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_watch, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(head_watch, "LOCAL_PATIENCE", 0.1)


@pytest.fixture
def ending() -> Iterator[None]:
    """SIGTERM raises SystemExit, as in a job and in any other driver of Ray."""

    def leave(*_: object) -> NoReturn:
        raise SystemExit(1)

    before = signal.signal(signal.SIGTERM, leave)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def head() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server


def address(head: socket.socket) -> str:
    return f"127.0.0.1:{head.getsockname()[1]}"


def test_a_job_whose_head_dies_ends_in_words(ending: None, head: socket.socket) -> None:
    def lose_the_head() -> None:
        with head_watched(address(head), FOLDER, local=True) as watch:
            time.sleep(0.3)
            assert not watch.lost
            head.close()
            time.sleep(20)

    with pytest.raises(HeadLostError, match=r"127\..*died.*s3://bucket/dig"):
        lose_the_head()
    names = {thread.name for thread in threading.enumerate()}
    assert "head watch" not in names, "it would end the process of a program that goes on"


def test_a_call_into_ray_that_hangs_is_ended(
    ending: None, head: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(head_watch, "ENDING_SECONDS", 0.1)
    monkeypatch.setattr(head_watch.os, "_exit", left.append)

    def hang() -> None:
        head.close()
        try:
            time.sleep(20)
        finally:
            time.sleep(0.5)

    with pytest.raises(HeadLostError), head_watched(address(head), FOLDER, local=True):
        hang()
    assert left == [3]


def test_a_cluster_s_head_may_come_back(head: socket.socket) -> None:
    place = head.getsockname()
    with head_watched(address(head), FOLDER, local=False) as watch:
        head.close()
        time.sleep(0.3)
        with socket.create_server(place, reuse_port=False, backlog=100):
            time.sleep(0.2)
            assert not watch.lost


def test_an_error_of_the_job_itself_stays_what_it_is(head: socket.socket) -> None:
    with pytest.raises(ZeroDivisionError), head_watched(address(head), FOLDER, local=True):
        raise ZeroDivisionError


def test_a_program_that_does_not_handle_sigterm_is_not_killed(
    head: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    watch = HeadWatch(address(head), FOLDER, 0.1)
    head.close()
    watch.start()
    time.sleep(0.5)
    watch.stop()
    signal.signal(signal.SIGTERM, before)
    assert "died" in caplog.text
    assert not watch.lost
