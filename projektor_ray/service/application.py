"""The ASGI application: endpoints, page, health and metrics behind the gate."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.types import ASGIApp
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from projektor_ray import __version__
from projektor_ray.service.api import api
from projektor_ray.service.catalogue import Catalogue
from projektor_ray.service.connections import TimedConnection
from projektor_ray.service.gate import Gate
from projektor_ray.service.new_providers import PilotStore
from projektor_ray.service.problem_details import add_handlers
from projektor_ray.service.request_metrics import RequestMetrics
from projektor_ray.service.service_settings import ServiceSettings
from projektor_ray.service.website import website
from projektor_ray.service.worker_pool import WorkerPool

KEEP_ALIVE_SECONDS = 10
MOST_CONNECTIONS = 512
MOST_HEADER_BYTES = 2**16
DESCRIPTION = (
    "Finished studies as models: predict, project, select and compare purchases of training data. "
    "Errors are problem details (RFC 9457)."
)


def create_app(
    folders: Sequence[str],
    settings: ServiceSettings | None = None,
    pilots: Mapping[str, PilotStore] | None = None,
) -> ASGIApp:
    """The application over the studies in some folders, paths or URIs.

    Parameters
    ----------
    pilots : by the name of their study, where somebody holds them: what new providers need.

    Raises
    ------
    InputError
        If a folder holds no study that can be opened.
    """
    settings = settings or ServiceSettings()
    catalogue = Catalogue(folders)
    pool = WorkerPool(settings)
    metrics = RequestMetrics(catalogue, pool)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        catalogue.watch(settings.poll_seconds)
        with threadpool_limits(1):  # each computation has one thread of its own
            yield
        catalogue.close()
        pool.close()

    app = FastAPI(
        title="projektor-ray",
        version=__version__,
        description=DESCRIPTION,
        lifespan=running,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_handlers(app)
    app.include_router(api(catalogue, pool, settings, pilots or {}))
    app.include_router(website(catalogue, pool, settings, pilots or {}))

    @app.get("/healthz", tags=["operation"], summary="Whether the process answers")
    async def healthz() -> Response:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", tags=["operation"], summary="Whether studies are open and threads free")
    async def readyz() -> Response:
        ready = bool(catalogue.names) and not pool.is_full
        content = {"status": "ready" if ready else "busy", "studies": len(catalogue.names)}
        return JSONResponse(content, 200 if ready else 503)

    @app.get("/metrics", tags=["operation"], summary="Metrics for Prometheus")
    async def prometheus() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return Gate(app, settings, metrics)


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Answer requests under uvicorn until the process is told to stop.

    Requests are not logged, so that no token is.
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
        http=TimedConnection,
        ws="none",
    )
    uvicorn.Server(config).run()
