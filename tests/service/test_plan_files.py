"""Plans as files: every form can be read again, and all buy the same."""

import json
from io import BytesIO
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
import yaml

from projektor_ray.explain.from_study import results_of_plans
from projektor_ray.explain.results import Results
from projektor_ray.service.plan_files import FILES, plan_file
from projektor_ray.service.problem_details import RefusedError
from projektor_ray.study import open_study


@pytest.fixture(scope="module")
def results(place: Path) -> Results:
    study = open_study(place)
    limited = study.offering({"cyd": {"capacity": 500}})
    return results_of_plans(limited, limited.select(size=80))


@pytest.mark.parametrize("form", FILES)
def test_every_form_is_written(results: Results, form: str) -> None:
    name, media_type, content = plan_file(results, form)
    assert content
    assert "/" in media_type
    assert name.startswith(form.partition(".")[0])


def test_tables_hold_the_plan(results: Results) -> None:
    table = pacsv.read_csv(BytesIO(plan_file(results, "purchase-order.csv")[2]))
    assert sum(table["samples"].to_pylist()) == 80
    plans = pq.read_table(BytesIO(plan_file(results, "plans.parquet")[2])).to_pylist()
    selected = [row["samples"] for row in plans if row["plan"] == "selected"]
    assert selected == results.selected.samples.tolist()


def test_trainers_get_shares_of_the_plan(results: Results) -> None:
    name, media_type, content = plan_file(results, "huggingface")
    assert (name, media_type) == ("huggingface.json", "application/json")
    assert sum(json.loads(content)["probabilities"]) == pytest.approx(1)
    streams = yaml.safe_load(plan_file(results, "mosaicml")[2])["streams"]
    assert sum(one["choose"] for one in streams.values()) == 80


@pytest.mark.parametrize("form", ["word", "plans", "../plans.csv", "", "x" * 10_000])
def test_an_unknown_form_is_refused(results: Results, form: str) -> None:
    with pytest.raises(RefusedError) as refused:
        plan_file(results, form)
    assert refused.value.status == 404
    assert len(str(refused.value)) < 1000
