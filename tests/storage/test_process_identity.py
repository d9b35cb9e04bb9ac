"""A process has ended only if that is certain."""

import subprocess
import sys

import pytest

from projektor_ray.storage import process_identity
from projektor_ray.storage.process_identity import ProcessIdentity


def ended_process() -> ProcessIdentity:
    """A process of this machine that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return ProcessIdentity.here().model_copy(update={"pid": child.pid})


def test_this_process_lives_and_one_that_was_waited_for_has_ended() -> None:
    assert not ProcessIdentity.here().has_ended
    assert ended_process().has_ended


def test_a_later_process_of_the_same_number_is_another() -> None:
    here = ProcessIdentity.here()
    assert here.model_copy(update={"started": here.started + 1}).has_ended
    assert not here.model_copy(update={"started": 0}).has_ended, "unknown: not certain"


@pytest.mark.parametrize("machine", ["", "another boot pid:[4026531836]"])
def test_nothing_is_certain_about_a_process_of_elsewhere(machine: str) -> None:
    assert not ended_process().model_copy(update={"machine": machine}).has_ended


def test_nothing_is_certain_where_this_machine_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = ended_process().model_copy(update={"machine": ""})
    monkeypatch.setattr(process_identity, "machine", lambda: "")
    assert not ended.has_ended
