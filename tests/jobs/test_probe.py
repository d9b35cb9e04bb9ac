"""The job that trains probes: no more at once than asked, and one of them again."""

from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from jobs.probe import Hints, probe, replay
from jobs.workspace import opened
from tests.helpers.job_studies import config, rows, table

pytestmark = pytest.mark.ray

AT_ONCE = 2


def test_no_more_probes_run_at_once_than_asked_and_a_replay_gives_exactly_the_same(
    local_ray: None, tmp_path: Path
) -> None:
    """Four would fit at once. The replay is in a process with more threads than a probe."""
    learner = {"name": "tests.helpers.job_learners:perceptron", "settings": {"seconds": 0.4}}
    probes = {"scales": [4, 16], "lattice": 2, "seeds": 1, "cpus": 0.25, "concurrency": AT_ONCE}
    asked = config(learner=learner, probes=probes, metric="log_loss")
    with opened(asked, str(tmp_path)) as workspace:
        probe(workspace)
        assert {row["status"] for row in rows(tmp_path, "probes")} == {"done"}
        assert most_at_once(tmp_path) == AT_ONCE
        threads = torch.get_num_threads()
        torch.set_num_threads(3)
        for wanted in workspace.study.wanted_probes()[:3]:
            value = workspace.probes()[wanted.key]["value"]
            assert replay(workspace, wanted.label).values == (value,)
        assert torch.get_num_threads() == 3
        torch.set_num_threads(threads)


def test_each_hint_is_shown_once(
    local_ray: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the first probes, and not again by all of them; what is new then is shown."""
    metric = SimpleNamespace(name="accuracy", maximize=True, high=1.0, low=0.0)
    study = SimpleNamespace(metric=metric, validation=SimpleNamespace(name="held-out"))
    pilots = SimpleNamespace(validations={"held-out": None})
    workspace: Any = SimpleNamespace(each=[SimpleNamespace(study=study)], pilots=pilots)
    monkeypatch.setattr("ray.get", lambda _: SimpleNamespace(labels=None))
    done = {"status": "done", "size": 40, "warnings": ["ConvergenceWarning: lbfgs failed"]}
    hints = Hints(workspace)
    hints.show([{**done, "value": 0.5 + i / 100} for i in range(8)])
    hints.show([{**done, "value": 1.0} for i in range(16)])
    said = capsys.readouterr().err
    assert said.count("Hint:") == 2
    assert said.count("ConvergenceWarning in 8 of 8 probes") == 1
    assert "All 16 probes" in said


def most_at_once(out: Path) -> int:
    """By when each probe began and how long it took."""
    events = []
    for row in table(out, "probes").to_pylist():
        began = row["started_at"].timestamp()
        events += [(began, 1), (began + row["seconds"], -1)]
    return max(accumulate(change for _, change in sorted(events)))
