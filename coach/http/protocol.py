"""The HTTP protocol class that uvicorn runs for us: a request must arrive in time and be of a decent size.

uvicorn waits for ever for the rest of a request, and takes headers without end.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 10.0
HEADER_BYTES = 32 * 1024
"""Sixteen times what a browser sends."""
CHUNK_BYTES = 256 * 1024
"""One read may bring the body's beginning with the headers."""


class HttpProtocol(HttpToolsProtocol):
    """One HTTP connection, before it becomes a WebSocket or is answered."""

    _deadline: asyncio.TimerHandle | None = None
    _header_bytes = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        self._done()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        self._start()

    def on_headers_complete(self) -> None:
        self._done()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._deadline is not None:
            self._header_bytes += len(data)
            if self._header_bytes > HEADER_BYTES + CHUNK_BYTES:
                self.transport.abort()
                return
        super().data_received(data)

    def _start(self) -> None:
        self._done()
        self._deadline = self.loop.call_later(HEADERS_S, self.transport.abort)

    def _done(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
