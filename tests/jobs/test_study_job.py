"""The main job, end to end on a local Ray: tables, resuming, growing, failing."""

import copy
import dataclasses
import html
import shutil
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import ray
import yaml

from actors import probes as runner
from actors.ledger import LedgerWriter
from jobs import probe as probe_job
from jobs import profiles as profiles_job
from jobs import report as report_job
from jobs.check import check
from jobs.cluster import ROOT, check_reachable
from jobs.command_line import main as command_line
from jobs.finished import fingerprint_of, finished_tables
from jobs.fit import fit, fit_models
from jobs.study import run_study
from jobs.workspace import Workspace, opened
from projektor_ray.errors import BusyError, InputError, StorageError, TooFewProbesError
from projektor_ray.probes.train_probe import Outcome
from projektor_ray.selection import PurchasePlans
from projektor_ray.storage.folder import Folder
from projektor_ray.storage.lease import Lease
from projektor_ray.storage.schemas import SCHEMAS
from projektor_ray.storage.table_metadata import TableMetadata
from projektor_ray.study import SetSummary, StudyConfig, resolve
from projektor_ray.study.fitting import missing_probes
from tests.helpers.job_studies import (
    IRIS,
    LEDGERS,
    MIXTURES,
    OF_SEVERAL,
    PROBES,
    PROVIDERS,
    arrays,
    config,
    resolved,
    rows,
    table,
    tables,
    values,
)

pytestmark = pytest.mark.ray


@pytest.fixture
def again(finished: tuple[Path, PurchasePlans], tmp_path: Path) -> Path:
    """A copy of the finished study's folder."""
    return Path(shutil.copytree(finished[0], tmp_path / "again"))


def test_all_tables_are_written_with_their_schemas(finished: tuple[Path, PurchasePlans]) -> None:
    out, _ = finished
    assert not (out / f"{OF_SEVERAL}.parquet").exists()
    for name, schema in SCHEMAS.items():
        if name == OF_SEVERAL:
            continue
        assert table(out, name).schema.equals(schema), name
        for part in (
            (out / name).glob("*.parquet") if name in LEDGERS else [out / f"{name}.parquet"]
        ):
            stamp = TableMetadata.of(pq.read_schema(part), part.name)
            assert stamp.study == "iris"
            assert stamp.providers == ("ada", "bob", "cyd")
    assert table(out, "probes").num_rows == PROBES
    measured = {tuple(np.round(row["mixture"], 9).tolist()) for row in rows(out, "distances")}
    assert len(measured) == table(out, "distances").num_rows
    (interpolation,) = table(out, "interpolation").to_pylist()
    assert interpolation["error"] <= interpolation["bound"], "plans are searched by interpolation"
    assert len(measured) == interpolation["measured"]
    assert interpolation["measured"] == MIXTURES + interpolation["further"]
    assert {row["size"] for row in rows(out, "projections")} == {4, 16, 100}
    for name in ("predictors", "projections", "plans"):
        for row in rows(out, name):
            numbers = [value for value in row.values() if isinstance(value, float)]
            assert np.isfinite(numbers).all(), (name, row)


def test_every_model_is_in_the_tables_and_one_decides(
    finished: tuple[Path, PurchasePlans],
) -> None:
    out, _ = finished
    predictors = rows(out, "predictors")
    assert {row["predictor"] for row in predictors} >= {"cs", "gp", "joint_power", "joint"}
    assert {row["predictor"] for row in predictors if row["chosen"]} == {"joint_power"}
    names = {row["predictor"] for row in rows(out, "projections")}
    assert names >= {"cs", "gp", "joint_power", "joint", "none"}


def test_one_scale_that_is_bought_is_fitted_and_selected(local_ray: None, tmp_path: Path) -> None:
    probes = {"scales": [16], "lattice": 2, "seeds": 1}
    plans = run_study(config(probes=probes, selection={"size": 16}), str(tmp_path))
    assert plans.selected.size == 16
    assert {row["size"] for row in rows(tmp_path, "projections")} == {16}


