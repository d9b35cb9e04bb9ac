"""The status of a job says whether probes are missing; no Ray is started."""

import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from jobs import all_stages, command_line, study, workspace
from jobs import probe as probe_job
from projektor_ray.errors import TooFewProbesError, UnfinishedError
from tests.helpers.job_studies import config, resolved, values

UNFINISHED = 3
STAGES = ("show_data", "check_input", "show_cautions", "write_record", "measure", "profiles")


@contextmanager
def opened(*_: Any, **__: Any) -> Any:
    """A workspace without pilots."""
    study = resolved(config())
    yield SimpleNamespace(study=study, folder=None, check_resources=lambda: None, probes=dict)


@pytest.mark.parametrize("job", ["study", "probe"])
@pytest.mark.parametrize(("left", "status"), [(0, 0), (2, UNFINISHED)])
def test_a_job_that_leaves_probes_says_so(
    job: str,
    left: int,
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    results = SimpleNamespace(bought=None)
    monkeypatch.setattr(study, "finished_results", lambda *_, **__: None)
    monkeypatch.setattr(workspace, "opened", opened)
    monkeypatch.setattr(all_stages, "run_stages", lambda *_, **__: (results, left))
    monkeypatch.setattr(probe_job, "probe", lambda workspace, **_: workspace)
    monkeypatch.setattr(probe_job, "probes_left", lambda _: left)
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(values()), encoding="utf-8")
    arguments = [job, str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        command_line.main(job)
    assert (ended.value.code or 0) == status
    assert ("Unfinished: 2 probes" in capsys.readouterr().err) is bool(left)


@pytest.mark.parametrize(("left", "kind"), [(0, TooFewProbesError), (3, UnfinishedError)])
def test_a_study_that_cannot_be_fitted_because_probes_are_missing_is_unfinished(
    left: int, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fit_models(_: Any) -> None:
        raise TooFewProbesError("no probe is done")

    for name in STAGES:
        monkeypatch.setattr(all_stages, name, lambda *_, **__: None)
    monkeypatch.setattr(all_stages, "probe", lambda workspace, **_: workspace)
    monkeypatch.setattr(all_stages, "probes_left", lambda _: left)
    monkeypatch.setattr(all_stages, "missing_probes", lambda *_: [])
    monkeypatch.setattr(all_stages, "fit_models", fit_models)
    with opened() as bare, pytest.raises(kind, match="no probe is done") as raised:
        all_stages.run_stages(bare, "", retry_failed=False, verbose=False)
    assert type(raised.value) is kind
