"""Settings of the service: limits of requests, the token, how often folders are looked at."""

import os
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from projektor_ray.errors import InputError

TOKEN_VARIABLE = "PROJEKTOR_TOKEN"
SHORTEST_TOKEN = 16
MEGABYTE = 2**20


@dataclass(frozen=True)
class ServiceSettings:
    """What the service allows.

    Attributes
    ----------
    token : every request must carry it, but for health checks; None: only requests that name this
        machine itself as their host are answered.
    threads : requests that are computed at the same time.
    waiting : further requests that may wait for a thread; others are turned away.
    seconds : time limit of one request, from its last byte on.
    body_seconds : time limit of receiving a request.
    max_body, max_upload, max_response : bytes of a request, of a pilot, and of a response.
    poll_seconds : how often the folders are looked at for changes.
    """

    token: str | None = field(default=None, repr=False)
    threads: int = 2
    waiting: int = 32
    seconds: float = 60.0
    body_seconds: float = 15.0
    max_body: int = MEGABYTE
    max_upload: int = 64 * MEGABYTE
    max_response: int = 32 * MEGABYTE
    poll_seconds: float = 5.0

    def __post_init__(self) -> None:
        if self.token is not None and (len(self.token) < SHORTEST_TOKEN or not _plain(self.token)):
            raise InputError(
                f"a token must have {SHORTEST_TOKEN} or more letters and digits without spaces; "
                'make one with python -c "import secrets; print(secrets.token_urlsafe())"'
            )


def _plain(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token


def read_token(file: Path | None) -> str | None:
    """The token of a file, else of the environment variable `PROJEKTOR_TOKEN`; None: there is none.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    if file is None:
        return os.environ.get(TOKEN_VARIABLE) or None
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as failure:
        reason = getattr(failure, "strerror", None) or "it is no text"
        raise InputError(f"cannot read the token from {file}: {reason}") from None


def check_address(host: str, token: str | None) -> None:
    """Refuse to listen where other machines can connect without a token.

    Raises
    ------
    InputError
        If the address is not this machine's own and there is no token.
    """
    if token is None and not is_loopback(host):
        raise InputError(
            f"other machines can connect to {host}, so that a token is needed. Put one into a file "
            f"and give --token-file FILE, or set {TOKEN_VARIABLE}; or listen on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own, which no other machine reaches."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
