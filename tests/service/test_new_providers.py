"""A new provider by its pilot: what is answered, and what is refused in words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from projektor_ray.service import ServiceSettings, create_app
from projektor_ray.study import open_study
from tests.helpers.studies import changed, resolved
from tests.helpers.study_folders import write_study
from tests.helpers.twin_pilots import TwinPilots, pilot_csv

URL = "/v1/studies/test/providers"
HERE = "http://127.0.0.1"


def held_client(place: Path, pilots: TwinPilots, **settings: Any) -> TestClient:
    app = create_app([str(place)], ServiceSettings(**settings), {"test": pilots})
    return TestClient(app, base_url=HERE)


@pytest.fixture(scope="module")
def held(place: Path) -> Iterator[TestClient]:
    with held_client(place, TwinPilots(twin=0, factor=0.6)) as found:
        yield found


def ask(client: TestClient, content: bytes = b"", **query: Any) -> Any:
    return client.post(URL, params={"name": "new", **query}, content=content or pilot_csv())


def test_without_pilots_the_service_says_what_it_needs(client: TestClient) -> None:
    answer = ask(client)
    assert answer.status_code == 501
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:projektor:needs-pilots"
    assert "--pilots" in answer.json()["detail"]
    other = client.post("/v1/studies/tset/providers", params={"name": "new"}, content=b"x")
    assert other.status_code == 404


def test_what_adding_it_changes(held: TestClient, place: Path) -> None:
    found = ask(held, price=0.5, capacity=60).json()
    assert found["provider"] == "new"
    assert found["interval_level"] == 0.9
    assert found["profiles"]["validation"]["samples"] == 40
    alone = found["distances"]["validation"]
    assert alone["new"] == pytest.approx(0.6 * alone["ada"], rel=1e-6)
    assert found["profiles"]["validation"]["distance"] == alone["new"]
    assert [row["provider"] for row in found["tables"]["validation"]][-1] == "new"
    study = open_study(place)
    known = study.select().selected
    without = {n: c for n, c in zip(known.names, known.samples.tolist(), strict=True) if c}
    assert found["without"]["samples"] == without
    assert 0 < found["with"]["samples"]["new"] <= 60
    assert found["with"]["size"] == 100
    assert found["with"]["cost"] <= 120
    change = found["difference"]
    assert change["value"] == pytest.approx(
        found["with"]["predicted"] - found["without"]["predicted"]
    )
    assert change["low"] < change["value"] < change["high"]
    assert found["with"]["low"] < found["with"]["predicted"] < found["with"]["high"] <= 1
    assert found["widening"] >= 1
    assert found["distances_confirmed"] is True
    assert {one["name"] for one in found["left_out"]["validation"]} == {"ada", "bob", "cyd"}
    kinds = [one["kind"] for one in found["findings"]]
    assert kinds[1:4] == ["new_provider_plan", "new_provider_model", "new_provider_certainty"]


def test_the_offer_and_the_purchase_are_the_request_s(held: TestClient) -> None:
    dear = ask(held, price=1e6).json()
    assert "new" not in dear["with"]["samples"]
    assert dear["difference"]["value"] == pytest.approx(0, abs=1e-9)
    larger = ask(held, price=0.5, size=80, minimum_order=70).json()
    assert larger["with"]["size"] == larger["without"]["size"] == 80
    assert larger["with"]["samples"].get("new", 70) >= 70


def test_a_purchase_that_only_the_new_provider_makes_possible(tmp_path: Path) -> None:
    values = changed("probes", "lattice", to=3)
    values["providers"][2]["capacity"] = 20
    with held_client(write_study(tmp_path, resolved(values)), TwinPilots()) as client:
        answer = ask(client, price=0.01, size=200).json()
        assert answer["without"] is None
        assert answer["difference"] is None
        assert answer["with"]["samples"]["new"] >= 50
        assert ask(client, size=200, capacity=10).json()["type"] == "urn:projektor:infeasible"


def test_of_a_target_the_cheaper_plan_is_shown(tmp_path: Path) -> None:
    """Its metric may be less than that of the dearer plan without the new provider."""
    values = changed("probes", "lattice", to=3)
    values["selection"] = {"target": 0.64, "max_size": 60}
    pilots = TwinPilots(twin=0, factor=0.9)
    with held_client(write_study(tmp_path, resolved(values)), pilots) as client:
        found = ask(client, price=0.1).json()
        query = {"form": "1", "ask": "target", "target": "0.64", "max_size": "60"}
        query |= {"new-name": "new", "new-price": "0.1"}
        part = client.post("/parts/providers", params=query, content=pilot_csv()).text
    with_it, without = found["with"], found["without"]
    assert with_it["samples"]["new"] > 0
    assert with_it["cost"] < 0.5 * without["cost"]
    assert 0.639 < with_it["predicted"] < without["predicted"] + 0.01
    assert "to reach the target" in part
    assert f"{with_it['cost']:,.2f}" in part


def test_parquet_is_read_like_csv(held: TestClient) -> None:
    rows = [line.split(",") for line in pilot_csv().decode().splitlines()]
    columns = {n: [float(row[i]) for row in rows[1:]] for i, n in enumerate(rows[0])}
    columns["label"] = [int(one) for one in columns["label"]]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    assert ask(held, sink.getvalue().to_pybytes()).json() == ask(held).json()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PAR1", "cannot be read as Parquet"),
        (b"\x00\xff" * 50, "the pilot"),
        (b"{}", "expected one of"),
        (pilot_csv(width=3), "shape"),
        (b"x0,x1,x2,x3\n1,2,3,4\n", "no label column"),
        (b"x0,x1,x2,x3,label\n1,2,3,4,0\n1,2,3,nan,0\n", "NaN"),
        (b"x0,x1,x2,x3,label\n1,2,3,4,7\n1,2,3,5,8\n", "no label in common"),
        (b"x0,x1,x2,x3,label\n" + b"1,2,3,4,0\n" * 100_001, "100,001 rows"),
        (b"image,label\n/etc/passwd.png,0\n/etc/group.png,1\n", "not read"),
    ],
)
def test_an_upload_of_no_use_is_refused_in_words(
    held: TestClient, content: bytes, words: str
) -> None:
    answer = ask(held, content)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_an_empty_and_a_too_large_upload_are_refused(held: TestClient, place: Path) -> None:
    answer = held.post(URL, params={"name": "new"})
    assert (answer.status_code, "is empty" in answer.json()["detail"]) == (422, True)
    with held_client(place, TwinPilots(), max_upload=1000) as small:
        assert ask(small).status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        {"name": ""},
        {"name": "ada"},
        {"name": "Ada "},
        {"name": "a\x00b"},
        {"name": "x" * 201},
        {"price": "nan"},
        {"price": -1},
        {"price": "dear"},
        {"price": "1_5"},
        {"capacity": "1_000"},
        {"capacity": -1},
        {"capacity": 1.5},
        {"minimum_order": "inf"},
        {"size": 0},
        {"size": 1},
        {"budget": "-inf"},
        {"label": "nobody"},
        {"path": "/etc/passwd"},
    ],
)
def test_an_offer_that_cannot_be_is_refused(held: TestClient, query: dict[str, Any]) -> None:
    answer = ask(held, **query)
    assert answer.status_code == 422, answer.text
    assert json.loads(answer.content)["status"] == 422
    assert held.post(URL, content=pilot_csv()).status_code == 422


def test_a_pilot_that_is_forgotten_is_asked_for_again(place: Path) -> None:
    with held_client(place, TwinPilots(forgets=True)) as client:
        answer = ask(client)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:projektor:pilot-forgotten"


def test_a_slow_request_is_cut_off(place: Path) -> None:
    with held_client(place, TwinPilots(), seconds=1e-3) as client:
        assert ask(client).status_code == 504


def test_it_is_described_for_programs(held: TestClient) -> None:
    described = held.get("/openapi.json").json()["paths"]["/v1/studies/{name}/providers"]["post"]
    assert "text/csv" in described["requestBody"]["content"]
    assert "price" in {one["name"] for one in described["parameters"]}
    assert np.isin(["422", "501"], [*described["responses"]]).all()
