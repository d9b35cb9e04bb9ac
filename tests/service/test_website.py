"""The page: its parts, its files, its export links, and signing in."""

import json
import re
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.testclient import TestClient

from projektor_ray.cli.app import main
from projektor_ray.errors import InputError
from projektor_ray.service import ServiceSettings, create_app, website
from projektor_ray.storage.folder import Folder
from projektor_ray.study import open_study
from projektor_ray.study.record import write_record
from tests.helpers.studies import changed, resolved
from tests.helpers.study_folders import write_ledgers
from tests.helpers.twin_pilots import TwinPilots, pilot_csv

TOKEN = "a-token-of-many-letters-and-3-digits"
EVIL = '"><script>alert(1)</script>'


def test_the_page_is_complete_without_its_script(client: TestClient) -> None:
    html = client.get("/", params={"form": "1", "ask": "size", "size": "80"}).text
    assert 'id="plan-heading"' in html
    assert 'value="80"' in html
    assert "Warnings" in html
    assert "`" not in html, "settings in sentences are code"
    assert html.count("<svg") >= 3
    for name in ("ada", "bob", "cyd"):
        assert f'aria-label="leave out {name}"' in html


def test_the_first_view_has_the_plan_where_it_is_quick(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(website, "FIRST_VIEW_SECONDS", 60.0)
    html = client.get("/").text
    assert 'id="plan-heading"' in html
    assert "<noscript>" not in html
    monkeypatch.setattr(website, "FIRST_VIEW_SECONDS", 0.0)
    html = client.get("/").text
    assert 'id="plan-heading"' not in html
    assert "<noscript><section><h2>The plan takes a moment" in html
    assert 'id="question"' in html


def test_nothing_comes_from_elsewhere_or_is_inline(client: TestClient) -> None:
    html = client.get("/", params={"form": "1", "size": "80"}).text
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', html)
    assert addresses
    assert not [one for one in addresses if re.match(r"(\w+:)?//", one)]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>", html)


def test_every_field_has_a_label(client: TestClient) -> None:
    html = client.get("/").text
    labelled = set(re.findall(r'<label for="([^"]*)"', html))
    for tag in re.findall(r"<(?:input|select)\b[^>]*>", html):
        if 'type="hidden"' in tag or 'type="radio"' in tag:
            continue
        identifier = re.search(r'\bid="([^"]*)"', tag)
        assert "aria-label=" in tag or (identifier and identifier[1] in labelled), tag


def test_a_part_is_the_same_as_on_the_page(client: TestClient) -> None:
    query = {"form": "1", "ask": "size", "size": "80", "exclude": "bob"}
    part = client.get("/parts/answer", params=query).text
    assert part.strip() in client.get("/", params=query).text
    shares = json.loads(re.search(r"data-shares='([^']*)'", part)[1])  # type: ignore[index]
    assert shares["bob"] == 0
    assert sum(shares.values()) == pytest.approx(1)


def test_a_mixture_by_hand_is_compared_with_the_plan(client: TestClient, place: Path) -> None:
    query = {"ask": "size", "size": "80", "share.ada": "50", "share.bob": "50"}
    part = client.get("/parts/by-hand", params=query).text
    expected = open_study(place).purchase({"ada": 40, "bob": 40})
    assert f"{expected.cost:,.2f}" in part
    assert "your mixture" in part
    assert client.get("/parts/by-hand", params={"share.ada": "0"}).status_code == 200


def test_a_frontier_is_a_part(client: TestClient) -> None:
    query = {"price.bob": "1", "price.cyd": "0.5", "frontier": "20, 60"}
    part = client.get("/parts/frontier", params=query).text
    assert "<svg" in part
    assert "60.00" in part


def test_a_frontier_is_the_same_everywhere(
    client: TestClient,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On the page, by the endpoint, by the command and in Python; under changed prices."""
    offers: dict[str, dict[str, Any]] = {"bob": {"price": 1.0}, "cyd": {"price": 0.5}}
    body = {"budgets": [60.0, 200.0], "providers": offers, "max_size": 90}
    rows = client.post("/v1/studies/test/frontier", json=body).json()["frontier"]
    plans = open_study(place).select(
        frontier=(60.0, 200.0), providers=offers, max_size=90, leave_out=False
    )
    for row, plan in zip(rows, plans.frontier.values(), strict=True):
        assert row["predicted"] == pytest.approx(plan.predicted, abs=1e-9)
        assert row["size"] == plan.size
    query = {"ask": "open", "max_size": "90", "frontier": "60, 200"}
    query |= {f"price.{name}": str(offer["price"]) for name, offer in offers.items()}
    part = client.get("/parts/frontier", params=query).text
    shown = re.findall(r"<tr[^>]*>(.*?)</tr>", part)[1:]
    for row, cells in zip(rows, shown, strict=True):
        texts = re.findall(r"<td[^>]*>(.*?)</td>", cells)
        assert float(texts[0]) == row["budget"]
        assert float(texts[1]) == pytest.approx(row["predicted"], abs=6e-4)
        assert f"{row['size']:,}" in texts
    command = ["projektor", "select", str(place), "--frontier", "60,200", "--max-size", "90"]
    prices = ["--price", "bob=1", "--price", "cyd=0.5", "--json"]
    monkeypatch.setattr(sys, "argv", [*command, *prices])
    with pytest.raises(SystemExit):
        main()
    written = json.loads(capsys.readouterr().out)["plans"]
    predicted = {one["plan"]: one["predicted"] for one in written}
    for row in rows:
        expected = pytest.approx(row["predicted"], abs=1e-9)
        assert predicted[f"budget {row['budget']:g}"] == expected


def test_without_scripts_the_first_view_waits_for_a_frontier(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before any plan was asked for, the form of the budgets sends nothing but them."""
    monkeypatch.setattr(website, "FIRST_VIEW_SECONDS", 0.0)
    query = {"price.bob": "1", "price.cyd": "0.5", "frontier": "20, 60"}
    html = client.get("/", params=query).text
    assert 'id="plan-heading"' in html
    assert "<svg" in html[html.index('<div id="frontier"') :].partition("</div>")[0]


def test_without_scripts_a_frontier_keeps_the_question(client: TestClient) -> None:
    query = {"form": "1", "ask": "size", "size": "80", "frontier": "20, 60"}
    query |= {"price.bob": "1", "price.cyd": "0.5"}
    html = client.get("/", params=query).text
    form = html[html.index('<form id="frontier-form"') :].partition("</form>")[0]
    kept = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form))
    assert kept == {name: value for name, value in query.items() if name != "frontier"}
    assert 'value="20, 60"' in form
    shown = html[html.index('<div id="frontier"') :].partition("</div>")[0]
    assert "<svg" in shown


