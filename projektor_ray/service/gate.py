"""What every request passes first: its host, its token, its size; and what every answer carries.

Written as plain ASGI, since the request must be refused before anything reads it whole.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from projektor_ray.service.problem_details import problem
from projektor_ray.service.request_metrics import RequestMetrics
from projektor_ray.service.service_settings import ServiceSettings, is_loopback

OPEN_PATHS = ("/healthz", "/readyz", "/sign-in", "/static/page.css", "/static/page.js")
"""What needs no token: nothing of a study is shown there."""
UPLOADS = "/providers"
COOKIE = "projektor"
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_POLICY,
}
CLIENT_CLOSED = 499
"""Status that the metrics count where a client left before its request was whole; none is sent."""
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="projektor"'}


class Gate:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, settings: ServiceSettings, metrics: RequestMetrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        started = time.perf_counter()
        try:
            outcome = self._refusal(scope) or await self._body(scope, receive)
            started = time.perf_counter()
            if isinstance(outcome, Response):
                await outcome(scope, receive, answer)
            else:
                await self._app(scope, _replay(outcome, receive), answer)
        except _DisconnectedError:
            answer.status = CLIENT_CLOSED
        finally:
            route = getattr(scope.get("route"), "path", None)
            seconds = time.perf_counter() - started
            self._metrics.observe(route, scope["method"], answer.status, seconds)

    def _refusal(self, scope: Scope) -> Response | None:
        """Why a request is answered without being read; None: it is not."""
        if _from_another_site(scope):
            detail = "a page of another site may not ask this service"
            return problem(403, "foreign-origin", detail)
        if self._settings.token is None:
            return None if self._names_this_machine(scope) else _foreign_host()
        if scope["path"] in OPEN_PATHS or self.has_token(scope):
            return None
        if scope["path"] == "/" and scope["method"] == "GET":
            return Response(status_code=303, headers={"Location": "sign-in"})
        detail = "this needs a token: send the header Authorization: Bearer TOKEN"
        if _header(scope, b"authorization"):
            detail = "the token is wrong; send the service's own: Authorization: Bearer TOKEN"
        return problem(401, "unauthorized", detail, CHALLENGE)

    def _names_this_machine(self, scope: Scope) -> bool:
        """Whether the host is this machine: a page of another site, whose name was pointed here,
        must not read the studies."""
        host = _header(scope, b"host")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        return is_loopback(name)

    def has_token(self, scope: Scope) -> bool:
        """Whether a request carries the token, or the cookie that signing in has set."""
        kind, _, given = _header(scope, b"authorization").partition(" ")
        if kind.lower() == "bearer" and _equal(given.strip(), self._settings.token or ""):
            return True
        return _equal(_cookie(scope), session_of(self._settings.token or ""))

    async def _body(self, scope: Scope, receive: Receive) -> bytes | Response:
        """The body of a request, read whole; a refusal if it is too long or too slow."""
        upload = scope["method"] == "POST" and scope["path"].endswith(UPLOADS)
        most = self._settings.max_upload if upload else self._settings.max_body
        declared = _header(scope, b"content-length")
        if declared.isdecimal() and int(declared[:20]) > most:
            return _too_large(most)
        try:
            return await asyncio.wait_for(_read(receive, most), self._settings.body_seconds)
        except (TimeoutError, asyncio.TimeoutError):
            return problem(408, "slow-request", "the request was sent too slowly")
        except _TooLargeError:
            return _too_large(most)


class _TooLargeError(Exception):
    """A body has more bytes than it may."""


class _DisconnectedError(Exception):
    """The client left before the body was whole."""


class _Answer:
    """Sends an answer with the headers that all have, and remembers its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": list(_with_headers(message.get("headers", [])))}
        await self._send(message)


def _with_headers(given: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    given = list(given)
    names = {name.lower() for name, _ in given}
    yield from given
    for name, value in HEADERS.items():
        if name.lower().encode() not in names:
            yield name.lower().encode(), value.encode()


async def _read(receive: Receive, most: int) -> bytes:
    """The whole body.

    Raises
    ------
    _DisconnectedError, _TooLargeError
        If the client leaves before the end, or the body has more bytes than it may.
    """
    parts, length = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _DisconnectedError
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > most:
            raise _TooLargeError
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Receives a body that was read already, then what follows it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def _from_another_site(scope: Scope) -> bool:
    """Whether a browser says that a page of another site asks; following a link is no such request.

    Browsers say so whatever a proxy does to the host, and no page can change it.
    """
    follows_link = _header(scope, b"sec-fetch-mode") == "navigate" and scope["method"] == "GET"
    return _header(scope, b"sec-fetch-site") in ("cross-site", "same-site") and not follows_link


def _cookie(scope: Scope) -> str:
    try:
        cookie = SimpleCookie(_header(scope, b"cookie")).get(COOKIE)
    except CookieError:
        return ""
    return "" if cookie is None else cookie.value


def session_of(token: str) -> str:
    """The value of the cookie of somebody who has signed in; the token cannot be told from it."""
    return hmac.new(token.encode(), b"projektor session", hashlib.sha256).hexdigest()


def _equal(given: str, expected: str) -> bool:
    """Compares texts in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def same_token(given: str, settings: ServiceSettings) -> bool:
    """Whether a text is the service's token."""
    return settings.token is not None and _equal(given, settings.token)


def _too_large(most: int) -> Response:
    detail = f"the request is too large; it may have {most:,} bytes"
    return problem(413, "too-large", detail, {"Connection": "close"})


def _foreign_host() -> Response:
    detail = "without a token only requests to this machine itself, such as 127.0.0.1, are answered"
    return problem(421, "foreign-host", detail)
