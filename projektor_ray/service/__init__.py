"""The API and page over finished studies, as a plain ASGI application: no Ray, no pilots.

`create_app` opens the folders of studies; `serve` runs the application with uvicorn. Needs the
extra `service` (FastAPI, uvicorn, prometheus-client).
"""

from projektor_ray.service.application import create_app, serve
from projektor_ray.service.catalogue import Catalogue
from projektor_ray.service.new_providers import PilotStore, ReceivedPilot
from projektor_ray.service.service_settings import (
    TOKEN_VARIABLE,
    ServiceSettings,
    check_address,
    read_token,
)

__all__ = [
    "TOKEN_VARIABLE",
    "Catalogue",
    "PilotStore",
    "ReceivedPilot",
    "ServiceSettings",
    "check_address",
    "create_app",
    "read_token",
    "serve",
]
