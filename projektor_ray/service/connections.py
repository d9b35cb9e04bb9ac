"""Connections that no client can hold open: heads of requests and reading of answers are timed.

uvicorn times only the pause between two requests of a connection.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 15.0
"""In which the first line and the headers of a request must arrive."""
READ_SECONDS = 30.0
"""After which an answer that the client does not read is given up."""
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class TimedConnection(H11Protocol):
    """A connection that is closed when its client is too slow."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    @property
    def _awaits_head(self) -> bool:
        """Whether no request is answered at the moment."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_SECONDS, self._refuse)

    def data_received(self, data: bytes) -> None:
        if self._awaits_head and self._head is None:
            self._head = self.loop.call_later(HEAD_SECONDS, self._refuse)
        super().data_received(data)
        if not self._awaits_head:
            self._head = _cancel(self._head)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread = _cancel(self._unread)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head, self._unread = _cancel(self._head), _cancel(self._unread)
        super().connection_lost(exc)

    def _refuse(self) -> None:
        self._head = None
        if self._awaits_head and not self.transport.is_closing():
            self.transport.write(TOO_SLOW)
            self.transport.close()


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Cancel a timer; None, to take its place."""
    if timer is not None:
        timer.cancel()
    return None
