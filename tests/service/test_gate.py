"""Tokens, hosts, sizes and the headers of every answer."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from projektor_ray.service import ServiceSettings, create_app
from projektor_ray.service.gate import COOKIE, session_of

TOKEN = "a-token-of-many-letters-and-3-digits"
STUDIES = "/v1/studies"


@pytest.fixture(scope="module")
def guarded(place: Path) -> Iterator[TestClient]:
    app = create_app([str(place)], ServiceSettings(token=TOKEN, max_body=2000))
    with TestClient(app, base_url="http://service.example", follow_redirects=False) as found:
        yield found


@pytest.fixture(autouse=True)
def _no_cookies(guarded: TestClient) -> None:
    guarded.cookies.clear()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        *map(bearer, ("wrong", TOKEN[:-1], TOKEN + "x", "", "ünïcode")),
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Cookie": f"{COOKIE}=x"},
    ],
)
@pytest.mark.parametrize("path", [STUDIES, "/metrics", "/openapi.json", "/nothing"])
def test_without_the_token_nothing_is_answered(
    guarded: TestClient, headers: dict[str, str], path: str
) -> None:
    encoded = {key: value.encode("utf-8") for key, value in headers.items()}
    answer = guarded.get(path, headers=encoded)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "test" not in answer.text


def test_with_the_token_requests_are_answered(guarded: TestClient) -> None:
    assert guarded.get(STUDIES, headers=bearer(TOKEN)).status_code == 200
    cookie = {"Cookie": f"{COOKIE}={session_of(TOKEN)}"}
    assert guarded.get(STUDIES, headers=cookie).status_code == 200
    assert TOKEN not in session_of(TOKEN)


def test_health_needs_no_token_and_shows_no_name(guarded: TestClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = guarded.get(path)
        assert answer.status_code == 200
        assert "test" not in answer.text


def test_without_a_token_only_this_machine_is_answered(client: TestClient) -> None:
    for host in ("localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1"):
        assert client.get(STUDIES, headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[fe80::1]", ""):
        assert client.get(STUDIES, headers={"Host": host}).status_code == 421, host


def test_a_body_may_have_so_many_bytes(guarded: TestClient) -> None:
    def send(content: bytes | Iterator[bytes]) -> int:
        url = f"{STUDIES}/test/select"
        headers = {**bearer(TOKEN), "Content-Type": "application/json"}
        return guarded.post(url, content=content, headers=headers).status_code

    assert send(b"{" + b" " * 1900 + b"}") == 200
    assert send(b"{" + b" " * 2000 + b"}") == 413
    assert send(b" " * 900 for _ in range(3)) == 413, "of an unknown length"


def test_every_answer_carries_the_headers_that_protect_it(client: TestClient) -> None:
    for path in (STUDIES, "/nothing", "/healthz"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_a_request_that_is_sent_too_slowly_is_given_up(place: Path) -> None:
    app = create_app([str(place)], ServiceSettings(body_seconds=0.05))
    sent: list[Message] = []

    async def never() -> Message:
        await asyncio.sleep(10)
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{STUDIES}/test/select",
        "headers": [(b"host", b"127.0.0.1")],
        "query_string": b"",
    }
    asyncio.run(app(scope, never, send))
    assert sent[0]["status"] == 408


def test_a_body_that_breaks_off_reaches_no_endpoint(place: Path) -> None:
    """The bytes so far are a valid request, which must not be answered as if it were whole."""
    app = create_app([str(place)])
    given: list[Message] = [
        {"type": "http.request", "body": b"{}", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return given.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": f"{STUDIES}/test/select",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
        "query_string": b"",
    }
    asyncio.run(app(scope, receive, send))
    assert sent == []
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert 'status="499"' in client.get("/metrics").text


def test_the_token_is_logged_nowhere(guarded: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        guarded.get(STUDIES, headers=bearer(TOKEN))
        guarded.get(STUDIES, headers=bearer(f"{TOKEN}x"))
        guarded.post(f"{STUDIES}/test/select", json={"x": 1}, headers=bearer(TOKEN))
    assert TOKEN not in caplog.text
    assert TOKEN not in guarded.get("/metrics", headers=bearer(TOKEN)).text
    assert TOKEN not in repr(ServiceSettings(token=TOKEN))
