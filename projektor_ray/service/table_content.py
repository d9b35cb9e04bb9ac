"""A table as the body of a response: Arrow IPC stream or JSON, by the header `Accept`."""

import json
from io import BytesIO
from typing import Any

import pyarrow as pa
from fastapi.responses import Response

from projektor_ray.runs.table_files import table_bytes
from projektor_ray.service.problem_details import RefusedError

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
ACCEPTED = {ARROW: ARROW, JSON: JSON, "application/*": JSON, "*/*": JSON}
"""What a client may accept → what it gets."""
MOST_ROWS = 100_000


def table_response(
    table: pa.Table, accept: str, offset: int, limit: int, most_bytes: int
) -> Response:
    """Rows of a table in the form that is accepted; JSON unless Arrow is preferred.

    Raises
    ------
    RefusedError
        If no form is accepted, or the rows need more bytes than a response may have.
    """
    kind = preferred(accept)
    rows = table.slice(offset, limit)
    content = _arrow(rows) if kind == ARROW else _json(rows, table.num_rows, offset)
    return bounded(Response(content, media_type=kind, headers={"Vary": "Accept"}), most_bytes)


def preferred(accept: str) -> str:
    """The media type to answer with, by the qualities of an `Accept` header.

    Raises
    ------
    RefusedError
        If neither JSON nor Arrow is accepted.
    """
    qualities: dict[str, float] = {}
    for part in (accept or "*/*").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if name in ACCEPTED:
            qualities.setdefault(ACCEPTED[name], _quality(parameters))
    best = max(qualities, key=lambda kind: qualities[kind], default=None)
    if best is None or qualities[best] <= 0:
        raise RefusedError(406, "not-acceptable", f"tables are sent as {JSON} or {ARROW}")
    return best


def _quality(parameters: list[str]) -> float:
    """The quality that a form is accepted with; 0 where it is no number from 0 to 1."""
    for one in parameters:
        name, _, value = one.partition("=")
        if name == "q":
            try:
                quality = float(value)
            except ValueError:
                return 0.0
            return quality if 0 <= quality <= 1 else 0.0
    return 1.0


def bounded(response: Response, most_bytes: int) -> Response:
    """A response that is no longer than it may be.

    Raises
    ------
    RefusedError
        If it is.
    """
    length = len(response.body)
    if length > most_bytes:
        raise RefusedError(
            422,
            "too-large",
            f"the answer has {length:,} bytes, and {most_bytes:,} may be sent at most; ask for "
            "less, such as with ?limit=1000",
        )
    return response


def _arrow(rows: pa.Table) -> bytes:
    sink = BytesIO()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue()


def _json(rows: pa.Table, count: int, offset: int) -> bytes:
    content: dict[str, Any] = {
        "rows_in_all": count,
        "offset": offset,
        "rows": json.loads(table_bytes(rows, ".json")),
    }
    return json.dumps(content, ensure_ascii=False).encode()
