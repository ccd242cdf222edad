"""What conversation sockets and dashboards have in common: one peer from accept to close.

    accepted ──first frame──▶ introduced ──▶ open ──shut, or gone──▶ closed

The read loop is the peer's only task; a conversation's frames are handled where they are read. Writing happens in the
outbox's callback, timers in the `Pulse`. Whatever ends a peer, `shut` says why: an error frame, then a close code, then
the connection is freed within seconds.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import structlog

from coach import telemetry
from coach.auth import Authenticator, Principal, Unauthorized
from coach.clock import now_ms
from coach.live.registry import Registry
from coach.loopback import local
from coach.settings import Settings
from coach.sockets.limits import FrameLimiter, TeamLimits
from coach.sockets.outbox import Outbox
from coach.sockets.transport import SCOPE_KEY, SocketProtocol
from coach.wire.burst import Burst
from coach.wire.client import TEXT_CHARS
from coach.wire.codec import encode
from coach.wire.codes import CloseCode, WireError, draining, forbidden, internal, misuse
from coach.wire.publication import Publication, text_frame

FRAME_BYTES = 64 * 1024
SUBPROTOCOL = "coach.v1"
BEARER = "bearer."
BEATS_MISSED = 2
REFUSED_SPARE = 100
"""So many sockets more than `max_connections` are told why they are refused; those beyond get a bare 503."""

_log = structlog.get_logger()
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Services:
    """What a socket needs of the rest."""

    settings: Settings
    authenticator: Authenticator
    registry: Registry
    teams: TeamLimits
    peers: set["Peer"] = field(default_factory=set)
    draining: bool = False


class Peer(ABC):
    """One WebSocket. Subclasses say what its frames mean."""

    kind: str
    at_once = False
    """Whether no later frame has to be waited for."""

    def __init__(self, scope: dict[str, Any], services: Services) -> None:
        self.services = services
        self.principal: Principal | None = None
        self.wire: SocketProtocol = scope["extensions"][SCOPE_KEY]
        loop = asyncio.get_running_loop()
        self.outbox = Outbox(self.wire, loop.call_soon, self._overflowed)
        self.wire.on_writable = self.outbox.flush
        self._loop = loop
        self._scope = scope
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._limiter = FrameLimiter(services.settings.frames_per_second, _at=loop.time())
        self._opened = loop.time()
        self._next_beat = loop.time() + services.settings.heartbeat_s
        self._shut = False
        self._spoken = False
        self.introduced = False
        self._told_slow_down = float("-inf")

    # For subclasses

    @abstractmethod
    async def first(self, text: str) -> None:
        """The first frame. Raises `WireError`."""

    @abstractmethod
    def frame(self, text: str) -> Awaitable[None] | None:
        """A later frame; what the next one has to wait for. Raises `WireError`."""

    @abstractmethod
    def beat(self) -> None:
        """Send a heartbeat."""

    @abstractmethod
    def gone(self) -> None:
        """The socket is closed: leave everything. Called once."""

    # Sending

    def send(self, event: dict[str, Any]) -> None:
        """Queue an event for this socket alone."""
        if event["type"] == "error":
            telemetry.REFUSED.labels(event["code"]).inc()
        self.outbox.send(event)

    def deliver(self, publication: Publication) -> None:
        """Queue a publication. Never waits, never raises."""
        self.outbox.push(publication)

    def begin(self, burst: Burst) -> bool:
        """Queue a burst that still grows; False if this peer is slow. Never waits, never raises."""
        return self.outbox.begin(burst)

    def shut(self, error: WireError) -> None:
        """Say why and close. Idempotent; `gone` follows from the read loop."""
        if self._shut:
            return
        assert error.close is not None
        self._shut = True
        telemetry.CLOSED.labels(str(int(error.close))).inc()
        self.send(error.event())
        self.outbox.drain()
        self.wire.close_with(error.close, error.code)

    # Life

    async def run(self, receive: Receive, send: Send) -> None:
        """Serve the socket until it is closed. Cancelling closes it without a code."""
        await receive()
        if len(self.services.peers) >= self.services.settings.max_connections + REFUSED_SPARE:
            await send({"type": "websocket.http.response.start", "status": 503, "headers": [(b"retry-after", b"5")]})
            await send({"type": "websocket.http.response.body", "body": b""})
            return
        offered = self._scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if SUBPROTOCOL in offered else None})
        self.services.peers.add(self)
        telemetry.SOCKETS.labels(self.kind).inc()
        try:
            self._admit()
            await self._read(receive)
        except WireError as error:
            self.shut(error)
        except Exception as error:  # one socket's bug must not be another's
            self._crashed(error)
        finally:
            self.services.peers.discard(self)
            telemetry.SOCKETS.labels(self.kind).dec()
            self.wire.on_writable = self.wire.on_text = None
            self.gone()

    def pulse(self, now: float) -> None:
        """Called a few times a second: everything that is due by time. `now` is the loop's time."""
        settings = self.services.settings
        if self._shut:
            return
        if not self._spoken and now - self._opened > settings.hello_timeout_s:
            self.shut(WireError("hello_timeout", "no first frame in time", close=CloseCode.HELLO_TIMEOUT))
        elif self.wire.paused_since is not None and now - self.wire.paused_since > settings.stall_s:
            self._overflowed()
        elif self.principal and self.principal.expires_at is not None and time.time() >= self.principal.expires_at:
            self.shut(WireError("token_expired", "the token has expired: renew it", close=CloseCode.TOKEN_EXPIRED))
        elif now >= self._next_beat and self.introduced:
            if now - self.wire.last_heard > BEATS_MISSED * settings.heartbeat_s:
                self.shut(WireError("no_answer", "no answer to two heartbeats", close=CloseCode.NO_ANSWER))
                return
            self._next_beat = now + settings.heartbeat_s
            self.beat()
            self.wire.ping()

    def drain(self) -> None:
        """Tell the peer that this instance goes away."""
        self.send({"type": "draining", "retry_after_ms": round(1000 * self.services.settings.drain_s)})

    def authenticate(self, token: str | None) -> Principal:
        """Who the peer is, by `token` of its first frame or the handshake's. Raises `WireError` (4001)."""
        return self._who(token or self._handshake_token())

    def renew(self, token: str) -> None:
        """Take a new token for the same person. Raises `WireError` (4001, 4003)."""
        renewed = self._who(token)
        known = self.principal
        if known is not None and (renewed.subject, renewed.role, renewed.team) != (
            known.subject,
            known.role,
            known.team,
        ):
            raise forbidden("the new token is somebody else's")
        self.principal = renewed

    def welcome(
        self,
        session: str,
        epoch: str,
        offset: int,
        why: Literal["new", "epoch", "trimmed"] | None,
        state: dict[str, Any],
        **more: Any,
    ) -> None:
        """Queue a `welcome`, outside the outbox's limits: a whole call's state may be large."""
        settings = self.services.settings
        event = {
            "type": "welcome",
            "session": session,
            "at": now_ms(),
            "epoch": epoch,
            "offset": offset,
            "resumed": why is None,
            **({"why": why} if why else {}),
            "heartbeat_ms": round(1000 * settings.heartbeat_s),
            "limits": {
                "frame_bytes": FRAME_BYTES,
                "text_chars": TEXT_CHARS,
                "frames_per_s": settings.frames_per_second,
            },
            "state": state,
            **more,
        }
        self.outbox.replay(iter([text_frame(encode(event))]))

    def _admit(self) -> None:
        services = self.services
        if services.draining:
            raise draining()
        if len(services.peers) > services.settings.max_connections:
            raise WireError("overloaded", "too many connections: come back later", close=CloseCode.OVERLOADED)
        if services.authenticator.open and not local(self._scope):
            raise forbidden("without JWT_SECRET only this machine may connect")
        origin = self._headers.get(b"origin")
        if origin is not None and not self._own_origin(origin.decode("latin-1")):
            raise forbidden("this page's origin is not allowed: add it to ALLOWED_ORIGINS")

    def _own_origin(self, origin: str) -> bool:
        host = self._headers.get(b"host", b"").decode("latin-1")
        try:
            own = urlsplit(origin).netloc == host
        except ValueError:
            return False
        return own or origin in self.services.settings.allowed_origins

    def _who(self, token: str | None) -> Principal:
        try:
            return self.services.authenticator.principal(token)
        except Unauthorized as error:
            raise WireError("unauthorized", str(error), close=CloseCode.UNAUTHORIZED) from None

    def _handshake_token(self) -> str | None:
        scheme, _, token = self._headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token.strip()
        offered = self._scope["subprotocols"]
        return next((name.removeprefix(BEARER) for name in offered if name.startswith(BEARER)), None)

    async def _read(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect" or self._shut:
                return
            text = message.get("text")
            if text is None:
                raise misuse("binary frames are not part of the protocol")
            if not self._passes(text):
                continue
            try:
                if not self.introduced:
                    self._spoken = True
                    await self.first(text)
                    self.introduced = True
                    if self.at_once:
                        self.wire.on_text = self._now
                elif (rest := self.frame(text)) is not None:
                    await rest
            except WireError as error:
                if error.close is not None:
                    raise
                if not self.introduced:
                    raise _refused(error) from None
                self.send(error.event())

    def _now(self, text: str) -> None:
        """A frame that is handled where it is read. Never raises."""
        if self._shut:
            return
        try:
            if self._passes(text):
                self.frame(text)
        except WireError as error:
            if error.close is not None:
                self.shut(error)
            else:
                self.send(error.event())
        except Exception as error:  # one socket's bug must not be another's
            self._crashed(error)

    def _crashed(self, error: Exception) -> None:
        # The exception's text may quote a frame.
        _log.error("socket.crashed", kind=self.kind, error=type(error).__name__)
        self.shut(internal())

    def _passes(self, text: str) -> bool:
        """Whether a frame keeps to the limits; else its sender is told. Raises `WireError` for a flood."""
        limiter = self._refusing(self._loop.time())
        if limiter is None:
            return True
        if self._limiter.hopeless:
            raise WireError("rate_limited", "far too many frames", close=CloseCode.RATE_LIMITED)
        self.too_fast(text, limiter.retry_after_ms)
        return False

    def _refusing(self, now: float) -> FrameLimiter | None:
        """The limiter that does not let a frame pass: the socket's, or its team's."""
        if not self._limiter.take(now):
            return self._limiter
        if self.principal is not None:
            team = self.services.teams.of(self.principal.team, now)
            if not team.take(now):
                # Told to every socket of the team; one that goes on all the same is closed like any other.
                self._limiter.refused += 1
                return team
        return None

    def too_fast(self, text: str, retry_after_ms: int, seq: int | None = None) -> None:
        """A frame came too soon and was not taken. Tell the peer, but not a thousand times a second."""
        now = self._loop.time()
        if seq is not None or now - self._told_slow_down >= 1.0:
            self._told_slow_down = now
            error = WireError(
                "rate_limited", "too many frames: this one was not taken", seq=seq, retry_after_ms=retry_after_ms
            )
            self.send(error.event())

    def _overflowed(self) -> None:
        self.shut(
            WireError("too_slow", "does not read what it is sent: come back and resume", close=CloseCode.TOO_SLOW)
        )


def _refused(error: WireError) -> WireError:
    """The end of a socket whose first frame got this error: its fault, unless the database is away."""
    if error.code != "unavailable":
        return misuse(error.message)
    return WireError(error.code, error.message, close=CloseCode.OVERLOADED, retry_after_ms=error.retry_after_ms)


async def pulse(services: Services) -> None:
    """Give every peer its pulse, for ever. One task for all: a timer a socket would be thousands."""
    settings = services.settings
    interval = min(0.5, settings.heartbeat_s / 4, settings.hello_timeout_s / 4, settings.stall_s / 4)
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(interval)
        now = loop.time()
        for peer in tuple(services.peers):
            peer.pulse(now)
        services.teams.sweep(now)