@pytest.fixture(scope="module")
def with_pilots(place: Path) -> Iterator[TestClient]:
    app = create_app([str(place)], None, {"test": TwinPilots(twin=0, factor=0.6)})
    with TestClient(app, base_url="http://127.0.0.1") as found:
        yield found


def test_a_new_provider_is_examined_on_the_page(with_pilots: TestClient) -> None:
    assert 'id="new-file"' in with_pilots.get("/").text
    offer = {"new-name": "dan & co", "new-price": "0.5", "new-capacity": "1,000"}
    query = {"ask": "size", "size": "80", "budget": "120", **offer}
    part = with_pilots.post("/parts/providers", params=query, content=pilot_csv()).text
    assert "dan &amp; co: what would change" in part
    body = {"name": "dan & co", "price": "0.5", "capacity": "1000", "size": "80", "budget": "120"}
    url = "/v1/studies/test/providers"
    answer = with_pilots.post(url, params=body, content=pilot_csv()).json()
    assert answer["findings"][1]["text"] in unescape(part)
    rows = re.findall(r"<tr[^>]*><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>", part)
    assert dict(answer["with"]["samples"]) == {
        unescape(name): int(count) for name, count, _ in rows[:4] if count != "0"
    }
    without_ada = {**query, "form": "1", "exclude": "ada"}
    part = with_pilots.post("/parts/providers", params=without_ada, content=pilot_csv()).text
    assert "<td>ada</td><td>0</td><td>0</td>" in part


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ({"new-name": "ada"}, b""),
        ({"new-name": ""}, b""),
        ({"new-name": "dan", "new-price": "cheap"}, b""),
        ({"new-name": "dan", "size": "3"}, b""),
        ({"new-name": "dan"}, b"PAR1"),
    ],
)
def test_a_new_provider_that_cannot_be_is_refused_in_its_place(
    with_pilots: TestClient, query: dict[str, str], content: bytes
) -> None:
    body = content or pilot_csv()
    answer = with_pilots.post("/parts/providers", params={"ask": "size", **query}, content=body)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text


