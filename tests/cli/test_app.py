"""`projektor fit|project|select|report` from file to file."""

import csv
import json
import re
import runpy
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from projektor_ray.cli.app import TABLE_ENDINGS as APP_ENDINGS
from projektor_ray.cli.app import main
from projektor_ray.data import read_table
from projektor_ray.runs import TABLE_ENDINGS

NAMES = ["clinic", "crowd", "web"]
WORTH = np.array([0.2, -0.2, 0.1])


def write(path: Path, columns: list[str], rows: list[list[Any]]) -> str:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return str(path)


@pytest.fixture
def runs(tmp_path: Path) -> str:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=14)
    rows = [
        [*share, size, 0.4 + share @ WORTH + 0.03 * np.log(size)]
        for size in (250, 1000)
        for share in shares
    ]
    return write(tmp_path / "runs.csv", [*NAMES, "size", "accuracy"], rows)


def projektor(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["projektor", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def said_in(capsys: pytest.CaptureFixture[str]) -> str:
    """All that was printed, in one line."""
    out, err = capsys.readouterr()
    return " ".join(f"{out} {err}".split())


def test_fit_shows_and_writes_every_predictor(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "fit.parquet"
    assert projektor("fit", runs, "--out", str(out), monkeypatch=monkeypatch) == 0
    rows = pq.read_table(out).to_pylist()
    assert {row["size"] for row in rows} == {250, 1000}
    assert {"gp", "linear", "quadratic"} <= {row["predictor"] for row in rows}
    assert [row["predictor"] for row in rows if row["chosen"]] == ["joint_power"] * 2
    assert {"joint"} < {row["predictor"] for row in rows}
    said = said_in(capsys)
    assert (
        "28 runs · mixture: clinic, crowd and web (3 columns) · size: size (250 and 1,000)" in said
    )
    assert "metric: accuracy (maximize)" in said
    assert "joint_power ←" in said
    assert "select and report use joint_power." in said


def test_fit_of_too_few_mixtures_for_the_default_decides_by_what_can_be_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three are enough for center-scaling, not for the Gaussian process."""
    rows = [[0.5, 0.3, 0.2, 1.0, 0.7], [0.2, 0.3, 0.5, 1.2, 0.65], [1, 0, 0, 1.5, 0.55]]
    few = write(tmp_path / "few.csv", [*NAMES, "distance", "accuracy"], rows)
    assert projektor("fit", few, monkeypatch=monkeypatch) == 0
    said = said_in(capsys)
    assert "select and report use cs." in said


@pytest.mark.parametrize(
    ("options", "decides"),
    [
        ([], "joint_power"),
        (["--projection", "joint"], "joint"),
        (["--projection", "eq3"], "gp"),
        (["--projection", "eq3", "--predictor", "linear"], "linear"),
        (["--projection", "none", "--predictor", "rational"], "rational"),
        (["--predictor", "linear"], "linear"),
    ],
)
def test_fit_marks_what_select_decides_by(
    options: list[str],
    decides: str,
    runs: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "fit.parquet"
    assert projektor("fit", runs, *options, "--out", str(out), monkeypatch=monkeypatch) == 0
    marked = {row["predictor"] for row in pq.read_table(out).to_pylist() if row["chosen"]}
    assert marked == {decides}
    fitted = capsys.readouterr().err.splitlines()
    assert projektor("select", runs, "--at", "2000", *options, monkeypatch=monkeypatch) == 0
    selected = capsys.readouterr().err.splitlines()
    assert [line for line in selected if line.startswith("Model")] == [
        line for line in fitted if line.startswith("Model")
    ]


def test_the_family_of_the_learner_bends_the_projection(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for family in ("network", "saturating"):
        out = tmp_path / f"{family}.parquet"
        options = ["--at", "9000", "--learner-family", family, "--projection", "joint_power"]
        command = ("project", runs, *options, "--out", str(out))
        assert projektor(*command, monkeypatch=monkeypatch) == 0
        found[family] = np.mean(pq.read_table(out)["value"].to_numpy())
    assert found["saturating"] < found["network"]
    wrong = ("project", runs, "--at", "9000", "--learner-family", "netwrok")
    assert projektor(*wrong, monkeypatch=monkeypatch) == 2


def test_classes_of_the_providers_lower_the_projection(
    runs: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [[name, *(100.0 * (at == i) for i in range(3))] for at, name in enumerate(NAMES)]
    classes = write(tmp_path / "classes.csv", ["provider", "cat", "dog", "ox"], rows)
    found = []
    for options in ([], ["--classes", classes]):
        out = tmp_path / f"{len(options)}.parquet"
        command = ("project", runs, "--at", "9000", *options, "--out", str(out))
        assert projektor(*command, monkeypatch=monkeypatch) == 0
        found.append(np.mean(pq.read_table(out)["value"].to_numpy()))
        said = "classes that a mixture lacks stay wrong" in capsys.readouterr().err
        assert said == bool(options)
    assert found[1] < found[0]
    unknown = write(tmp_path / "classes.csv", ["provider", "cat"], [["nobody", 1.0]])
    assert projektor("select", runs, "--classes", unknown, monkeypatch=monkeypatch) == 2


def test_fit_of_one_size_marks_the_predictor_that_select_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=14)
    rows = [[*share, 0.5 + share @ WORTH] for share in shares]
    table = write(tmp_path / "runs.csv", [*NAMES, "value"], rows)
    for size in ([], ["--size", "500"]):
        assert projektor("fit", table, *size, monkeypatch=monkeypatch) == 0
        said = said_in(capsys)
        assert said.count("←") == 1
        assert "gp ←" in said
        assert "select and report use gp." in said


def test_project_gives_each_mixture_at_each_size_by_each_model(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "projected.parquet"
    mixtures = write(tmp_path / "mixtures.csv", NAMES, [[1, 0, 0], [0.5, 0.25, 0.25]])
    asked = ["project", runs, "--at", "2000", "--at", "4000", "--mixtures", mixtures]
    asked += ["--predictor", "linear", "--projection", "eq3", "--out", str(out)]
    assert projektor(*asked, monkeypatch=monkeypatch) == 0
    rows = pq.read_table(out).to_pylist()
    assert len(rows) == 4
    for row in rows:
        truth = 0.4 + np.array([row[name] for name in NAMES]) @ WORTH + 0.03 * np.log(row["size"])
        assert row["value"] == pytest.approx(min(truth, 1), abs=1e-5)
        assert row["low"] <= row["value"] <= row["high"] <= 1
    assert "(best 2 of 2 mixtures)" in said_in(capsys)


def test_select_keeps_offers_from_a_table_and_from_options(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan.csv"
    rows = [["clinic", 0.1, 3000], ["crowd", 0, ""], ["web", 0.01, ""]]
    offers = write(tmp_path / "offers.csv", ["provider", "price", "capacity"], rows)
    asked = ["select", runs, "--at", "5000", "--offers", offers, "--out", str(out)]
    asked += ["--predictor", "linear", "--projection", "eq3", "--capacity", "web=1000"]
    assert projektor(*asked, "--price", "clinic=0.2", monkeypatch=monkeypatch) == 0
    with out.open() as file:
        plan = [row for row in csv.DictReader(file) if row["plan"] == "selected"]
    bought = {row["provider"]: int(row["samples"]) for row in plan}
    assert bought == {"clinic": 3000, "crowd": 1000, "web": 1000}
    assert sum(float(row["cost"]) for row in plan) == pytest.approx(610)
    said = said_in(capsys)
    assert "Buy 5,000 samples for 610.00" in said
    assert "eq3 over linear, as requested" in said
    assert projektor(*asked, "--projection", "joint", monkeypatch=monkeypatch) == 2
    assert "joins no predictor" in said_in(capsys)
    assert projektor(*asked, "--direction", "minimize", monkeypatch=monkeypatch) == 0
    with out.open() as file:
        least = {r["provider"]: r for r in csv.DictReader(file) if r["plan"] == "selected"}
    assert int(least["crowd"]["samples"]) == 5000


def test_terms_and_tiers_are_kept_from_a_table_and_from_options(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "plan.csv"
    columns = ["provider", "above_quantity", "price", "capacity", "minimum_order"]
    rows = [["clinic", "", 0.5, 3000, ""], ["clinic", 1000, 0.25, "", ""]]
    rows += [["crowd", "", 0, "", ""], ["web", "", 0, "", 2000]]
    asked = ["select", runs, "--offers", write(tmp_path / "offers.csv", columns, rows)]
    asked += ["--at", "4000", "--predictor", "linear", "--projection", "eq3", "--out", str(out)]

    def bought(*more: str) -> tuple[dict[str, int], float]:
        assert projektor(*asked, *more, monkeypatch=monkeypatch) == 0
        with out.open() as file:
            plan = [row for row in csv.DictReader(file) if row["plan"] == "selected"]
        samples = {row["provider"]: int(row["samples"]) for row in plan}
        return samples, sum(float(row["cost"]) for row in plan)

    assert bought() == ({"clinic": 2000, "crowd": 0, "web": 2000}, 500 + 250)
    assert bought("--exclude", "web") == ({"clinic": 3000, "crowd": 1000, "web": 0}, 500 + 500)
    must = ["--require", "crowd", "--minimum", "crowd=700", "--capacity", "clinic=1500"]
    assert bought(*must) == (
        {"clinic": 1300, "crowd": 700, "web": 2000},
        500 + 75,
    )


def test_sizes_are_chosen_for_the_money_and_for_a_target(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan.csv"
    asked = ["select", runs, "--price", "clinic=0.1", "--predictor", "linear"]
    asked += ["--projection", "eq3", "--capacity", "crowd=9000", "--capacity", "web=2000"]
    asked += ["--out", str(out)]
    assert projektor(*asked, "--frontier", "0,100,400", monkeypatch=monkeypatch) == 0
    with out.open() as file:
        rows = list(csv.DictReader(file))
    value = {row["plan"]: float(row["predicted"]) for row in rows}
    assert value["budget 0"] < value["budget 100"] < value["budget 400"] == value["selected"]
    for budget in (0, 100, 400):
        spent = [float(row["cost"]) for row in rows if row["plan"] == f"budget {budget}"]
        assert sum(spent) <= budget + 1e-9
    assert projektor(*asked, "--budget", "100", monkeypatch=monkeypatch) == 0
    with out.open() as file:
        plan = [row for row in csv.DictReader(file) if row["plan"] == "selected"]
    assert float(plan[0]["predicted"]) == pytest.approx(value["budget 100"], abs=1e-4)
    capsys.readouterr()
    assert projektor(*asked, "--target", "0.75", "--max-size", "5000", monkeypatch=monkeypatch) == 0
    assert "target 0.75 is reached with" in said_in(capsys)
    too_much = ["--target", "0.99", "--max-size", "3000", "--minimize", "samples"]
    assert projektor(*asked, *too_much, monkeypatch=monkeypatch) == 0
    assert "The target 0.99 cannot be reached" in said_in(capsys)


def test_report_writes_a_page_of_the_plan_that_select_writes(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [runs, "--at", "3000", "--capacity", "clinic=700", "--predictor", "linear"]
    page, out = tmp_path / "deep" / "page.html", tmp_path / "plan.csv"
    assert projektor("report", *asked, "--out", str(page), monkeypatch=monkeypatch) == 0
    assert projektor("select", *asked, "--out", str(out), monkeypatch=monkeypatch) == 0
    with out.open() as file:
        plan = [row for row in csv.DictReader(file) if row["plan"] == "selected"]
    text = page.read_text(encoding="utf-8")
    assert "<title>runs</title>" in text
    for row in plan:
        assert f"<td>{row['provider']}</td><td>{int(row['samples']):,}</td>" in text


def test_several_metrics_are_bought_for_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Clinic serves the first, web the second and crowd neither: the worst asks for both."""
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=14)
    rows = [[*p, 500, 0.4 + 0.2 * p[0], 0.4 + 0.2 * p[2]] for p in shares]
    table = write(tmp_path / "runs.csv", [*NAMES, "size", "acc_a", "acc_b"], rows)
    out = tmp_path / "plan.csv"
    asked = ["select", table, "--metric", "acc_a,acc_b", "--at", "500", "--predictor", "linear"]
    asked += ["--direction", "maximize", "--out", str(out)]

    def bought(*more: str) -> list[int]:
        assert projektor(*asked, *more, monkeypatch=monkeypatch) == 0
        with out.open() as file:
            chosen = [row for row in csv.DictReader(file) if row["plan"] == "selected"]
        return [int(row["samples"]) for row in chosen]

    assert bought("--aggregate", "2,1") == [500, 0, 0]
    assert bought("--aggregate", "1,2") == [0, 0, 500]
    assert bought("--aggregate", "worst") == pytest.approx([250, 0, 250], abs=10)
    said = said_in(capsys)
    assert re.search(r"acc_a +0\.(49|50)", said)
    assert re.search(r"acc_b +0\.(49|50)", said)
    assert projektor(*asked, "--aggregate", "1,2,3", monkeypatch=monkeypatch) == 2
    assert "for each of the 2" in said_in(capsys)


def test_a_metric_whose_name_does_not_tell_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With bounds it is fitted as an accuracy is; without, by the models that have none."""
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=14)
    rows = [
        [*p, n, *[0.4 + 0.2 * p[i] + 0.03 * np.log(n) for i in (0, 2)]]
        for n in (250, 1000)
        for p in shares
    ]
    table = write(tmp_path / "runs.csv", [*NAMES, "size", "val_a", "val_b"], rows)
    page = ["report", table, "--at", "2000", "--out", str(tmp_path / "page.html")]
    more = ["--direction", "maximize"]
    asked = (
        ["fit", table, "--metric", "val_a"],
        ["select", table, "--metric", "val_a", "--at", "2000", *more],
        ["select", table, "--metric", "val_a,val_b", "--aggregate", "worst", "--at", "2000", *more],
        [*page, "--metric", "val_a", *more],
    )
    for arguments in asked:
        assert projektor(*arguments, monkeypatch=monkeypatch) == 0
        said = said_in(capsys)
        assert "no bounds are known for 'val_a'" in said
        assert "joint_power, " not in said
        assert projektor(*arguments, "--bounds", "0,1", monkeypatch=monkeypatch) == 0
        said = said_in(capsys)
        assert "no bounds are known" not in said
        assert "joint_power, " in said
    assert projektor(*asked[0], "--bounds", "0,inf", monkeypatch=monkeypatch) == 0
    assert "box_cox, " in said_in(capsys)
    for wrong in ("0", "1,0", "0,1,2", "nan,1", "-inf,inf"):
        assert projektor(*asked[0], f"--bounds={wrong}", monkeypatch=monkeypatch) == 2
        assert f"--bounds 0,inf for a loss; got '{wrong}'" in said_in(capsys)
    assert projektor("select", table, "--metric", "val_a", monkeypatch=monkeypatch) == 2
    assert "--direction maximize" in said_in(capsys)
    both = ["--metric", "val_a,val_b", "--aggregate", "worst", *more]
    assert projektor(*page, *both, monkeypatch=monkeypatch) == 0
    assert "val_b" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert projektor("fit", table, "--metric", "val_a,val_b", monkeypatch=monkeypatch) == 2
    assert "only select and report take several metrics" in said_in(capsys)


def test_a_loss_is_told_with_the_signs_that_better_it(
    runs: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["select", runs, "--at", "2000"]
    for direction, told in (("minimize", True), ("maximize", False)):
        assert projektor(*asked, "--direction", direction, monkeypatch=monkeypatch) == 0
        said = said_in(capsys)
        assert ("Less accuracy is better: a minus is an improvement." in said) is told


def test_the_package_is_the_command(
    runs: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["projektor", "fit", runs])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("projektor_ray", run_name="__main__")
    assert not ended.value.code
    assert "28 runs" in said_in(capsys)


def test_a_table_of_any_kind_comes_by_standard_input(
    runs: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = read_table(runs)
    parquet = BytesIO()
    pq.write_table(table, parquet)
    for content in (parquet.getvalue(), json.dumps(table.to_pylist()).encode()):
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content)))
        assert projektor("fit", "-", monkeypatch=monkeypatch) == 0
        assert "28 runs" in said_in(capsys)


def test_two_tables_are_joined_and_a_size_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=12)
    left = [[i, *share] for i, share in enumerate(shares)]
    right = [[i, 5 + share @ WORTH, share[0]] for i, share in reversed(list(enumerate(shares)))]
    mixtures = write(tmp_path / "mixtures.csv", ["index", *NAMES], left)
    losses = write(tmp_path / "losses.csv", ["index", "metric/x_loss", "metric/y_loss"], right)
    joined = [mixtures, "--join", losses, "--metric", "metric/x_loss"]
    assert projektor("fit", *joined, "--predictor", "linear", monkeypatch=monkeypatch) == 0
    at = ["--at", "70", "--log"]
    assert projektor("project", *joined, "--size", "70", *at, monkeypatch=monkeypatch) == 0
    assert projektor("project", *joined, *at, monkeypatch=monkeypatch) == 2
    assert "--size 1000000" in said_in(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "RUNS", "--metric", "acuracy"], "did you mean 'accuracy'"),
        (["fit", "RUNS", "--predictor", "gpp"], "did you mean 'gp'"),
        (["fit", "nowhere.csv", "--out", "x.doc"], "must end in .csv, .parquet, .xlsx"),
        (["select", "RUNS", "--at", "500", "--format", "levantar"], "did you mean 'levanter'"),
        (["select", "RUNS", "--at", "500", "--format", "levanter"], "--out FILE"),
        (["report", "RUNS", "--at", "500", "--out", "x.pdf"], "must end in .html"),
        (["report", "RUNS", "--at", "100", "--out", "x.html"], "below the smallest trained one"),
        (["fit", "nowhere.csv"], "there is no file"),
        (["project", "RUNS", "--at", "100"], "below the smallest trained one"),
        (["select", "RUNS", "--at", "500", "--price", "web:3"], "takes NAME=NUMBER"),
        (["select", "RUNS", "--at", "500", "--price", "wep=3"], "did you mean 'web'"),
        (["select", "RUNS", "--at", "500", "--price", "web=1", "--budget", "-1"], "budget must be"),
        (["select", "RUNS", "--at", "500", "--target", "0.7"], "ask for different things"),
        (["select", "RUNS", "--frontier", "1,b"], "--frontier takes numbers, such as"),
        (["select", "RUNS"], "nothing bounds the size to buy"),
        (
            ["select", "RUNS", "--at", "20,000"],
            "expected a whole number; got '20,000'. Write 20000",
        ),
        (["predict", "RUNS", "--mixture", "web=1", "--at", "20 000"], "Write 20000"),
        (["select", "RUNS", "--budget", "1,000.50"], "Write 1000.5"),
        (["select", "RUNS", "--at", "500", "--capacity", "web=1,000"], "Write 1000"),
        (["select", "RUNS", "--at", "500", "--price", "web=1_5"], "Write 15"),
        (["select", "RUNS", "--at", "20_000"], "Write 20000"),
        (["select", "my-study.yaml"], "Run the study with: python -m jobs.study my-study.yaml"),
        (["select", "RUNS", "--at", "500", "--exclude", "wep"], "did you mean 'web'"),
        (
            ["select", "RUNS", "--at", "500", "--minimum", "web=1.5"],
            "minimum_order must be",
        ),
    ],
)
def test_a_mistake_ends_in_one_clear_message(
    arguments: list[str],
    message: str,
    runs: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = [runs if part == "RUNS" else part for part in arguments]
    assert projektor(*asked, monkeypatch=monkeypatch) == 2
    said = said_in(capsys)
    assert "Error:" in said
    assert message in said


def test_metrics_of_different_directions_have_no_aggregate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=14)
    rows = [[*p, 500, 0.4 + 0.2 * p[0], 2 - 0.2 * p[2]] for p in shares]
    table = write(tmp_path / "runs.csv", [*NAMES, "size", "acc", "loss"], rows)
    asked = ["select", table, "--metric", "acc,loss", "--at", "500", "--predictor", "linear"]
    assert projektor(*asked, monkeypatch=monkeypatch) == 2
    shown = capsys.readouterr()
    assert "acc (maximize) and loss (minimize)" in " ".join((shown.out + shown.err).split())


def test_a_plan_is_written_as_an_order_and_as_a_trainer_s_mixture(
    runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["select", runs, "--at", "1000", "--capacity", "clinic=400", "--price", "clinic=0.5"]
    asked += ["--predictor", "linear", "--projection", "eq3"]
    order, mixture = tmp_path / "order.json", tmp_path / "mixture.yaml"
    written = ["--format", "purchase-order", "--out", str(order)]
    assert projektor(*asked, *written, monkeypatch=monkeypatch) == 0
    lines = json.loads(order.read_text())
    assert lines[0] == {
        "provider": "clinic",
        "samples": 400,
        "unit_price": 0.5,
        "cost": 200.0,
        "order_samples": 1000,
        "order_cost": 200.0,
    }
    assert sum(line["samples"] for line in lines) == 1000
    written = ["--format", "mosaicml", "--out", str(mixture)]
    assert projektor(*asked, *written, monkeypatch=monkeypatch) == 0
    streams = yaml.safe_load(mixture.read_text())["streams"]
    assert {name: stream["choose"] for name, stream in streams.items()} == {
        line["provider"]: line["samples"] for line in lines
    }
    assert APP_ENDINGS == TABLE_ENDINGS


def test_the_help_shows_whole_summaries(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert projektor("--help", monkeypatch=monkeypatch) == 0
    said = said_in(capsys).partition("Commands:")[2]
    assert "Serve finished studies: a page at /, an API at /v1/studies, described at" in said
    assert "..." not in said
