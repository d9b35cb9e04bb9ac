"""Requests as bytes, sent to a server: what no client library sends."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from projektor_ray.service import connections, create_app
from projektor_ray.service.connections import TimedConnection

HOST = b"Host: 127.0.0.1\r\n"
HEADS = (
    b"GARBAGE\r\n\r\n",
    b"GET /v1/studies\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/studies/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /v1/studies HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"GET /v1/studies HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
    b"GET /v1/studies HTTP/1.1\r\n\r\n",
    b"GET /v1/studies HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
    b"GET /v1/studies\x1b[31m HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /%0d%0aX-Evil:%20yes HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST /v1/studies/test/select HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    b"POST /v1/studies/test/select HTTP/1.1\r\n" + HOST + b"Content-Length: \xb2\r\n\r\n",
    b"POST /v1/studies/test/select HTTP/1.1\r\n" + HOST + b"Content-Length: " + b"9" * 5000,
    b"POST /v1/studies/test/select HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n",
    b"POST /v1/studies/test/select HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /v1/studies HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
    b"TRACE /v1/studies HTTP/1.1\r\n" + HOST + b"\r\n",
    b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET /v1/studies HTTP/1.1\r\nHost: 127.0.0.1",
)


@pytest.fixture(scope="module")
def port(place: Path) -> Iterator[int]:
    before = connections.HEAD_SECONDS
    connections.HEAD_SECONDS = 1.0
    app = create_app([str(place)])
    config = uvicorn.Config(
        app,
        port=0,
        log_level="critical",
        http=TimedConnection,
        ws="none",
        h11_max_incomplete_event_size=2**16,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(timeout=10)
    connections.HEAD_SECONDS = before


@pytest.mark.parametrize("head", HEADS, ids=range(len(HEADS)))
def test_each_is_refused_and_nothing_else(port: int, head: bytes) -> None:
    """Heads that are cut short are refused once their time is over."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head)
        answer = client.recv(65536)
    assert answer[:10] == b"HTTP/1.1 4", answer[:500]
    assert b"X-Evil" not in answer
    assert b"root:" not in answer


def test_a_second_head_that_is_cut_short_does_not_hold_the_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /healthz HTT")
        assert client.recv(65536).startswith(b"HTTP/1.1 408")
        assert client.recv(65536) == b""
