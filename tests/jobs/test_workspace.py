"""What a workspace refuses; no Ray is started."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from jobs import workspace
from jobs.workspace import Workspace
from projektor_ray.errors import InputError
from projektor_ray.storage.folder import Folder
from tests.helpers.job_studies import config, resolved, values


def test_probes_that_no_node_can_hold_are_refused_here_and_told_on_a_cluster(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nodes: list[Any] = [{"CPU": 2.0}]
    monkeypatch.setattr(workspace, "living_nodes", lambda: nodes)
    asked = resolved(config(probes={**values()["probes"], "gpus": 0.25}))
    pilots: Any = SimpleNamespace()
    here = Workspace(asked, Folder("unused"), pilots=pilots, local=True)
    with pytest.raises(InputError, match=r"GPU 0\.25"):
        here.check_resources()
    away = Workspace(asked, Folder("unused"), pilots=pilots)
    with caplog.at_level(logging.WARNING):
        away.check_resources()
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    assert "GPU 0.25" in warning.getMessage()
    nodes.append({"CPU": 1.0, "GPU": 1.0})
    here.check_resources()
