"""A study of which nothing is to be trained or measured: results from its tables, without Ray."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from jobs.finished import fingerprint_of, finished_results, finished_tables
from jobs.study_tables import repair
from projektor_ray.errors import BusyError
from projektor_ray.explain.results import Results
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import leased
from projektor_ray.storage.ledger import Ledger
from projektor_ray.study import StudyConfig, open_study
from projektor_ray.study.interpolated import InterpolationError, read_error, write_error
from tests.helpers.finished_studies import write_finished
from tests.helpers.fresh_process import job, run_fresh
from tests.helpers.job_studies import IRIS, PROBES, config, resolved, rows, tables, values
from tests.helpers.table_rows import flipped

SEVERAL = {"everyday": {**IRIS, "rows": [0, 50]}, "rare": {**IRIS, "rows": [10, 50]}}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study whose plan and page are there, too."""
    folder = tmp_path_factory.mktemp("answered") / "iris"
    write_finished(folder, resolved(config()))
    assert results_of(folder, config()) is not None
    return folder


@pytest.fixture
def place(answered: Path, tmp_path: Path) -> Path:
    """A copy of it, which a test may change."""
    return Path(shutil.copytree(answered, tmp_path / "iris"))


def results_of(place: Path, asked: StudyConfig, **options: Any) -> Results | None:
    sources = fingerprint_of(asked, None, None)
    wanted = {"retry_failed": False, "verbose": False, **options}
    return finished_results(asked, str(place), sources, **wanted)


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_neither_ray_nor_torch_is_imported(tmp_path: Path, options: list[str]) -> None:
    learner = {"name": "sklearn.naive_bayes.GaussianNB"}
    study, place = tmp_path / "iris.yaml", tmp_path / "iris"
    write_finished(place, resolved(config(learner=learner)))
    study.write_text(yaml.safe_dump(values(learner=learner)))
    result = run_fresh(job("study", str(study), "--out", str(place), *options))
    assert result.imported <= {"sklearn"}
    assert str(PROBES) in result.stdout + result.stderr


def test_a_typo_is_refused_before_ray_or_torch_are_imported(tmp_path: Path) -> None:
    study = tmp_path / "iris.yaml"
    study.write_text(yaml.safe_dump({**values(), "metrik": "accuracy"}))
    result = run_fresh(job("study", str(study), "--check", status=2))
    assert not result.imported
    assert not result.stdout
    assert "did you mean 'metric'?" in result.stderr


def test_the_plan_is_that_of_the_opened_folder(place: Path) -> None:
    (place / "report.html").unlink()
    (place / "plans.parquet").unlink()
    results = results_of(place, config())
    assert results is not None
    opened = open_study(place).select()
    assert results.selected.samples.tolist() == opened.selected.samples.tolist()
    assert results.selected.predicted == opened.selected.predicted
    assert results.selected.interval == opened.selected.interval
    stored = {
        row["provider"]: row["samples"] for row in rows(place, "plans") if row["plan"] == "selected"
    }
    assert list(stored.values()) == results.selected.samples.tolist()
    assert (place / "report.html").exists()


