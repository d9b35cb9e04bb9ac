"""The application under uvicorn."""

import uvicorn
from starlette.types import ASGIApp
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

KEEP_ALIVE_SECONDS = 10
MOST_CONNECTIONS = 512
MOST_HEADER_BYTES = 2**16


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Answer requests until the process is told to stop.

    Requests are not logged, so that no token is. Each computation has one thread of its own.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=KEEP_ALIVE_SECONDS,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        http="h11",
        ws="none",
    )
    with threadpool_limits(1):
        uvicorn.Server(config).run()
