"""What the driver makes of what Tune tells it; no Ray is started."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors import progress
from actors.ledger import Fate
from actors.progress import Progress
from actors.trial import Materials
from projektor_ray.errors import UnfinishedError
from projektor_ray.learners import LearnerConfig
from projektor_ray.limits import Limits
from tests.jobs.problems import config, resolved

PROBES = tuple(resolved(config()).wanted_probes()[:3])


@pytest.fixture(autouse=True)
def no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "fetch", lambda value: value)


def materials(fate: Fate, seconds: float | None = None) -> Materials:
    """Two packs, of one and of two probes, and a ledger's writer that knows one fate."""
    return Materials(
        probes=PROBES,
        attempts=(1, 1, 1),
        packs=((0,), (1, 2)),
        learner=LearnerConfig(name="linear"),
        replacement=False,
        limits=Limits(seconds),
        pilots={},
        validation=None,
        ledger=SimpleNamespace(fate=SimpleNamespace(remote=lambda trial: fate)),
    )


def tune_trial(index: int, error_file: Path | None = None) -> Any:
    return SimpleNamespace(
        config={"index": index},
        last_result={"refusal": "", "outcomes": []},
        error_file=error_file,
        pickled_error_file=None,
    )


def test_a_run_that_ends_before_its_packs_is_not_taken_for_complete() -> None:
    seen = Progress(materials(Fate()), lambda row: None)
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
    seen = Progress(materials(Fate(seconds=seconds, node=node), seconds=30.0), lambda row: None)
    seen.on_trial_error(0, [], tune_trial(0))
    ((index, outcome, packed),) = seen.failed
    assert (index, outcome.fault, packed) == (0, fault, False)
    assert ("longer than its limit, 30 s" in outcome.error) is (fault == "time")
