"""`projektor` on the folder of a finished study: the same commands as on a table of runs."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pytest

from projektor_ray.cli.app import main
from projektor_ray.cli.options import ModelInputs, ModelOptions, TableOptions
from projektor_ray.cli.study_folders import fitted_runs, study_of
from projektor_ray.profiles import Thumbnail
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import leased
from projektor_ray.storage.schemas import make_table
from projektor_ray.study import open_study
from projektor_ray.study.fitting import class_shares
from tests.helpers.studies import OF_BOTH, resolved_on, samples, several
from tests.helpers.study_folders import small_study, write_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_study(tmp_path_factory.mktemp("study"), small_study()))


def projektor(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["projektor", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """A command's result as JSON."""

    def ask(*arguments: str) -> Any:
        assert projektor(*arguments, "--json", monkeypatch=monkeypatch) == 0
        return json.loads(capsys.readouterr().out)

    return ask


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command that is refused says."""

    def ask(*arguments: str) -> str:
        assert projektor(*arguments, monkeypatch=monkeypatch) == 2
        return " ".join(capsys.readouterr().err.split())

    return ask


def test_the_classes_of_the_study_bound_its_predictions(folder: str) -> None:
    study = open_study(folder)
    _, model = fitted_runs(study, None)
    expected = class_shares(study.fits[0].study)
    assert expected is not None
    np.testing.assert_array_equal(model.classes.providers, expected.providers)


def test_select_gives_the_plan_of_the_opened_study(
    folder: str, answer: Any, tmp_path: Path
) -> None:
    answer("select", folder, "--out", str(tmp_path / "plan.csv"))
    rows = pyarrow.csv.read_csv(tmp_path / "plan.csv").to_pylist()
    plan = open_study(folder).select().selected
    selected = {row["provider"]: row for row in rows if row["plan"] == "selected"}
    assert [selected[name]["samples"] for name in plan.names] == plan.samples.tolist()
    assert selected["ada"]["predicted"] == pytest.approx(plan.predicted, abs=1e-12)


def test_select_under_other_offers(folder: str, answer: Any, tmp_path: Path) -> None:
    out = str(tmp_path / "plan.csv")
    answer(
        *("select", folder, "--at", "80", "--exclude", "ada", "--capacity", "bob=30", "--out", out),
        *("--format", "purchase-order"),
    )
    rows = pyarrow.csv.read_csv(out).to_pylist()
    bought = {row["provider"]: row["samples"] for row in rows}
    assert bought.get("ada", 0) == 0
    assert bought.get("bob", 0) <= 30
    expected = open_study(folder).select(
        size=80, providers={"ada": {"excluded": True}, "bob": {"capacity": 30}}
    )
    assert bought["cyd"] == expected.selected.samples[2]


def test_predict_and_compare_are_those_of_the_opened_study(
    folder: str, answer: Any, tmp_path: Path
) -> None:
    study = open_study(folder)
    shown = answer("predict", folder, "--mixture", "ada=0.25,cyd=0.75", "--at", "40", "--at", "90")
    expected = study.project({"ada": 0.25, "cyd": 0.75}, [40, 90])
    assert [row["value"] for row in shown["predictions"]] == pytest.approx(expected.value.tolist())
    assert [row["low"] for row in shown["predictions"]] == pytest.approx(expected.low.tolist())
    plan = tmp_path / "plan.csv"
    answer("select", folder, "--out", str(plan))
    shown = answer("compare", folder, "--first", str(plan), "--second", "ada=20,bob=30")
    first = study.purchase(dict(zip(study.providers, study.select().selected.samples, strict=True)))
    gain = study.gain(first, study.purchase({"ada": 20, "bob": 30}))
    facts = (
        shown["comparison"]["numbers"] if "numbers" in shown["comparison"] else shown["comparison"]
    )
    assert [facts[name] for name in ("difference", "low", "high")] == pytest.approx(list(gain))


def test_fit_and_project_show_the_models_of_the_study(folder: str, answer: Any) -> None:
    models = answer("fit", folder)["models"]
    assert {row["predictor"] for row in models if row["chosen"]} == {"joint_power"}
    rows = answer("project", folder, "--at", "100")["projections"]
    one = next(row for row in rows if row["model"] == "joint_power" and row["ada"] == 1)
    predicted = open_study(folder).predict({"ada": 1.0}, 100)
    assert one["value"] == pytest.approx(predicted.value[0])


def test_another_model_can_be_asked_for(folder: str, answer: Any) -> None:
    shown = answer("predict", folder, "--mixture", "ada=1", "--at", "90", "--projection", "joint")
    usual = open_study(folder).predict({"ada": 1.0}, 90)
    assert shown["predictions"][0]["value"] != pytest.approx(usual.value[0], abs=1e-6)


def test_far_runs_are_counted_in_full_on_request(folder: str) -> None:
    for robust in (True, False):
        wanted = ModelOptions(robust=robust)
        study = study_of(ModelInputs(data=TableOptions(table=folder), wanted=wanted))
        assert study is not None
        assert study.study.config.selection.robust is robust
        assert [fit.study.config.selection.robust for fit in study.fits] == [robust]


def test_report_writes_a_page(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.html"
    arguments = ("report", folder, "--out", str(page), "--title", "Our question")
    assert projektor(*arguments, monkeypatch=monkeypatch) == 0
    assert "Our question" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("of_these_pilots", [True, False])
def test_the_page_shows_images_of_the_profiled_pilots_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of_these_pilots: bool
) -> None:
    study, page = small_study(), tmp_path / "page.html"
    folder = write_study(tmp_path / "study", study)
    row = Thumbnail(study.names[0], "least valuable", 3, "cat", None, -1.0, b"one").to_row()
    metadata = study.distances_metadata if of_these_pilots else study.results_metadata
    Folder(folder).write_table("thumbnails", make_table("thumbnails", [row], metadata))
    arguments = ("report", str(folder), "--out", str(page))
    assert projektor(*arguments, monkeypatch=monkeypatch) == 0
    assert ("row 3, label cat" in page.read_text(encoding="utf-8")) is of_these_pilots


def test_of_several_validation_sets_one_is_named(tmp_path: Path, answer: Any, refusal: Any) -> None:
    values = several(OF_BOTH, size=60, restarts=4)
    both = resolved_on(values, everyday=samples(30, seed=8), rare=samples(30, seed=9))
    write_study(tmp_path, both)
    assert "everyday and rare" in refusal("project", str(tmp_path), "--at", "60")
    assert "'rare'" in refusal("project", str(tmp_path), "--at", "60", "--metric", "rar")
    assert answer("project", str(tmp_path), "--at", "60", "--metric", "rare")["projections"]
    assert {row["on"] for row in answer("fit", str(tmp_path))["models"]} == {
        " on everyday",
        " on rare",
    }
    answer("select", str(tmp_path), "--aggregate", "1,0")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["select", "--size", "40"], "--size applies to a table of runs"),
        (["select", "--direction", "minimize"], "--direction applies to a table of runs"),
        (["select", "--exclude", "adda"], "ada"),
        (["predict", "--mixture", "ada=0.5,bob=0.4", "--at", "40"], "sum"),
        (["predict", "--mixture", "ada=1", "--at", "5"], "smallest scale"),
        (["predict", "--mixture", "ada", "--at", "40"], "NAME=NUMBER"),
        (["compare", "--first", "ada=1.5", "--second", "bob=20"], "whole numbers"),
        (["compare", "--first", "none.csv", "--second", "bob=20"], "no file none.csv"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    folder: str, refusal: Any, arguments: list[str], says: str
) -> None:
    assert says in refusal(arguments[0], folder, *arguments[1:])


def test_a_folder_that_is_unfinished_or_being_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_study(tmp_path, small_study())
    with leased(Folder(tmp_path)):
        assert projektor("fit", str(tmp_path), monkeypatch=monkeypatch) == 0
    assert "A driver works on this study" in capsys.readouterr().err
    assert projektor("fit", str(tmp_path), monkeypatch=monkeypatch) == 0
    assert "A driver" not in capsys.readouterr().err


def test_a_folder_without_a_record_says_what_to_run(tmp_path: Path, refusal: Any) -> None:
    write_study(tmp_path, small_study())
    (tmp_path / "study.parquet").unlink()
    assert "run the study first" in refusal("fit", str(tmp_path))


def test_predict_and_compare_work_on_a_table_of_runs(
    folder: str, answer: Any, tmp_path: Path
) -> None:
    table = tmp_path / "runs.csv"
    pyarrow.csv.write_csv(open_study(folder).runs(), table)
    shown = answer("predict", str(table), "--mixture", "ada=1", "--at", "90")
    low, value, high = (shown["predictions"][0][name] for name in ("low", "value", "high"))
    assert low < value < high
    order = tmp_path / "order.csv"
    order.write_text("provider,samples,unit_price,cost\nada,50,0.5,25\nbob,40,1,40\n")
    shown = answer("compare", str(table), "--first", str(order), "--second", "cyd=90")
    assert "for 90 samples at a cost of 65.00." in shown["comparison"]["text"]
    shown = answer(
        *("compare", str(table), "--first", str(order), "--second", "cyd=90"),
        *("--price", "ada=2", "--price", "bob=1"),
    )
    assert "90 samples at a cost of 140.00." in shown["comparison"]["text"]