def test_every_plan_buys_what_was_asked_within_capacities_and_budget(
    finished: tuple[Path, PurchasePlans],
) -> None:
    out, plans = finished
    assert {"selected", "uniform", "single"} <= set(plans.plans)
    for name, plan in plans.plans.items():
        found = [row for row in rows(out, "plans") if row["plan"] == plans.label(name)]
        bought = {row["provider"]: row["samples"] for row in found}
        assert sum(bought.values()) == 100, name
        assert bought["ada"] <= 40, name
        assert bought["cyd"] <= 90, name
        assert sum(row["cost"] for row in found) <= 120 + 1e-9, name
        assert 2 * bought["ada"] + bought["bob"] + bought["cyd"] / 2 == pytest.approx(
            sum(row["cost"] for row in found)
        )
        assert bought == dict(zip(["ada", "bob", "cyd"], plan.samples.tolist(), strict=True))
    other_models = [plan.predicted for name, plan in plans.plans.items() if name != "selected"]
    assert plans.selected.predicted >= max(other_models) - 1e-6


def test_another_purchase_from_the_same_probes_trains_nothing(
    again: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    probes = rows(again, "probes")
    asked = {"frontier": [20, 60], "max_size": 100, "restarts": 2}
    plans = run_study(config(selection=asked), str(again))
    assert rows(again, "probes") == probes
    assert list(plans.frontier) == [20, 60]
    spent = dict.fromkeys(("budget 20", "budget 60", "selected"), 0.0)
    for row in rows(again, "plans"):
        spent[row["plan"]] = spent.get(row["plan"], 0.0) + row["cost"]
    assert spent["budget 20"] <= 20
    assert spent["budget 60"] == spent["selected"] <= 60
    assert "each budget" in capsys.readouterr().out


def test_every_provider_has_a_card_that_tells_its_part_in_the_plan(
    finished: tuple[Path, PurchasePlans],
) -> None:
    out, plans = finished
    ada, bob, cyd = table(out, "provider_profiles").to_pylist()
    assert [profile["provider"] for profile in (ada, bob, cyd)] == ["ada", "bob", "cyd"]
    assert ada["missing_classes"] == ["virginica"]
    assert bob["missing_classes"] == ["setosa"]
    assert cyd["classes"] == ["setosa", "versicolor", "virginica"]
    alone = {tuple(row["mixture"]): row["value"] for row in rows(out, "distances")}
    assert ada["distance"] == alone[1, 0, 0]
    selected = plans.selected
    assert [profile["planned_samples"] for profile in (ada, bob, cyd)] == selected.samples.tolist()
    assert [
        profile["marginal_value"] for profile in (ada, bob, cyd)
    ] == selected.marginal_value.tolist()
    for profile in (ada, bob, cyd):
        assert (
            profile["metric_without"] <= selected.predicted
            if profile["planned_samples"]
            else not profile["metric_without"]
        )


def test_the_study_writes_a_page_of_the_plan_and_the_cards(
    finished: tuple[Path, PurchasePlans],
) -> None:
    out, plans = finished
    text = (out / "report.html").read_text(encoding="utf-8")
    for name, samples in zip(plans.selected.names, plans.selected.samples.tolist(), strict=True):
        assert f"<td>{name}</td><td>{samples}</td>" in text
        assert f"<h3>{name}</h3>" in text


def test_the_report_is_the_study_s_again_and_changes_no_table(
    finished: tuple[Path, PurchasePlans], again: Path
) -> None:
    (again / "report.html").unlink()
    with opened(config(), str(again)) as workspace:
        drawn = profiles_job.profiles(workspace)
        results = report_job.conclude(workspace, fit_models(workspace), drawn, figures=True)
        report_job.write_page(workspace, results)
    assert tables(again) == tables(finished[0])
    assert (again / "report.html").read_bytes() == (finished[0] / "report.html").read_bytes()


def test_a_page_of_all_that_the_folder_holds_is_not_made_again(
    again: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither Ray nor the pilots are asked for; with a seed more, or a probe more, they are."""

    def refuse(*given: object) -> None:
        raise InputError("asked for Ray")

    def report_of(**changes: Any) -> int:
        study = tmp_path / "iris.yaml"
        study.write_text(yaml.safe_dump(values(**changes)))
        return command("report", str(study), "--out", str(again), monkeypatch=monkeypatch)

    monkeypatch.setattr("jobs.workspace.opened", refuse)
    before = (again / "report.html").read_bytes()
    assert report_of() == 0
    assert (again / "report.html").read_bytes() == before
    assert "up to date" in said_in(capsys)
    assert report_of(selection={"size": 90, "budget": 120, "restarts": 4}) == 2
    assert "asked for Ray" in said_in(capsys)
    part = next((again / "probes").glob("*.parquet"))
    shutil.copy(part, part.with_name("part-0-more.parquet"))
    assert report_of() == 2
    assert "asked for Ray" in said_in(capsys)


def test_pilots_that_have_cards_are_not_examined_again(
    again: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examined = []
    examine = profiles_job.examine
    monkeypatch.setattr(profiles_job, "examine", lambda *held: examined.append(1) or examine(*held))
    run_study(config(), str(again))
    assert not examined
    run_study(config(embedder={"name": "standardize"}), str(again))
    assert len(examined) == 1


def test_the_second_run_trains_nothing_and_gives_equal_tables_and_the_page_that_is_there(
    finished: tuple[Path, PurchasePlans], again: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    monkeypatch.setattr("jobs.finished.write_page", lambda *told: drawn.append(1))
    run_study(config(), str(again))
    assert tables(again) == tables(finished[0])
    assert not drawn
    (again / "report.html").unlink()
    run_study(config(), str(again))
    assert len(drawn) == 1


def test_arrays_of_a_driver_that_lists_providers_in_another_order_give_equal_tables(
    finished: tuple[Path, PurchasePlans], tmp_path: Path
) -> None:
    pilots, validation = arrays()
    sellers = [{**seller, "source": None} for seller in values()["providers"][::-1]]
    run_study(
        config(providers=sellers, validation=None),
        str(tmp_path),
        arrays=dict(reversed(pilots.items())),
        validation=validation,
    )
    assert tables(tmp_path) == tables(finished[0])


def test_a_study_that_grows_trains_only_what_is_missing(again: Path) -> None:
    before = rows(again, "probes")
    probes = {
        "scales": [4, 8, 16],
        "lattice": 2,
        "seeds": 2,
        "mixtures": [{"ada": 0.25, "cyd": 0.75}],
    }
    run_study(config(probes=probes), str(again))
    after = rows(again, "probes")
    assert len(after) == (MIXTURES + 1) * 3 * 2
    assert all(row in after for row in before)
    assert len({(row["mixture_id"], row["size"], row["seed"]) for row in after}) == len(after)


@pytest.mark.parametrize(
    ("grows", "more"),
    [
        ({"seeds": 2}, MIXTURES * 2),
        ({"seeds": [0, 7]}, MIXTURES * 2),
        ({"scales": [4, 8, 16]}, MIXTURES),
        ({"mixtures": [{"ada": 0.25, "bob": 0.75}]}, 2),
        ({"lattice": 4}, (15 - MIXTURES) * 2),
        ({"cpus": 0.5}, 0),
    ],
)
def test_what_is_missing_after_growth(
    finished: tuple[Path, PurchasePlans], grows: dict[str, Any], more: int
) -> None:
    grown = resolved(config(probes={**values()["probes"], **grows}))
    assert len(missing_probes(grown, kept_of(finished[0]))) == more


def kept_of(out: Path) -> dict[Any, Any]:
    """The rows of a ledger by key."""
    names = ("mixture_id", "size", "seed", "learner", "metric")
    return {tuple(row[name] for name in names): row for row in rows(out, "probes")}


DAN = {"name": "dan", "source": {**IRIS, "rows": [60, 90]}}


@pytest.mark.parametrize(
    ("providers", "more"),
    [
        (PROVIDERS[::-1], 0),
        (PROVIDERS[1:], 0),
        ([*PROVIDERS, DAN], 4 * 2),
        ([PROVIDERS[0], DAN, *PROVIDERS[2:]], 3 * 2),
    ],
    ids=["another order", "one withdrawn", "one more", "one in another's place"],
)
def test_rows_that_still_apply_are_kept_when_providers_come_and_go(
    finished: tuple[Path, PurchasePlans], providers: list[dict[str, Any]], more: int
) -> None:
    changed = resolved(config(providers=providers))
    assert len(missing_probes(changed, kept_of(finished[0]))) == more


def test_one_byte_of_a_pilot_misses_all_its_mixtures(
    finished: tuple[Path, PurchasePlans],
) -> None:
    pilots, validation = arrays()
    inputs = pilots["ada"].inputs.copy()
    inputs.view(np.uint8)[3, 5] ^= 1
    pilots["ada"] = dataclasses.replace(pilots["ada"], inputs=inputs)
    summaries = [SetSummary.of(name, pilot) for name, pilot in pilots.items()]
    changed = resolve(config(), summaries, [SetSummary.of("validation", validation)])
    missing = missing_probes(changed, kept_of(finished[0]))
    assert {probe.mixture for probe in missing} == {(1, 0, 0), (0.5, 0.5, 0), (0.5, 0, 0.5)}


def said_in(capsys: pytest.CaptureFixture[str]) -> str:
    """All that was printed, in one line."""
    out, err = capsys.readouterr()
    return " ".join(f"{out} {err}".split())


def command(job: str, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The status of a job's command line, run here."""
    monkeypatch.setattr(sys, "argv", [job, *arguments])
    with pytest.raises(SystemExit) as ended:
        command_line(job)
    return int(ended.value.code or 0)


SETS = {
    "everyday": {**IRIS, "rows": [0, 50], "classes": [0, 1]},
    "rare": {**IRIS, "rows": [0, 50], "classes": [1, 2]},
}


def of_sets(marks: Path, **changes: Any) -> StudyConfig:
    """Ada has classes 0 and 1, bob 1 and 2, and nobody all; each training leaves a mark."""
    learner = {
        "name": "tests.helpers.job_learners:asked_again",
        "settings": {"trainings": str(marks)},
    }
    classes = {"ada": [0, 1], "bob": [1, 2], "cyd": [1]}
    sellers = [
        {"name": name, "source": {**IRIS, "rows": [50, 150], "classes": own, "limit": 30}}
        for name, own in classes.items()
    ]
    line = {"predictor": "linear", "projection": "none", "size": 60, "restarts": 1}
    asked = {"learner": learner, "providers": sellers, "validation": None, "selection": line}
    return config(**{**asked, **changes, "selection": {**line, **changes.get("selection", {})}})


def test_a_probe_is_trained_once_for_several_sets_which_are_what_they_are_alone(
    local_ray: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks, out = tmp_path / "trainings", tmp_path / "out"
    both = of_sets(marks, validations=SETS, selection={"aggregate": "worst"})
    plans = run_study(both, str(out))
    said = said_in(capsys)
    assert "rare (0 reused, 6 measured" in said
    ada, bob, _ = plans.selected.mixture
    assert min(ada, bob) > 0.2, "the worst set asks for both"
    has = {name: parts["selected"].predicted for name, parts in plans.parts.items()}
    assert plans.selected.predicted == pytest.approx(min(has.values()))
    written = [row for row in rows(out, "validation_sets") if row["plan"] == "selected"]
    assert {row["validation"]: row["predicted"] for row in written} == has
    assert len(rows(out, "probes")) == 2 * PROBES
    for name, source in SETS.items():
        assert f"Provider profiles ({name})" in said
        assert (
            TableMetadata.of(
                pq.read_schema(out / f"provider_profiles-{name}.parquet"), name
            ).validation
            == name
        )
        with opened(of_sets(marks, validation=source), str(out)) as workspace:
            assert not missing_probes(workspace.study, workspace.probes())
            fit(workspace)
        for called in ("predictors", "projections"):
            assert rows(out, called) == rows(out, f"{called}-{name}")
    assert len(marks.read_text(encoding="ascii").splitlines()) == PROBES


def test_a_set_that_comes_later_is_measured_alone(local_ray: None, tmp_path: Path) -> None:
    """Each probe is trained again for it, since no model is kept, but no row is written twice.

    It needs no Ray; without `local_ray` the shared one would be stopped and started again.
    """
    study = resolved(of_sets(tmp_path, validations=SETS))
    now = datetime.now(timezone.utc)
    writer = LedgerWriter(str(tmp_path), [one.probes_metadata for one in study.each], "unused")
    for probe in study.wanted_probes():
        writer.append(Outcome(probe, (0.5, 0.75), "", 0.0, now))
    more = {**SETS, "all": {**IRIS, "rows": [0, 50]}}
    grown = resolved(of_sets(tmp_path, validations=more))
    held: Any = None
    before, after = (Workspace(one, Folder(tmp_path), pilots=held) for one in (study, grown))
    assert not missing_probes(study, before.probes())
    for rows_of_one, value in zip(before.probes_of_each(), (0.5, 0.75), strict=True):
        assert {row["value"] for row in rows_of_one.values()} == {value}
    assert len(missing_probes(grown, after.probes())) == PROBES
    assert [one.name for one in probe_job.lacking(after).validations] == ["all"]
    assert probe_job.lacking(before).validations == study.validations


def test_failed_probes_are_recorded_and_the_study_goes_on(
    local_ray: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready, out = tmp_path / "ready", tmp_path / "out"
    learner = {"name": "tests.helpers.job_learners:unready", "settings": {"ready": str(ready)}}
    probes: dict[str, Any] = {"scales": [16, 21], "lattice": 2, "seeds": 1, "cpus": 0.5}
    probes |= {"mixtures": [{"ada": 0.2, "cyd": 0.8}], "tensorboard": str(tmp_path / "logs")}
    asked = config(learner=learner, probes=probes)
    run_study(asked, str(out))
    failed = [row for row in rows(out, "probes") if row["status"] == "failed"]
    assert {tuple(row["mixture"]) for row in failed} == {(1, 0, 0), (0, 1, 0)}
    assert len(failed) == 4
    for row in failed:
        assert row["value"] is None
        without_two = row["mixture"][0] == 1
        says = "accuracy = nan; expected a finite number" if without_two else "classes [0]"
        assert says in row["error"]
        assert "Traceback" in row["error"]
    said = said_in(capsys)
    assert "14 trained, 4 failed" in said
    assert "Probes: 0 of 14, starting workers" in said
    assert 1 <= said.count(" left)") <= 10, "a line at each tenth follows"
    assert len(list((tmp_path / "logs").iterdir())) == 14, "a run for each probe"

    ready.touch()
    with opened(asked, str(out)) as workspace:
        assert not missing_probes(workspace.study, workspace.probes()), "not again unasked"
        probe_job.show_failures(workspace)
    said = capsys.readouterr().out
    for row in failed:
        assert f"{row['mixture_id']}:{row['size']}:{row['seed']}" in said
        assert row["error"] in said, "the whole traceback"
    assert said.count("Traceback") == 2, "once for all that share it"
    assert "2 causes" in said
    run_study(asked, str(out), retry_failed=True)
    retried = [row for row in rows(out, "probes") if row["attempt"] == 2]
    assert len(retried) == 4
    assert table(out, "probes").num_rows == 14 + 4
    assert all(row["status"] == "done" for row in retried)
    with opened(asked, str(out)) as workspace:
        assert {row["status"] for row in workspace.probes().values()} == {"done"}


def test_a_learner_that_always_fails(again: Path) -> None:
    probes = {"scales": [4, 16], "lattice": 1, "seeds": 1, "cpus": 0.5}
    asked = config(learner={"name": "tests.helpers.job_learners:broken"}, probes=probes)
    with pytest.raises(
        TooFewProbesError,
        match=r"all 6 failed: RuntimeError",
    ):
        run_study(asked, str(again))
    assert table(again, "probes").num_rows == PROBES + 6


def test_a_storage_that_refuses_stops_the_study_and_the_next_run_goes_on(
    finished: tuple[Path, PurchasePlans], again: Path
) -> None:
    shutil.rmtree(again / "probes")
    (again / "probes").write_bytes(b"")
    with pytest.raises(StorageError, match="where a folder should be") as raised:
        run_study(config(), str(again))
    assert "ray::" not in str(raised.value)
    (again / "probes").unlink()
    left = again / "distances" / f".part-0-crash.parquet.{32 * '0'}.tmp"
    left.write_bytes(b"PAR1 half")
    run_study(config(), str(again))
    assert tables(again) == tables(finished[0])
    assert not left.exists(), "what a crash left half-written is swept"


def test_a_driver_whose_claim_is_gone_stops(again: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Lease) -> None:
        raise BusyError("this driver's claim is gone")

    shutil.rmtree(again / "probes")
    monkeypatch.setattr(Lease, "check", gone)
    with pytest.raises(BusyError, match="claim is gone"):
        run_study(config(), str(again))
    assert 1 <= table(again, "probes").num_rows < PROBES
    assert not list((again / "lease").iterdir())


def test_check_trains_nothing(
    local_ray: None, again: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tables(again)
    probes = {**values()["probes"], "seeds": 3}
    with opened(config(probes=probes), str(again)) as workspace:
        check(workspace)
    assert tables(again) == before
    said = capsys.readouterr().out.split()
    for word in ("36", "done", "12", "24", "2.67"):
        assert word in said, word
    assert "already" in said
    assert "unknown:" not in said, "what is done says how long the rest takes"


def test_a_timed_check_trains_one_probe_of_a_new_scale_and_keeps_it(
    local_ray: None, again: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows(again, "probes")
    probes = {**values()["probes"], "scales": [4, 16, 20]}
    with opened(config(probes=probes), str(again)) as workspace:
        check(workspace, timed=False)
    assert "no probe is finished at 20: in proportion" in said_in(capsys)
    for trained in (1, 0):
        with opened(config(probes=probes), str(again), appends=True) as workspace:
            check(workspace, timed=True)
        found = rows(again, "probes")
        assert [row for row in found if row in before] == before
        assert [row["size"] for row in found if row not in before] == [20]
        said = said_in(capsys)
        assert ("1 probe timed" if trained else "nothing trained") in said
        assert "in proportion" not in said, "each scale is timed"


def test_arrays_of_a_provider_that_the_study_does_not_name(local_ray: None, tmp_path: Path) -> None:
    pilots, _ = arrays()
    with pytest.raises(InputError, match="'bobb'; did you mean 'bob'"):
        run_study(config(), str(tmp_path), arrays={"bobb": pilots["bob"]})


def test_a_provider_without_source_or_arrays(local_ray: None, tmp_path: Path) -> None:
    sellers = copy.deepcopy(values()["providers"])
    del sellers[1]["source"]
    with pytest.raises(InputError, match="'bob' has no source"):
        run_study(config(providers=sellers), str(tmp_path))


def test_a_purchase_that_no_plan_can_keep(local_ray: None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="budget"):
        run_study(config(selection={"size": 100, "budget": 10}), str(tmp_path))
    assert not (tmp_path / "probes").exists()


def test_a_bad_pilot_is_named_before_anything_is_trained(local_ray: None, tmp_path: Path) -> None:
    corrupt = tmp_path / "corrupt.parquet"
    corrupt.write_bytes(b"PAR1 this is no table PAR1")
    sellers = copy.deepcopy(values()["providers"])
    sellers[1]["source"] = {"path": str(corrupt)}
    with pytest.raises(InputError) as raised:
        run_study(config(providers=sellers), str(tmp_path / "out"))
    message = str(raised.value)
    assert message.startswith("provider 'bob': ")
    assert str(corrupt) in message
    assert "Traceback" not in message
    assert "ray::" not in message
    assert not (tmp_path / "out").exists()


def flowers(path: Path, columns: str, label: pa.Array) -> dict[str, Any]:
    """Two features of 40 samples in columns of these names, and where to read them."""
    named = {name: np.arange(40.0) for name in columns}
    pq.write_table(pa.table({**named, "label": label}), path)
    return {"path": str(path)}


def test_columns_in_another_order_are_read_in_that_of_validation(
    local_ray: None, tmp_path: Path
) -> None:
    label = pa.array(["no", "yes"] * 20)
    right = flowers(tmp_path / "right.parquet", "ab", label)
    sources = dict.fromkeys(("ada", "bob", "cyd"), right)
    sources["bob"] = flowers(tmp_path / "turned.parquet", "ba", label)
    sellers = [{"name": name, "source": source} for name, source in sources.items()]
    with opened(config(providers=sellers, validation=right), str(tmp_path / "out")) as workspace:
        assert {pilot.feature_names for pilot in workspace.study.pilots} == {("a", "b")}


def test_a_pilot_without_a_label_of_validation_is_refused_before_anything_is_trained(
    local_ray: None, tmp_path: Path
) -> None:
    right = flowers(tmp_path / "right.parquet", "ab", pa.array(["no", "yes"] * 20))
    other = flowers(tmp_path / "other.parquet", "ab", pa.array(["NO", "YES"] * 20))
    sellers = [{"name": "ada", "source": right}, {"name": "bob", "source": other}]
    with pytest.raises(InputError, match=r"'bob'.*'YES' is 'yes'"):
        run_study(config(providers=sellers, validation=right), str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_labels_that_validation_lacks_are_said_at_a_check_at_a_run_and_in_the_report(
    local_ray: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says = "1 of 2 labels of bob are in no validation set: 'virginica'"
    changed = config(validation={**IRIS, "rows": [0, 50], "classes": [0, 1]})
    with opened(changed, str(tmp_path / "out")) as workspace:
        check(workspace)
    assert says in said_in(capsys)
    run_study(changed, str(tmp_path / "out"))
    assert says in said_in(capsys)
    page = html.unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert says in page[page.index("Warnings") :]


def test_a_bad_validation_set_is_named(local_ray: None, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        run_study(config(validation={"path": str(tmp_path / "absent.npz")}), str(tmp_path / "out"))
    assert str(raised.value).startswith("validation: ")
    assert "absent.npz" in str(raised.value)
    assert "ray::" not in str(raised.value)


def job(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"jobs.{module}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def written(asked: dict[str, Any], folder: Path) -> str:
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(asked), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (values(learner={"name": "small_cn"}), "unknown learner 'small_cn'; did you mean"),
        (values(metric="acuracy"), "unknown metric 'acuracy'; did you mean 'accuracy'?"),
        (values(embedder={"name": "identiy"}), "'identiy'; did you mean 'identity'?"),
        (values(selection={"size": 100, "predictor": "gpp"}), "did you mean 'gp'?"),
        (
            values(probes={"scales": [16], "lattice": 2, "seeds": 1}),
            "one scale only, 16; the metric of 100 samples cannot be projected",
        ),
    ],
)
def test_a_mistake_ends_the_job_with_status_2_and_one_message(
    asked: dict[str, Any],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = written(asked, tmp_path)
    assert command("study", study, "--out", str(tmp_path), monkeypatch=monkeypatch) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in " ".join(err.split())
    assert err.count("Error: ") == 1


def test_a_mistake_that_an_actor_finds_ends_the_job_the_same_way(tmp_path: Path) -> None:
    sellers = copy.deepcopy(values()["providers"])
    sellers[0]["source"] = {"path": str(tmp_path / "absent.parquet")}
    path = written(values(providers=sellers), tmp_path)
    ended = job("study", path, "--check", "--out", str(tmp_path / "out"))
    assert ended.returncode == 2
    said = " ".join((ended.stdout + ended.stderr).split())
    assert "Error: provider 'ada': " in said
    assert "Traceback" not in said
    assert "ray::" not in said


def test_an_address_where_nothing_listens(local_ray: None) -> None:
    with pytest.raises(InputError, match=r"Ray cluster.*'127\.0\.0\.1:1'"):
        check_reachable("127.0.0.1:1")


def test_ray_that_a_driver_started_is_left_running(local_ray: None, again: Path) -> None:
    with opened(config(), str(again)):
        assert ray.is_initialized()
    assert ray.is_initialized()


def test_an_adaptive_study_that_was_cut_short_ends_with_equal_tables(
    local_ray: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Cut: the last choice is there, but of its probes only some, as a crash leaves it.

    Before any choice a worker dies, and the design waits for what it trained.
    """
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.1)
    mortal = tmp_path / "mortal"
    mortal.touch()
    learner = {"name": "tests.helpers.job_learners:mortal", "settings": {"mortal": str(mortal)}}
    probes = {
        "scales": [4, 16],
        "design": "adaptive",
        "initial_mixtures": 4,
        "n_mixtures": 8,
        "seeds": 1,
    }
    asked, whole = config(probes=probes, learner=learner), tmp_path / "whole"
    run_study(asked, str(whole))
    assert "1 lost" in caplog.text
    said = said_in(capsys)
    assert "4 mixtures chosen" in said
    assert "16 trained, 0 failed" in said
    assert sorted(row["position"] for row in rows(whole, "adaptive_design")) == [4, 5, 6, 7]
    cut = tmp_path / "cut"
    (cut / "probes").mkdir(parents=True)
    (cut / "adaptive_design").mkdir()
    parts = sorted((whole / "probes").glob("*.parquet"), key=lambda part: part.stat().st_mtime)
    for part in parts[:9]:
        shutil.copy(part, cut / "probes")
    (first, _) = sorted(
        (whole / "adaptive_design").glob("*.parquet"), key=lambda one: one.stat().st_mtime
    )
    shutil.copy(first, cut / "adaptive_design")
    run_study(asked, str(cut))
    assert "9 reused, 7 trained" in said_in(capsys)
    assert tables(cut) == tables(whole)


def test_a_study_of_two_stages_ends_the_same_wherever_it_was_cut(
    local_ray: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut before the choice, after it, and between its trainings; done again it trains nothing."""
    asked, whole = config(probes={"budget": 500}), tmp_path / "whole"
    run_study(asked, str(whole))
    said = said_in(capsys)
    assert "5 plans predicted best are trained at" in said
    assert "29 trained, 0 failed" in said
    assert sum(row["size"] for row in rows(whole, "probes")) <= 500
    parts = sorted((whole / "probes").glob("*.parquet"), key=lambda part: part.stat().st_mtime)
    for name, kept, chosen in [("before", 20, False), ("after", 24, True), ("between", 25, True)]:
        cut = tmp_path / name
        (cut / "probes").mkdir(parents=True)
        for part in parts[:kept]:
            shutil.copy(part, cut / "probes")
        if chosen:
            shutil.copytree(whole / "adaptive_design", cut / "adaptive_design")
        run_study(asked, str(cut))
        assert f"{kept} reused, {29 - kept} trained" in said_in(capsys)
        assert tables(cut) == tables(whole)
    assert finished_tables(asked, str(whole), fingerprint_of(asked, None, None)) is not None