def test_without_pilots_the_page_says_what_it_needs(client: TestClient) -> None:
    page = client.get("/").text
    assert 'id="new-file"' not in page
    assert "--pilots STUDY.yaml" in page
    part = client.post("/parts/providers", params={"new-name": "dan"}, content=pilot_csv())
    assert "--pilots STUDY.yaml" in part.text


@pytest.mark.parametrize("query", [{"size": "3"}, {"exclude": "adda"}, {"price.ada": "cheap"}])
def test_what_cannot_be_answered_is_said_in_place_of_the_plan(
    client: TestClient, query: dict[str, str]
) -> None:
    for path in ("/parts/answer", "/"):
        answer = client.get(path, params={"form": "1", "ask": "size", **query})
        assert answer.status_code == 200
        assert 'role="alert"' in answer.text


def test_text_from_the_address_is_escaped(client: TestClient) -> None:
    for key in ("size", "exclude", "price.ada", EVIL, "study"):
        for path in ("/", "/parts/answer"):
            answer = client.get(path, params={"form": "1", key: EVIL})
            html = "text/html" in answer.headers["content-type"]
            assert html == (key != "study" or path != "/")
            assert not html or "<script>alert" not in answer.text


def test_a_plan_is_exported_as_the_page_has_it(client: TestClient) -> None:
    query = {"form": "1", "ask": "size", "size": "80", "exclude": "ada"}
    order = client.get("/export/purchase-order.json", params=query).json()
    assert sum(line["samples"] for line in order) == 80
    assert "ada" not in [line["provider"] for line in order]
    assert client.get("/export/word", params=query).status_code == 404


def test_a_file_that_cannot_be_written_is_refused_on_a_page(client: TestClient) -> None:
    query = {"form": "1", "ask": "size", "size": "80", "exclude": "ada", "share.bob": '"><script>'}
    query |= {"capacity.bob": "", "price.bob": "0"}
    refused = client.get("/export/axolotl", params=query)
    assert refused.status_code == 422
    assert "keeps a part of each data set" in refused.text
    back = re.search(r'href="\.\./\?([^"]*)"', refused.text)
    assert back is not None
    assert dict(parse_qsl(unescape(back[1]), keep_blank_values=True)) == query
    assert "<script>" not in refused.text


def test_files_of_the_page(client: TestClient) -> None:
    style, script = client.get("/static/page.css"), client.get("/static/page.js")
    assert style.headers["content-type"].startswith("text/css")
    assert "prefers-color-scheme: dark" in style.text
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.fixture
def guarded(place: Path) -> Iterator[TestClient]:
    app = create_app([str(place)], ServiceSettings(token=TOKEN))
    with TestClient(app, base_url="http://service.example", follow_redirects=False) as found:
        yield found


def test_signing_in_sets_a_cookie_that_is_not_the_token(guarded: TestClient) -> None:
    assert guarded.get("/").headers["location"] == "sign-in"
    assert 'type="password"' in guarded.get("/sign-in").text
    refused = guarded.post("/sign-in", content=b"token=wrong")
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    accepted = guarded.post("/sign-in", content=f"token={TOKEN}".encode())
    cookie = accepted.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert TOKEN not in cookie
    assert guarded.get("/").status_code == 200


def test_a_study_of_one_scale_has_a_page(tmp_path: Path) -> None:
    asked = changed("probes", to={"scales": [40], "lattice": 3, "seeds": 2})
    study = resolved({**asked, "selection": {"size": 40, "restarts": 4}})
    write_record(Folder(tmp_path), study)
    write_ledgers(Folder(tmp_path), study)
    with TestClient(create_app([str(tmp_path)]), base_url="http://127.0.0.1") as client:
        html = client.get("/", params={"form": "1"}).text
        assert "plan-heading" in html
        refused = client.get("/parts/answer", params={"ask": "size", "size": "90"}).text
        assert "one scale only" in refused
    with pytest.raises(InputError):
        open_study(tmp_path).select(size=90)


def test_a_mixture_by_hand_lists_what_it_buys(client: TestClient) -> None:
    html = client.get("/parts/by-hand?form=1&ask=size&size=60&share.ada=40&share.bob=20").text
    assert re.search(r">ada 40 · bob 20</p>", html)
