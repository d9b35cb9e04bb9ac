"""What the driver makes of what Tune tells it; no Ray is started."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors import progress
from actors.ledger import Fate
from actors.progress import Progress
from actors.trial import TrialContext
from projektor_ray.errors import UnfinishedError
from projektor_ray.learners import LearnerConfig
from projektor_ray.probes.limits import Limits
from projektor_ray.probes.retries import PendingProbe
from projektor_ray.probes.training import Outcome
from tests.helpers.job_studies import config, resolved

PROBES = tuple(resolved(config()).wanted_probes()[:3])


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "fetch", lambda value: value)


class Writer:
    """A ledger's writer that knows one fate, and keeps what is appended."""

    def __init__(self, fate: Fate) -> None:
        self.final: list[Outcome] = []
        self.fate = SimpleNamespace(remote=lambda trial: fate)
        self.finish = SimpleNamespace(
            remote=lambda trial, outcomes, final: self.final.extend(final)
        )


def materials(fate: Fate, seconds: float | None = None, retries: int = 2) -> TrialContext:
    """Two packs, of one and of two probes."""
    return TrialContext(
        todo=tuple(PendingProbe(probe, attempt=1) for probe in PROBES),
        packs=((0,), (1, 2)),
        learner=LearnerConfig(name="linear"),
        replacement=False,
        threads=1,
        limits=Limits(seconds),
        retries=retries,
        more_room=False,
        pilots={},
        validations=(),
        ledger=Writer(fate),
    )


def tune_trial(index: int, error_file: Path | None = None) -> Any:
    return SimpleNamespace(
        config={"index": index},
        last_result={"refusal": "", "outcomes": []},
        error_file=error_file,
        pickled_error_file=None,
    )


def test_a_run_that_ends_before_its_packs_is_not_taken_for_complete() -> None:
    seen = Progress(materials(Fate()), lambda outcome: None)
    seen.on_trial_error(0, [], tune_trial(1))
    with pytest.raises(UnfinishedError, match="with 1 of 2 trials not trained"):
        seen.check_ended()
    seen.on_trial_error(0, [], tune_trial(0))
    seen.check_ended()


@pytest.mark.parametrize(
    ("node", "seconds", "fault"),
    [("here", 45.0, "time"), ("here", 5.0, "lost"), ("gone", 45.0, "lost")],
)
def test_the_time_taken_is_no_verdict_where_the_node_is_gone(
    monkeypatch: pytest.MonkeyPatch, node: str, seconds: float, fault: str
) -> None:
    """A lost node is noticed late, so that a probe of it seems to have taken long."""
    monkeypatch.setattr(progress, "lives", lambda node: node == "here")
    shown: list[Outcome] = []
    shared = materials(Fate(begun=time.monotonic() - seconds, node=node), seconds=30.0)
    seen = Progress(shared, shown.append)
    seen.on_trial_error(0, [], tune_trial(0))
    if fault == "time":
        assert not seen.again
        assert shared.ledger.final == shown, "in the ledger before the driver tells anybody"
        assert "longer than its limit, 30 s" in shown[0].error
        assert shown[0].seconds == pytest.approx(seconds, abs=5)
    else:
        assert [one.failures[0].fault for one in seen.again] == ["lost"]
        assert not shared.ledger.final


def test_a_lost_pack_is_tried_again_or_left_to_the_next_run() -> None:
    for retries in (0, 1):
        shared = materials(Fate(), retries=retries)
        seen = Progress(shared, lambda row: None)
        seen.on_trial_error(0, [], tune_trial(1))
        assert [one.probe for one in seen.again] == list(PROBES[1:]) * retries
        assert [one.probe for one in seen.left] == list(PROBES[1:]) * (1 - retries)
        assert not shared.ledger.final, "what may pass is never a row"


def test_what_a_trial_told_before_its_worker_ended_is_not_told_again() -> None:
    told = materials(Fate()).failed(0, "learner", "Traceback\nValueError: boom", 1.0)
    shown: list[Outcome] = []
    shared = materials(Fate(told))
    Progress(shared, shown.append).on_trial_error(0, [], tune_trial(0))
    assert shown == [told[0]]
    assert not shared.ledger.final, "its rows are on the disk"
