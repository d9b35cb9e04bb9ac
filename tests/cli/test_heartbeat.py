"""What takes long says so again, until it ends or something else is shown."""

import threading

import pytest

from projektor_ray.cli import heartbeat, screen
from projektor_ray.cli.heartbeat import doing


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "POLL_SECONDS", 0.001)


def test_it_is_shown_at_once_and_again_after_a_pause(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(heartbeat, "PAUSE", 0.02)
    done, repeated = 3, threading.Event()

    def now() -> str:
        if threading.current_thread() is not threading.main_thread():
            repeated.set()
        return f"{done} of 9"

    with doing("Probes", now):
        done = 4
        assert repeated.wait(30)
    first, again, *_ = capsys.readouterr().err.splitlines()
    assert first == "Probes: 3 of 9"
    assert again == "Probes: 4 of 9, 0 s so far"
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_it_is_silent_where_all_goes_quickly_or_other_lines_are_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = threading.Event()
    monkeypatch.setattr(screen, "shown_at", lambda: asked.set() or float("inf"))
    monkeypatch.setattr(heartbeat, "PAUSE", 0.0)
    with doing("Model", "fitting", at_once=False):
        assert asked.wait(30)
    assert not capsys.readouterr().err
