"""What the driver makes of what Tune tells it; no Ray is started."""

import time
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors import progress
from actors.ledger import TrialState
from actors.progress import Progress
from actors.trial import TrialContext
from projektor_ray.errors import LearnerError, UnfinishedError
from projektor_ray.learners import LearnerConfig
from projektor_ray.probes.limits import Limits
from projektor_ray.probes.pending_probe import PendingProbe
from projektor_ray.probes.train_probe import Outcome
from tests.helpers.job_studies import config, resolved

NOW = datetime.now(timezone.utc)
PROBES = tuple(resolved(config()).wanted_probes()[:2])


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "fetch", lambda value: value)


class Writer:
    """A ledger's writer that knows the state of one trial, and keeps final outcomes."""

    def __init__(self, state: TrialState) -> None:
        self.final: list[Outcome] = []
        self.state = SimpleNamespace(remote=lambda trial: state)
        self.finish = SimpleNamespace(
            remote=lambda trial, outcome, final: self.final.extend([outcome] * final)
        )


def context(state: TrialState, seconds: float | None = None, retries: int = 2) -> TrialContext:
    return TrialContext(
        pending=tuple(PendingProbe(probe, attempt=1) for probe in PROBES),
        learner=LearnerConfig(name="linear"),
        replacement=False,
        threads=1,
        limits=Limits(seconds),
        retries=retries,
        more_memory=False,
        pilots={},
        validations=(),
        writer=Writer(state),
    )


def tune_trial(index: int, error_file: Path | None = None) -> Any:
    return SimpleNamespace(
        config={"index": index},
        last_result={"refusal": "", "outcome": None},
        error_file=error_file,
        pickled_error_file=None,
    )


def test_a_run_that_ends_before_its_trials_is_not_taken_for_complete() -> None:
    seen = Progress(context(TrialState()), lambda outcome: None)
    seen.on_trial_error(0, [], tune_trial(1))
    with pytest.raises(UnfinishedError, match="before 1 of 2 trainings"):
        seen.check_ended()
    seen.on_trial_error(0, [], tune_trial(0))
    seen.check_ended()


@pytest.mark.parametrize(
    ("node", "seconds", "fault"),
    [("here", 45.0, "time"), ("here", 5.0, "lost"), ("gone", 45.0, "lost")],
)
def test_the_time_taken_is_no_fault_where_the_node_is_gone(
    monkeypatch: pytest.MonkeyPatch, node: str, seconds: float, fault: str
) -> None:
    """A lost node is noticed late, so that a probe of it seems to have taken long."""
    monkeypatch.setattr(progress, "lives", lambda node: node == "here")
    shown: list[Outcome] = []
    shared = context(TrialState(began=time.monotonic() - seconds, node=node), seconds=30.0)
    seen = Progress(shared, shown.append)
    seen.on_trial_error(0, [], tune_trial(0))
    if fault == "time":
        assert not seen.retries
        assert shared.writer.final == shown, "in the ledger before the driver tells anybody"
        assert shown[0].fault == "time"
        assert "30 s" in shown[0].error
        assert shown[0].seconds == pytest.approx(seconds, abs=5)
    else:
        assert [one.failures[0].fault for one in seen.retries] == ["lost"]
        assert not shared.writer.final


def test_a_lost_probe_is_tried_again_or_left_to_the_next_run() -> None:
    for retries in (0, 1):
        shared = context(TrialState(), retries=retries)
        seen = Progress(shared, lambda row: None)
        seen.on_trial_error(0, [], tune_trial(1))
        assert [one.probe for one in seen.retries] == [PROBES[1]] * retries
        assert [one.probe for one in seen.postponed] == [PROBES[1]] * (1 - retries)
        assert not shared.writer.final, "what may pass is never a row"


def test_what_a_trial_reported_before_its_worker_ended_is_not_reported_again() -> None:
    reported = context(TrialState()).failure(0, "learner", "Traceback\nValueError: boom", 1.0)
    shown: list[Outcome] = []
    shared = context(TrialState(reported))
    Progress(shared, shown.append).on_trial_error(0, [], tune_trial(0))
    assert shown == [reported]
    assert not shared.writer.final, "its rows are on the disk"


def test_probe_after_probe_that_fails_for_the_same_reason_ends_the_run() -> None:
    seen = Progress(context(TrialState()), lambda outcome: None)
    broken = Outcome(
        PROBES[0], (), "Traceback\nValueError: no such column", 1.0, NOW, fault="learner"
    )
    sound = Outcome(PROBES[0], (0.5,), "", 1.0, NOW)
    for outcome in [broken] * 9 + [sound] + [broken] * 9:
        seen._take(0, outcome)
    seen.on_step_end(0, [])
    seen._take(0, broken)
    with pytest.raises(LearnerError, match="no such column"):
        seen.on_step_end(0, [])