def test_the_same_again_changes_no_table_and_writes_damaged_ones_anew(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before, page = tables(place), (place / "report.html").stat().st_mtime_ns
    for name in ("predictors", "projections"):
        (place / f"{name}.parquet").write_bytes(b"damaged")
    results_of(place, config())
    assert tables(place) == before
    for name in ("predictors", "projections"):
        assert f"{name}.parquet" in caplog.text
    assert (place / "report.html").stat().st_mtime_ns == page, "the page is there"


def test_another_purchase_is_planned_from_the_tables_and_written(place: Path) -> None:
    results_of(place, config())
    asked = config(selection={"size": 60, "budget": 50, "restarts": 4})
    results = results_of(place, asked)
    assert results is not None
    assert results.selected.size == 60
    assert {row["size"] for row in rows(place, "plans")} == {60}
    assert open_study(place).study.config.selection.size == 60
    free = config(selection={"frontier": [20, 60], "max_size": 100, "restarts": 2})
    results = results_of(place, free)
    assert results is not None
    assert list(results.bought.frontier) == [20, 60]


@pytest.mark.parametrize(
    "changes",
    [
        {"probes": {"scales": [4, 16], "lattice": 2, "seeds": 2}},
        {"probes": {"scales": [4, 16], "lattice": 3, "seeds": 1}},
        {"validation": {**IRIS, "rows": [0, 49]}},
        {"transport": {"dtype": "float64", "epsilon": 0.2}},
        {"embedder": {"name": "standardize"}},
        {"learner": {"name": "tests.helpers.job_learners:broken"}},
    ],
)
def test_what_is_to_be_trained_or_measured_goes_the_usual_way(
    place: Path, changes: dict[str, Any]
) -> None:
    """The folder without the changes is `answered`."""
    assert results_of(place, config(**changes)) is None


def test_a_folder_without_a_record_goes_the_usual_way(tmp_path: Path) -> None:
    assert results_of(tmp_path / "new", config()) is None
    assert not (tmp_path / "new").exists()


def test_a_changed_file_goes_the_usual_way(tmp_path: Path) -> None:
    table = tmp_path / "pilot.csv"
    table.write_text("a,b,c,d,label\n" + "1,2,3,4,setosa\n2,3,4,5,virginica\n" * 20)
    providers = values()["providers"]
    sellers = [
        {**providers[0], "source": {"path": str(table), "target": "classes"}},
        *providers[1:],
    ]
    asked = config(providers=sellers, validation={"path": str(table)})
    before = fingerprint_of(asked, None, None)
    assert before == fingerprint_of(asked, None, None) != ""
    table.write_text(table.read_text().replace("1,2", "1,3", 1))
    assert fingerprint_of(asked, None, None) != before
    table.unlink()
    assert fingerprint_of(asked, None, None) == ""
    assert finished_tables(asked, str(tmp_path), "") is None


def test_failed_probes_are_trained_again_where_that_is_wanted(place: Path) -> None:
    sources = fingerprint_of(config(), None, None)
    assert finished_tables(config(), str(place), sources, retry_failed=True) is not None
    study, ledger = resolved(config()), Ledger(Folder(place), "probes")
    (part,) = (place / "probes").glob("*.parquet")
    first, *others = pq.read_table(part).to_pylist()
    part.unlink()
    failed = {**first, "value": None, "status": "failed", "error": "no such layer"}
    ledger.append([failed, *others], study.probes_metadata)
    assert finished_tables(config(), str(place), sources) is not None
    assert finished_tables(config(), str(place), sources, retry_failed=True) is None


@pytest.mark.parametrize(
    "pattern",
    ["probes/*", "distances/*", "study.*", "provider_profiles.*", "values.*", "thumbnails.*"],
)
def test_a_missing_or_damaged_table_that_needs_the_pilots_goes_the_usual_way(
    place: Path, pattern: str, caplog: pytest.LogCaptureFixture
) -> None:
    sources = fingerprint_of(config(), None, None)
    assert finished_tables(config(), str(place), sources) is not None
    if pattern == "thumbnails.*":  # which folders of earlier versions lack
        (place / "thumbnails.parquet").write_bytes(b"damaged")
    (file,) = place.glob(pattern)
    content = file.read_bytes()
    file.write_bytes(flipped(content, 4 * len(content)))
    assert finished_tables(config(), str(place), sources) is None
    assert file.exists(), "who only looks leaves it to the writer"
    repair(Folder(place))
    assert file.name in caplog.text
    file.unlink(missing_ok=True)
    assert (finished_tables(config(), str(place), sources) is None) == (pattern != "thumbnails.*")


def test_interpolation_that_is_too_rough_goes_the_usual_way(place: Path) -> None:
    study = resolved(config())
    known = read_error(Folder(place), study)
    assert known is not None
    rough = InterpolationError(**{**vars(known), "error": 2 * known.bound})
    write_error(Folder(place), study, rough)
    assert results_of(place, config()) is None
    (place / "interpolation.parquet").unlink()
    assert results_of(place, config()) is None


def test_a_folder_that_a_driver_works_on_is_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projektor_ray.storage.lease.HEARTBEAT_SECONDS", 0.1)
    with leased(Folder(place)), pytest.raises(BusyError):
        results_of(place, config())


def test_several_validation_sets(tmp_path: Path) -> None:
    asked = config(validation=None, validations=SEVERAL)
    write_finished(tmp_path, resolved(asked))
    results = results_of(tmp_path, asked)
    assert results is not None
    assert set(results.bought.parts) == set(SEVERAL)
    assert set(open_study(tmp_path).interpolation) == set(SEVERAL)
