"""`projektor serve`: the service over finished studies."""

from collections.abc import Sequence
from pathlib import Path

from projektor_ray.cli import screen
from projektor_ray.errors import InputError

EXTRA = ("fastapi", "starlette", "uvicorn", "prometheus_client")
"""Packages of the extra `service`."""


def serve(
    studies: Sequence[str],
    host: str,
    port: int,
    token_file: Path | None,
    threads: int,
    seconds: float,
) -> None:
    """Serve until the process is told to stop.

    Raises
    ------
    InputError
        If the extra is not installed, a study cannot be opened, or a token is needed.
    """
    try:
        from projektor_ray import service
    except ModuleNotFoundError as failure:
        if failure.name not in EXTRA:
            raise
        raise InputError(
            f"the service needs {failure.name}, which is not installed; run "
            "pip install 'projektor-ray[service]'"
        ) from None
    token = service.read_token(token_file)
    service.check_address(host, token)
    settings = service.ServiceSettings(token=token, threads=threads, seconds=seconds)
    app = service.create_app(studies, settings)
    shown = f"[{host}]" if ":" in host else host
    screen.status("Serving", f"http://{shown}:{port} (Ctrl-C stops)")
    service.serve(app, host, port)
