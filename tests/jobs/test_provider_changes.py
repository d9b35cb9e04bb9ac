"""A provider joins a finished study: what is trained, what is shown before, and after a crash."""

import shutil
from pathlib import Path

import pytest

from jobs.check import check
from jobs.finished import fingerprint_of, finished_tables
from jobs.study import run_study
from jobs.workspace import opened
from projektor_ray.study import open_study
from tests.helpers.job_studies import IRIS, PROVIDERS, config, rows, table, tables

pytestmark = pytest.mark.ray

DAN = {"name": "dan", "source": {**IRIS, "rows": [60, 90]}}
DESIGN = {"scales": [4, 16], "design": "maximin", "n_mixtures": 8, "seeds": 1}
FOUR = config(probes=DESIGN, providers=[*PROVIDERS, DAN])
TRAINED, NEW = 8 * 2, 2 * 2


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """All that was printed, in one line."""
    return " ".join(" ".join(capsys.readouterr()).split())


def test_a_provider_joins(
    local_ray: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run_study(config(probes=DESIGN), str(whole))
    assert table(whole, "probes").num_rows == TRAINED
    shutil.copytree(whole, cut)
    earlier = set((whole / "probes").iterdir())
    capsys.readouterr()

    with opened(FOUR, str(whole)) as workspace:
        check(workspace)
    before = printed(capsys)
    assert "continues from all 8 mixtures" in before
    assert "2 mixtures are new, for dan: 4 probes to train, 40 samples in all, about " in before
    assert not (whole / "base_design").exists()

    run_study(FOUR, str(whole))
    assert f"{TRAINED} reused, {NEW} trained" in printed(capsys)
    assert table(whole, "probes").num_rows == TRAINED + NEW
    assert len(rows(whole, "base_design")) == 8
    finished = finished_tables(FOUR, str(whole), fingerprint_of(FOUR, None, None))
    assert finished is not None
    assert finished.study.mixture_ids == open_study(whole).study.mixture_ids
    assert len(finished.study.mixtures) == 10

    shutil.copytree(whole / "base_design", cut / "base_design")
    new = sorted(set((whole / "probes").iterdir()) - earlier, key=lambda part: part.stat().st_mtime)
    shutil.copy(new[0], cut / "probes")
    run_study(FOUR, str(cut))
    assert f"{TRAINED + 1} reused, {NEW - 1} trained" in printed(capsys)
    assert tables(cut) == tables(whole)
