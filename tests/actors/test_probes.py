"""What the driver makes of what failed in a round; no Ray is started."""

import logging
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from actors import probes
from actors.probes import Engine, Todo
from projektor_ray.faults import Fault
from projektor_ray.probe import Outcome
from projektor_ray.tables import Folder
from tests.jobs.problems import config, resolved, values

STUDY = resolved(config(probes={**values()["probes"], "retries": 1}))


def failed(index: int, fault: Fault, error: str) -> Outcome:
    now = datetime.now(timezone.utc)
    return Outcome(STUDY.wanted_probes()[index], None, error, 0.0, now, fault=fault)


def test_what_may_pass_never_becomes_a_row(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(probes, "living_nodes", lambda: [{"CPU": 1.0}])
    engine = Engine(STUDY, Folder("unused"), {}, {}, None, lambda row: None)
    lost = failed(0, "lost", "its node was lost")
    network = failed(1, "outside", "Traceback\nConnectionRefusedError: refused")
    slow, learner = failed(2, "time", "too long"), failed(3, "learner", "ValueError")
    every = [lost, network, slow, learner]
    seen: Any = SimpleNamespace(failed=[(i, one, False) for i, one in enumerate(every)])

    todo = [Todo(one.probe, 1) for one in every]
    again, for_good = engine._judge(todo, seen, {"CPU": 1.0})
    assert [one.failures for one in again] == [(lost,), (network,)]
    assert for_good == [slow, learner]

    with caplog.at_level(logging.WARNING):
        tried = [
            replace(one, failures=(failure,)) for one, failure in zip(todo, every, strict=True)
        ]
        assert engine._judge(tried, seen, {"CPU": 1.0}) == ([], [slow, learner])
    assert "2 probes are left to the next run" in caplog.text
    assert caplog.text.rstrip().endswith("ConnectionRefusedError: refused")
