"""The endpoints under /v1, against the study itself."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from projektor_ray.explain.from_study import results_of_plans
from projektor_ray.explain.json_results import results_to_dict
from projektor_ray.study import FittedStudy, open_study

STUDY = "/v1/studies/test"


@pytest.fixture(scope="module")
def study(place: Path) -> FittedStudy:
    return open_study(place)


def test_studies_are_listed_and_described(client: TestClient, study: FittedStudy) -> None:
    (only,) = client.get("/v1/studies").json()["studies"]
    assert only["name"] == "test"
    assert only["providers_count"] == 3
    assert only["unfinished_probes"] == 0
    found = client.get(STUDY).json()
    assert found["scales"] == list(study.scales)
    assert found["request"]["size"] == 100
    ada = found["providers"][0]
    assert (ada["name"], ada["price"], ada["capacity"]) == ("ada", 2.0, 90)
    assert set(found["tables"]) == {"runs", "provider_profiles"}


def test_predictions_are_those_of_the_study(client: TestClient, study: FittedStudy) -> None:
    mixtures = [{"ada": 0.25, "bob": 0.75}, {"cyd": 1.0}]
    found = client.post(f"{STUDY}/predict", json={"mixtures": mixtures, "size": 200}).json()
    for mixture, row in zip(mixtures, found["predictions"], strict=True):
        expected = study.predict(mixture, 200)
        assert row["value"] == pytest.approx(expected.value[0])
        assert (row["low"], row["high"]) == pytest.approx((expected.low[0], expected.high[0]))
    assert found["metric"] == "accuracy"


def test_projections_are_those_of_the_study(client: TestClient, study: FittedStudy) -> None:
    asked = {"mixture": {"ada": 1.0}, "sizes": [10, 40, 200]}
    found = client.post(f"{STUDY}/project", json=asked).json()["projections"]
    assert [row["size"] for row in found] == [10, 40, 200]
    expected = study.project({"ada": 1.0}, [10, 40, 200]).value.tolist()
    assert [row["value"] for row in found] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "question", "offers"),
    [
        ({}, {}, {}),
        ({"size": 80}, {"size": 80}, {}),
        (
            {"size": 90, "budget": 60.0, "providers": {"ada": {"price": 1.0, "capacity": 30}}},
            {"size": 90, "budget": 60.0},
            {"ada": {"price": 1.0, "capacity": 30}},
        ),
        (
            {"size": 60, "providers": {"bob": {"excluded": True}, "cyd": {"minimum_order": 20}}},
            {"size": 60},
            {"bob": {"excluded": True}, "cyd": {"minimum_order": 20}},
        ),
    ],
)
def test_plans_are_those_of_the_study(
    client: TestClient, study: FittedStudy, body: Any, question: Any, offers: Any
) -> None:
    found = client.post(f"{STUDY}/select", json=body).json()
    plans = study.select(**question, providers=offers, leave_out=False)
    results = results_of_plans(study.offering(offers), plans, study.profiles())
    assert found == results_to_dict(results)
    again = client.post(f"{STUDY}/select", json=body).json()
    assert again == found


def test_the_best_plans_without_each_provider_are_found_where_asked_for(
    client: TestClient,
) -> None:
    body = {"size": 80, "without_each": True}
    found = client.post(f"{STUDY}/select", json=body).json()["profiles"]["validation"]
    assert any(row["metric_without"] is not None for row in found)


def test_a_frontier_has_a_plan_for_each_budget(client: TestClient) -> None:
    body = {"budgets": [60.0, 20.0], "providers": {"bob": {"price": 1.0}, "cyd": {"price": 0.5}}}
    found = client.post(f"{STUDY}/frontier", json=body).json()["frontier"]
    assert [row["budget"] for row in found] == [20.0, 60.0]
    assert all(row["cost"] <= row["budget"] for row in found)
    assert found[0]["predicted"] <= found[1]["predicted"]


def test_two_purchases_are_compared(client: TestClient, study: FittedStudy) -> None:
    body = {"first": {"ada": 60, "bob": 40}, "second": {"cyd": 40}}
    found = client.post(f"{STUDY}/compare", json=body).json()
    first, second = study.purchase(body["first"]), study.purchase(body["second"])
    gain, low, high = study.gain(first, second)
    comparison = found["comparison"]
    assert comparison["difference"] == pytest.approx(gain)
    assert (comparison["low"], comparison["high"]) == pytest.approx((low, high))
    assert found["first"]["cost"] == 120
    assert found["second"]["samples"] == {"cyd": 40}


def test_profiles_are_sent(client: TestClient, study: FittedStudy) -> None:
    found = client.get(f"{STUDY}/profiles").json()["validation_sets"]["validation"]
    assert [row["provider"] for row in found["profiles"]] == list(study.providers)
    assert found["profiles"][0]["wrong_labels"] == 0.2
    assert found["table"][0]["provider"] == "ada"


def test_tables_are_sent_as_json_and_as_arrow(client: TestClient, study: FittedStudy) -> None:
    expected = study.runs()
    rows = client.get(f"{STUDY}/tables/runs", params={"offset": 2, "limit": 3}).json()
    assert rows["rows_in_all"] == expected.num_rows
    assert rows["rows"] == expected.slice(2, 3).to_pylist()
    accept = {"Accept": "application/vnd.apache.arrow.stream"}
    answer = client.get(f"{STUDY}/tables/runs", headers=accept)
    assert answer.headers["content-type"] == accept["Accept"]
    assert pa.ipc.open_stream(answer.content).read_all().equals(expected)
    assert client.get(f"{STUDY}/tables/runs", headers={"Accept": "text/html"}).status_code == 406


def test_whole_numbers_may_have_an_exponent_or_a_point(client: TestClient) -> None:
    plain = client.post(f"{STUDY}/select", json={"size": 80}).json()
    for number in ("8e1", "80.0"):
        answer = client.post(f"{STUDY}/select", content=f'{{"size": {number}}}', headers=JSON)
        assert answer.json() == plain
    assert client.post(f"{STUDY}/select", json={"size": 80.5}).status_code == 422
    huge = client.post(f"{STUDY}/select", content='{"size": 1e308}', headers=JSON)
    assert huge.status_code == 422


def test_a_plan_is_exported(client: TestClient) -> None:
    answer = client.post(f"{STUDY}/export/purchase-order.json", json={"size": 80})
    assert "purchase-order.json" in answer.headers["content-disposition"]
    assert sum(line["samples"] for line in answer.json()) == 80
    mixture = client.post(f"{STUDY}/export/huggingface", json={"size": 80}).json()
    assert sum(mixture["probabilities"]) == pytest.approx(1)


JSON = {"Content-Type": "application/json"}
NOBODY = {"ada": {"excluded": True}, "bob": {"excluded": True}, "cyd": {"capacity": 20}}
STATUS = {"unknown-study": 404, "unknown-format": 404, "infeasible": 422, "unusable-request": 422}
UNLIMITED = {"size": 80, "providers": {"ada": {"capacity": None}}}
BAD = "unusable-request"


@pytest.mark.parametrize(
    ("path", "body", "kind", "says"),
    [
        ("tset/select", {}, "unknown-study", "'test'"),
        ("test/select", {"sise": 80}, BAD, "'size'"),
        ("test/select", {"size": "80"}, BAD, "whole number"),
        ("test/select", {"size": 5}, BAD, "smallest scale"),
        ("test/select", {"size": 80, "target": 0.5}, BAD, "different"),
        ("test/select", {"size": 80, "providers": NOBODY}, "infeasible", "80"),
        ("test/select", {"providers": {"adda": {}}}, BAD, "'ada'"),
        ("test/select", {"providers": {"ada": {"prize": 1}}}, BAD, "'price'"),
        ("test/select", {"target": 1.5}, BAD, "1.5"),
        ("test/predict", {"mixtures": [{"ada": 0.4}], "size": 80}, BAD, "sum"),
        ("test/predict", {"mixtures": [{"adda": 1.0}], "size": 80}, BAD, "ada"),
        ("test/export/word", {"size": 80}, "unknown-format", "plans.csv"),
        (
            "test/export/axolotl",
            UNLIMITED,
            BAD,
            "--capacity",
        ),
        ("test/compare", {"first": {}, "second": {}}, BAD, "no samples"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    client: TestClient, path: str, body: Any, kind: str, says: str
) -> None:
    answer = client.post(f"/v1/studies/{path}", json=body)
    found = answer.json()
    assert found["type"] == f"urn:projektor:{kind}", found
    assert answer.status_code == found["status"] == STATUS[kind]
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in found["detail"]


def test_the_description_of_the_api_has_examples_that_can_be_asked(client: TestClient) -> None:
    described = client.get("/openapi.json").json()
    tried = 0
    for path, methods in described["paths"].items():
        content = methods.get("post", {}).get("requestBody", {}).get("content", {})
        for example in content.get("application/json", {}).get("examples", {}).values():
            form = path.replace("{name}", "test").replace("{form}", "plans.csv")
            answer = client.post(form, json=example["value"])
            assert answer.status_code == 200, (path, example, answer.text)
            tried += 1
    assert tried >= 8


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=1&limit=2", "'limit' is given 2 times"),
        ("offset=0&offset=0", "'offset' is given 2 times"),
        ("limt=2", "did you mean 'limit'"),
        ("%1b[31m=2", "unknown parameter"),
    ],
)
def test_a_parameter_that_is_unknown_or_given_twice_is_refused(
    client: TestClient, query: str, says: str
) -> None:
    answer = client.get(f"{STUDY}/tables/runs?{query}")
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_a_body_that_is_not_declared_as_json_is_told_so(client: TestClient) -> None:
    answer = client.post(f"{STUDY}/select", content=b'{"size": 80}')
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["detail"]
