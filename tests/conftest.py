"""The switch for slow tests, and the Ray that modules share."""

import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest

os.environ.setdefault("RAY_AUTH_MODE", "disabled")
os.environ.pop("COLUMNS", None)  # pytest-xdist sets it, and output would be broken at its width

LONGEST_NAME = 200
THRESHOLDS = gc.get_threshold()
SHARED = {"local_ray", "docs_folder"}
"""Fixtures that use the Ray that modules share."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several processes (`-n 2`), one of them runs all tests that start Ray.

    Tests that share a Ray come before those that stop it to start their own.
    """
    items.sort(key=_starts_own_ray)
    for item in items:
        if "ray" in item.keywords:
            item.add_marker(pytest.mark.xdist_group("ray"))
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow; run with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def pytest_make_parametrize_id(val: object) -> str | None:
    """A long text or content would be a long name of its test, which every process copies."""
    is_long = isinstance(val, str | bytes) and len(val) > LONGEST_NAME
    return f"{val[:LONGEST_NAME]!r}…" if is_long else None  # type: ignore[index]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run where pytest-xdist would start several Rays beside each other."""
    grouped = [item for item in session.items if "ray" in item.keywords]
    in_groups = session.config.getoption("loadgroup", False)
    if in_groups and not all(item.nodeid.endswith("@ray") for item in grouped):
        raise pytest.UsageError("pytest-xdist does not keep the group of tests that start Ray")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that starts its own Ray finds no other one running."""
    if _starts_own_ray(item):
        _stop_shared_ray()


def _starts_own_ray(item: pytest.Item) -> bool:
    return "ray" in item.keywords and not SHARED & set(getattr(item, "fixturenames", ()))


@pytest.fixture(autouse=True)
def state_of_a_command() -> Iterator[None]:
    """A command that a test runs in this process leaves neither handlers of signals behind, which
    would end it, nor a changed place for its results, nor an empty line that is due, nor objects
    that are never freed.
    """
    yield
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.set_threshold(*THRESHOLDS)
    signals = sys.modules.get("projektor_ray.cli.signals")
    if signals is not None and signals._handled:
        signals._handled.clear()
        signals._received.clear()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    screen = sys.modules.get("projektor_ray.cli.screen")
    if screen is not None:
        screen.results.stderr = False
        screen.results.spaced = screen.messages.spaced = False


def pytest_sessionfinish() -> None:
    _stop_shared_ray()


def _stop_shared_ray() -> None:
    """Without importing Ray where no test has."""
    if "tests.helpers.local_ray" in sys.modules:
        sys.modules["tests.helpers.local_ray"].stop_shared_ray()
