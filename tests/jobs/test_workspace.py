"""What a workspace refuses; no Ray is started."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs import workspace
from jobs.workspace import Workspace, opened
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


def missing(name: str) -> dict[str, Any]:
    return {"path": f"{name}.csv"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"selection": {"size": 40, "budget": 0}}, "budget"),
        ({"selection": {"size": 40, "target": 1.5}}, "target"),
        ({"validation": missing("none")}, r"^validation: .*none\.csv"),
        ({"validation": missing("latin")}, r"^validation: .*latin\.csv.*UTF-8"),
        ({"providers": [{"name": "ada", "source": missing("none")}]}, r"^provider 'ada': .*none"),
    ],
)
def test_what_needs_no_sample_is_refused_before_ray_starts(
    changes: dict[str, Any], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was found after Ray had started, which takes ten seconds or more."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(workspace, "is_local", lambda address: True)
    monkeypatch.setattr(workspace, "connected", lambda *_: pytest.fail("Ray was started"))
    Path("latin.csv").write_bytes("größe,label\n1,a\n2,b\n".encode("latin-1"))
    with pytest.raises(InputError, match=says), opened(config(**changes), str(tmp_path / "out")):
        pass
