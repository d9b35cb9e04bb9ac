"""`projektor serve`: the service over finished studies."""

from collections.abc import Iterator
from contextlib import contextmanager

from projektor_ray.cli import screen
from projektor_ray.cli.heartbeat import doing
from projektor_ray.cli.options import ServiceOptions
from projektor_ray.cli.signals import SERVED, end_with
from projektor_ray.errors import InputError

EXTRA = ("fastapi", "starlette", "uvicorn", "prometheus_client")
"""Packages of the extra `service`."""


def serve(options: ServiceOptions) -> None:
    """Serve until the process is told to stop.

    Raises
    ------
    InputError
        If the extra is not installed, a study cannot be opened, or a token is needed.
    """
    end_with(SERVED)
    with doing("Studies", "opening", at_once=False):
        with needed(EXTRA, "service"):
            from projektor_ray import service
        token = service.read_token(options.token_file)
        service.check_address(options.host, token)
        settings = service.ServiceSettings(
            token=token, threads=options.threads, seconds=options.seconds
        )
        app = service.create_app(options.studies, settings)
    screen.status("Serving", f"{address_of(options)} (Ctrl-C stops)")
    service.serve(app, options.host, options.port)


def address_of(options: ServiceOptions) -> str:
    """The address that a browser asks."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{options.port}"


@contextmanager
def needed(packages: tuple[str, ...], extras: str) -> Iterator[None]:
    """Imports of packages that extras install.

    Raises
    ------
    InputError
        If one of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as failure:
        if (failure.name or "").partition(".")[0] not in packages:
            raise
        raise InputError(
            f"the service needs {failure.name}, which is not installed; run "
            f"pip install 'projektor-ray[{extras}]'"
        ) from None
