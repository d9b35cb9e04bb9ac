"""The driver is killed in every stage: the next run ends with the tables of an undisturbed one."""

import shutil
from pathlib import Path

import pytest
import ray

from jobs.study import run_study
from projektor_ray.selection import PurchasePlans
from tests.helpers.job_studies import config, tables, values
from tests.helpers.stage_kills import killed_while_writing

pytestmark = pytest.mark.ray

MEASURE = "/distances/."
STAGES = {
    "fit": "/.predictors.parquet",
    "select": "/.plans.parquet",
    "the page": "/.report.html",
}
Finished = tuple[Path, PurchasePlans]


def address() -> str:
    """Of the Ray that tests share."""
    return str(ray.get_runtime_context().gcs_address)


def check_whole(out: Path, finished: Finished) -> None:
    """A study's folder is as if nothing had been killed."""
    assert tables(out) == tables(finished[0])
    assert not list(out.rglob("*.tmp"))
    assert not list((out / "lease").iterdir())
    assert (out / "report.html").stat().st_size > 10_000


def test_a_driver_killed_while_it_records_distances(finished: Finished, tmp_path: Path) -> None:
    assert killed_while_writing(MEASURE, values(), tmp_path, address())
    assert list(tmp_path.rglob("*.tmp")), "half a file is left"
    run_study(config(), str(tmp_path))
    check_whole(tmp_path, finished)


def test_a_driver_killed_while_it_fits_selects_and_writes_the_page(
    finished: Finished, tmp_path: Path
) -> None:
    """Nothing is to be trained: no driver needs a Ray."""
    out = Path(shutil.copytree(finished[0], tmp_path / "out"))
    for name in ("predictors.parquet", "projections.parquet", "plans.parquet", "report.html"):
        (out / name).unlink()
    for stage, file_name in STAGES.items():
        assert killed_while_writing(file_name, values(), out), stage
        assert list(out.rglob("*.tmp")), "half a file is left"
    run_study(config(), str(out))
    check_whole(out, finished)


@pytest.mark.slow
def test_a_driver_killed_in_every_stage_of_one_run(finished: Finished, tmp_path: Path) -> None:
    for stage, file_name in {"measure": MEASURE, **STAGES}.items():
        assert killed_while_writing(file_name, values(), tmp_path, address()), stage
    run_study(config(), str(tmp_path))
    check_whole(tmp_path, finished)
