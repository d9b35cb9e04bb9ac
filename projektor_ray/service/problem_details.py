"""Errors as problem details (RFC 9457): a type, a status, and the words of the command line."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from projektor_ray.errors import (
    BusyError,
    InfeasibleError,
    InputError,
    ProjektorError,
    StorageError,
    TooFewProbesError,
    printable,
)
from projektor_ray.storage.settings import error_lines

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:projektor:"
LONGEST_DETAIL = 4000
NO_BODY = ("missing", "model_attributes_type")
"""Types of pydantic's error where the body as a whole is absent, or is not declared as JSON."""


class RefusedError(ProjektorError):
    """A request that is answered with a status of its own.

    Attributes
    ----------
    status : of HTTP.
    kind : what is wrong, as the last part of the problem's type.
    headers : of the response.
    """

    def __init__(
        self, status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.headers = status, kind, dict(headers or {})


KINDS: tuple[tuple[type[ProjektorError], int, str], ...] = (
    (InfeasibleError, 422, "infeasible"),
    (TooFewProbesError, 422, "too-few-probes"),
    (InputError, 422, "unusable-request"),
    (BusyError, 409, "busy"),
    (StorageError, 503, "storage"),
)
"""Of each error, most special first: status and kind."""


def problem(
    status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A response with problem details."""
    content = {
        "type": f"{PREFIX}{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": printable(detail)[:LONGEST_DETAIL],
    }
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def of_error(failure: ProjektorError) -> Response:
    """The problem that an error of this project is."""
    if isinstance(failure, RefusedError):
        return problem(failure.status, failure.kind, str(failure), failure.headers)
    for kind, status, name in KINDS:
        if isinstance(failure, kind):
            return problem(status, name, str(failure))
    logger.error("an error that no request should cause: %s", failure)
    return problem(500, "internal", "the service failed; see its log")


def add_handlers(app: FastAPI) -> None:
    """Let every error of an application be answered with problem details."""

    @app.exception_handler(ProjektorError)
    async def known(_: Request, failure: ProjektorError) -> Response:
        return of_error(failure)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, failure: RequestValidationError) -> Response:
        return problem(422, "unusable-request", _in_words(request, failure))

    @app.exception_handler(HTTPException)
    async def plain(_: Request, failure: HTTPException) -> Response:
        kind = HTTPStatus(failure.status_code).phrase.lower().replace(" ", "-")
        return problem(failure.status_code, kind, str(failure.detail), failure.headers)

    @app.exception_handler(Exception)
    async def unknown(_: Request, failure: Exception) -> Response:
        logger.error("a request failed", exc_info=failure)
        return problem(500, "internal", "the service failed; see its log")


def _in_words(request: Request, failure: RequestValidationError) -> str:
    """What is wrong with a request: a line for each field, as of a study's file."""
    errors: list[dict[str, Any]] = [dict(one) for one in failure.errors()]
    for error in errors:
        if error["type"] == "json_invalid":
            return f"the request is no JSON: {error['ctx']['error']}"
        error["loc"] = tuple(part for part in error["loc"] if part not in ("body", "query"))
    if any(not error["loc"] and error["type"] in NO_BODY for error in errors):
        return "the request has no JSON body; send one with Content-Type: application/json"
    kind = getattr(request.scope.get("route"), "endpoint", _in_words).__annotations__.get("body")
    lines = error_lines(errors, failure.body, kind)
    return "\n  ".join(["the request cannot be used:", *lines])
