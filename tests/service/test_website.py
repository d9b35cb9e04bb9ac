"""The page: its parts, its files, its export links, and signing in."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from projektor_ray.errors import InputError
from projektor_ray.service import ServiceSettings, create_app
from projektor_ray.storage.folder import Folder
from projektor_ray.study import open_study
from projektor_ray.study.record import write_record
from tests.helpers.studies import changed, resolved
from tests.helpers.study_folders import write_ledgers

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


def test_the_first_page_comes_without_the_plan(client: TestClient) -> None:
    html = client.get("/").text
    assert 'id="plan-heading"' not in html
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
