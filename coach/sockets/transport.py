"""The WebSocket protocol class that uvicorn runs for us (`--ws coach.sockets.transport:SocketProtocol`).

What uvicorn's own sans-I/O class lacks: prepared frames written to many sockets without encoding each again,
messages handed over where they are read (`on_text`) instead of by a queue, a task and a pause of the reading for each,
sight of a peer that does not read (`paused`), the time it was last heard (pongs included), and an end
for a peer that never reads or never answers a close: `transport.close()` alone waits for a flush
that never comes.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from coach.wire.codes import CloseCode
from coach.wire.reading import Reading

CLOSE_GRACE_S = 5.0
"""How long a peer may take to read what is left and to answer a close; then the connection is aborted."""
FRAGMENTS_MOST = 64
CONTROL_MOST = 100
"""Fragments of one message, and pings and pongs a second: browsers and libraries send one of either."""
CLOSING_BYTES = 16 * 1024
SCOPE_KEY = "coach.socket"


class SocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection. The application reaches it as `scope["extensions"]["coach.socket"]`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.last_heard = self.loop.time()
        self.paused_since: float | None = None
        self.on_writable: Callable[[], None] | None = None
        self.on_text: Callable[[str], None] | None = None
        """Takes text messages from now on, as long as nothing is queued before them; it may not raise."""
        self._reading: Reading | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._control_since = self.loop.time()
        self._control_count = 0

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = {**(self.scope["extensions"] or {}), SCOPE_KEY: self}
        self.scope["extensions"] = extensions
        await super().run_asgi()

    def data_received(self, data: bytes) -> None:
        if self.close_sent and len(data) > CLOSING_BYTES:
            # A peer that still floods after our close is not read any more.
            self.transport.abort()
            return
        self.last_heard = self.loop.time()
        if self._reading is None:
            if not self.handshake_complete and data.endswith(b"\r\n\r\n"):
                # The next byte begins a frame. Of a peer that sends some before it is accepted that is not known.
                self._reading = Reading(self.config.ws_max_size)
            super().data_received(data)
            return
        for message in self._reading.feed(data):
            if isinstance(message, bytes):
                super().data_received(message)
            elif not self.close_sent:
                self._text(message)

    @property
    def _taker(self) -> Callable[[str], None] | None:
        """Who takes a text now; None while something waits before it, a message or the connection's end."""
        return self.on_text if self.queue.empty() else None

    def send_receive_event_to_app(self) -> None:
        taker = self._taker
        if taker is None or self.curr_msg_data_type != "text" or self.close_sent:
            super().send_receive_event_to_app()
            return
        try:
            text = b"".join(self.frames).decode()
        except UnicodeDecodeError:
            super().send_receive_event_to_app()
            return
        self.frames = []
        taker(text)

    def _text(self, text: str) -> None:
        if (taker := self._taker) is not None:
            taker(text)
            return
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        self.paused_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.paused_since = None
        super().resume_writing()
        if self.on_writable is not None:
            self.on_writable()

    @property
    def open(self) -> bool:
        """Whether a frame written now can still reach the peer."""
        return (
            self.handshake_complete
            and not self.close_sent
            and not self.disconnected
            and self.conn.state is State.OPEN
            and not self.transport.is_closing()
        )

    def write_frames(self, frames: Sequence[bytes]) -> None:
        """Write prepared frames in one go; nothing happens on a closed socket. Never waits."""
        if self.open:
            self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def ping(self) -> None:
        """A WebSocket ping: an idle browser answers it by itself."""
        if self.open:
            self.conn.send_ping(b"")
            self.transport.write(b"".join(self.conn.data_to_send()))

    def close_with(self, code: int, reason: str = "") -> None:
        """Send a close frame behind what is written, give the peer `CLOSE_GRACE_S`, then abort. Idempotent."""
        if not self.open:
            return
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(CLOSE_GRACE_S, self.transport.abort)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def handle_ping(self) -> None:
        super().handle_ping()
        self._count_control()

    def handle_pong(self, event: Any) -> None:
        super().handle_pong(event)
        self._count_control()

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) >= FRAGMENTS_MOST:
            self.close_with(CloseCode.RATE_LIMITED, "fragments")
            return
        super().handle_cont(event)

    def _count_control(self) -> None:
        """Pings and pongs are answered below the application: its limits do not see them."""
        now = self.loop.time()
        if now - self._control_since > 1.0:
            self._control_since, self._control_count = now, 0
        self._control_count += 1
        if self._control_count > CONTROL_MOST:
            self.close_with(CloseCode.RATE_LIMITED, "control frames")

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self._abort_later()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._abort_later()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        super().connection_lost(exc)

    def _abort_later(self) -> None:
        if self._abort_timer is None and not self.disconnected:
            self._abort_timer = self.loop.call_later(CLOSE_GRACE_S, self.transport.abort)
