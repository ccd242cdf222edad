"""The process: uvicorn with our protocol class, and a stop that says goodbye first.

uvicorn closes every socket at once on SIGTERM, before the application hears of it. Here the signal starts the
drain, and only when that is done uvicorn is told to exit.
"""

import asyncio
import ctypes
import gc
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from coach.app import Coach, build_app, running
from coach.auth import SECRET_CHARS, authenticator
from coach.http.protocol import HttpProtocol
from coach.loopback import is_loopback
from coach.settings import Settings, SettingsError
from coach.sockets.peer import FRAME_BYTES
from coach.sockets.transport import SocketProtocol
from coach.store.database import is_shared

BACKLOG = 2048
SEND_BYTES = 128 * 1024
"""What the system keeps for a peer that does not read. Left to itself it takes 4 MB before the server feels anything."""
GC_THRESHOLD = (20_000, 20, 50)
M_ARENA_MAX = -8
"""glibc's malloc.h"""
_log = structlog.get_logger()


class Server(uvicorn.Server):
    """uvicorn's server with a drain between the signal and the end."""

    def __init__(
        self, config: uvicorn.Config, coach: Coach, on_started: Callable[[], None], *, shares_port: bool
    ) -> None:
        super().__init__(config)
        self._coach = coach
        self._on_started = on_started
        self._shares_port = shares_port
        self._draining: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; from here on signals are ours and connections are taken."""
        await super().startup(sockets)
        self._on_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: drain, then exit. Second: exit now."""
        if self._draining is None:
            self._loop.call_soon_threadsafe(self.stop)
        else:
            self.should_exit = self.force_exit = True

    def stop(self) -> None:
        """Drain, then exit. Idempotent."""
        if self._draining is None:
            self._draining = self._coach.tasks.create_task(self._drain(), name="drain")

    async def _drain(self) -> None:
        if self._shares_port:
            # Whoever comes now goes to the other processes. Alone, it answers that it is not ready.
            for listener in self.servers:
                listener.close()
        await self._coach.drain()
        self.should_exit = True


def check(settings: Settings, processes: int = 1) -> None:
    """Raises `SettingsError` for settings that must not be served by so many processes."""
    if authenticator(settings).open and not is_loopback(settings.host):
        raise SettingsError(
            f"JWT_SECRET is not set, so everybody would be admin on {settings.host}; set it, or serve on 127.0.0.1"
        )
    if (processes > 1 or settings.redis_url) and not is_shared(settings.database_url):
        why = "--workers" if processes > 1 else "REDIS_URL"
        raise SettingsError(
            f"{why}: several processes need a database that they can share: set DATABASE_URL to PostgreSQL "
            "(postgresql://USER:PASSWORD@HOST/DATABASE)"
        )
    if processes > 1 and not settings.redis_url:
        raise SettingsError("--workers: several processes find each other through Redis: set REDIS_URL")


class ServerFailed(Exception):
    """The server stopped because a part of it crashed."""


@dataclass(frozen=True, slots=True)
class Started:
    """A server that takes connections."""

    address: str
    """`http://host:port`"""
    coach: Coach
    stop: Callable[[], None]
    """Drain and exit, as on SIGTERM."""


Beside = Callable[[str, set[str]], Coroutine[Any, Any, None]]
"""Gets the address and the packs' ids."""


async def serve(
    settings: Settings,
    on_started: Callable[[Started], None] | None = None,
    beside: Beside | None = None,
    listening: socket.socket | None = None,
) -> None:
    """Serve until a signal. `on_started` is told when it takes connections; `beside` runs as long as the server.

    `listening` is a socket that other processes listen on too; without one a socket of its own is opened.

    Cancelling stops without a drain.

    Raises `SettingsError`, `PackError`, `OSError` (the port is taken), `ServerFailed`.
    """
    check(settings)
    shares_port = listening is not None
    # Before the packs are built: a port that is taken is told at once, and not out of a task group.
    with listening or listen(settings) as listener:
        await _serve(settings, listener, shares_port, on_started, beside)


async def _serve(
    settings: Settings,
    listening: socket.socket,
    shares_port: bool,
    on_started: Callable[[Started], None] | None,
    beside: Beside | None,
) -> None:
    servers: list[Server] = []
    failed = False

    def fail() -> None:
        nonlocal failed
        failed = True
        for server in servers:
            server.stop()

    address = address_of(settings, listening)
    async with running(settings, fail) as coach:

        def started() -> None:
            _log.info("serve.started", address=address, database=coach.database.kind)
            if on_started is not None:
                on_started(Started(address, coach, server.stop))

        server = Server(_config(settings, build_app(coach)), coach, started, shares_port=shares_port)
        servers.append(server)
        _settle_heap()
        if coach.services.authenticator.open:
            _log.warning("serve.open", note="no JWT_SECRET: everybody on this machine is admin")
        elif coach.services.authenticator.weak:
            _log.warning("serve.short_secret", note=f"JWT_SECRET is shorter than {SECRET_CHARS} characters")
        company = coach.tasks.create_task(_beside(beside(address, set(coach.packs))), name="beside") if beside else None
        try:
            await server.serve(sockets=[listening])
        finally:
            if company is not None:
                company.cancel()
    if failed:
        raise ServerFailed("a part of the server crashed: see the log")


async def _beside(work: Coroutine[Any, Any, None]) -> None:
    """A demo's bug must not cost a call."""
    try:
        await work
    except Exception as error:
        _log.error("beside.crashed", error=type(error).__name__)


def share_heap() -> None:
    """Let all threads allocate from one heap, where the system's allocator is glibc's; before there are threads.

    Each thread has a heap of its own otherwise, and what a commit's thread lets go is of no use to the calls: they
    took half as much memory again (benchmarks/README.md, "Memory of a long call"). One thread runs at a time anyway.
    """
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "gnu_get_libc_version"):
        allocator.mallopt(M_ARENA_MAX, 1)


def _settle_heap() -> None:
    """Keep the garbage collector off what lives as long as the process.

    The packs are 420,000 objects, and a full collection that walks them holds every call up
    (benchmarks/README.md, "Garbage collection").
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)


def address_of(settings: Settings, listening: socket.socket) -> str:
    """`http://host:port` of a listening socket."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listening.getsockname()[1]}"


def listen(settings: Settings) -> socket.socket:
    """A listening socket. Raises `OSError` that names the address."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
        # Accepted sockets inherit it.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        return listening
    except OSError as error:
        raise OSError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; try another --port"
        ) from None


def _config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ws=SocketProtocol,
        http=HttpProtocol,
        loop="none",
        lifespan="off",
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=2,
    )
