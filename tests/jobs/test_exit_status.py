"""The status of a job says whether probes are missing; no Ray is started."""

import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from jobs import command_line, study, workspace
from jobs import probe as probe_job
from jobs.study import study_results
from projektor_ray.errors import TooFewProbesError, UnfinishedError
from tests.helpers.job_studies import config, resolved, values

UNFINISHED = 3


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The jobs without their work: as many probes are `left` as a test says."""
    scene = SimpleNamespace(left=0, failure=None)

    @contextmanager
    def opened(*_: Any, **__: Any) -> Any:
        yield SimpleNamespace(study=resolved(config()), folder=None, check_resources=lambda: None)

    def conclude(*_: Any, **__: Any) -> Any:
        if scene.failure is not None:
            raise scene.failure
        return SimpleNamespace(bought=None)

    for module in (study, workspace):
        monkeypatch.setattr(module, "opened", opened)
    for name in ("show_data", "check_input", "write_record", "measure", "profiles", "write_page"):
        monkeypatch.setattr(study, name, lambda *_, **__: None)
    monkeypatch.setattr(study, "is_there", lambda *_: False)
    monkeypatch.setattr(study, "conclude", conclude)
    monkeypatch.setattr(study.terminal, "show_results", lambda *_, **__: None)
    for module in (study, probe_job):
        monkeypatch.setattr(module, "probe", lambda workspace, **_: workspace)
        monkeypatch.setattr(module, "probes_left", lambda _: scene.left)
    return scene


@pytest.mark.parametrize("job", ["study", "probe"])
@pytest.mark.parametrize(("left", "status"), [(0, 0), (2, UNFINISHED)])
def test_a_job_that_leaves_probes_says_so(
    scene: SimpleNamespace,
    job: str,
    left: int,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene.left = left
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(values()), encoding="utf-8")
    arguments = [job, str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        command_line.main(job)
    assert (ended.value.code or 0) == status
    assert ("Unfinished: 2 probes" in capsys.readouterr().err) is bool(left)


@pytest.mark.parametrize(("left", "kind"), [(0, TooFewProbesError), (3, UnfinishedError)])
def test_a_study_that_cannot_be_fitted_because_probes_are_missing_is_unfinished(
    scene: SimpleNamespace, left: int, kind: type[Exception], tmp_path: Path
) -> None:
    scene.left, scene.failure = left, TooFewProbesError("no probe is done")
    with pytest.raises(kind, match="no probe is done") as raised:
        study_results(config(), str(tmp_path), None, retry_failed=False, verbose=False)
    assert type(raised.value) is kind
