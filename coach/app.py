"""The composition root: settings → parts → routes → lifespan, top to bottom."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coach.auth import Authenticator, authenticator
from coach.bus.base import Bus
from coach.bus.memory import Broker, MemoryBus
from coach.bus.redis import RedisBus
from coach.clock import now_ms
from coach.detect import files
from coach.http import pages
from coach.http.api import Api
from coach.http.history import History
from coach.http.respond import ApiError, error_response, respond
from coach.http.status import Status
from coach.live.hub import Hub
from coach.live.ports import Shared
from coach.live.registry import Registry
from coach.log import causes
from coach.loopback import local
from coach.packs import knowledge, loader
from coach.settings import Settings
from coach.sockets.conversation import ConversationPeer
from coach.sockets.limits import TeamLimits
from coach.sockets.peer import Peer, Services, pulse
from coach.sockets.watch import WatchPeer
from coach.store.database import Database, open_database
from coach.store.migrate import upgrade
from coach.store.writer import StoreWriter
from coach.suggest import providers
from coach.wire.codes import draining

BUS_S = 2.0
"""How long a start waits for Redis; without it the server starts too, and says so."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Coach:
    """Everything of one process, put together but not started."""

    settings: Settings
    database: Database
    writer: StoreWriter
    bus: Bus
    shared: Shared
    registry: Registry
    services: Services
    tasks: asyncio.TaskGroup
    packs: dict[str, knowledge.Knowledge]

    async def drain(self) -> None:
        """Say goodbye: no new calls, everything stored, every socket closed. At most `drain_s`."""
        if self.services.draining:
            return
        self.services.draining = True
        for peer in tuple(self.services.peers):
            peer.drain()
        try:
            async with asyncio.timeout(self.settings.drain_s):
                await self.registry.drain()
        except TimeoutError:
            _log.error("drain.incomplete", sessions=sum(1 for _ in self.registry.live()))
        self.registry.relay.draining = True
        for peer in tuple(self.services.peers):
            peer.shut(draining())


@asynccontextmanager
async def running(
    settings: Settings, on_failure: Callable[[], None], broker: Broker | None = None
) -> AsyncIterator[Coach]:
    """A started Coach. Its tasks have one owner; if one of them crashes, `on_failure` is called.

    Several in one process find each other through one `broker`; processes do through Redis.

    Raises `SettingsError`, `PackError` before anything is started.
    """
    packs = knowledge.build(loader.load_all(settings.pack_folders), files.load_all(settings.models_folder))
    instance = secrets.token_urlsafe(9)
    bus: Bus
    if settings.redis_url is not None:
        bus = RedisBus(settings.redis_url, settings.redis_prefix, instance)
    else:
        bus = MemoryBus(instance, broker)
    database = open_database(settings.database_url)
    writer = StoreWriter(database)
    models: providers.Models | None = None
    try:
        await upgrade(database)
        async with asyncio.TaskGroup() as tasks:

            def spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
                task = tasks.create_task(_contained(coroutine, name), name=name)
                # One that is cancelled before it has begun was never awaited.
                task.add_done_callback(lambda _task: coroutine.close())
                return task

            models = providers.build(settings, packs, spawn, now_ms())
            shared = Shared(
                Hub(),
                writer,
                models,
                spawn,
                database.stored,
                lambda runner, error: registry.drop(runner, error),
                lambda runner: registry.moved(runner),
            )
            registry = Registry(
                shared,
                database,
                packs,
                bus,
                alone=isinstance(bus, MemoryBus) and bus.alone,
                unload_s=settings.session_unload_s,
                idle_s=settings.session_idle_s,
                most=settings.max_sessions,
            )
            services = Services(
                settings, authenticator(settings), registry, TeamLimits(settings.team_frames_per_second)
            )
            coach = Coach(settings, database, writer, bus, shared, registry, services, tasks, packs)
            connecting = spawn(_watched(bus.run(), "bus", on_failure), "bus")
            if isinstance(bus, RedisBus):
                await bus.ready(BUS_S)
            await registry.ownership.begin()
            await registry.relay.open()
            owned = [
                spawn(_watched(coroutine, name, on_failure), name)
                for name, coroutine in (
                    ("writer", writer.run()),
                    ("lease", registry.ownership.renew()),
                    ("orphans", registry.ownership.look()),
                    ("relay", registry.relay.run()),
                    ("sweep", registry.sweep()),
                    ("pulse", pulse(services)),
                )
            ]
            try:
                yield coach
            finally:
                await coach.drain()
                writer.stop()
                await asyncio.wait(owned[:1], timeout=settings.drain_s)
                bus.stop()
                for task in (*owned, connecting):
                    task.cancel()
    finally:
        if models is not None:
            await models.close()
        await database.close()


async def _contained(work: Coroutine[Any, Any, None], name: str) -> None:
    """A bug in what one call has asked for must not be every call's end, as it would be in a bare task group."""
    try:
        await work
    except Exception as error:
        # The exception's text may quote speech.
        _log.error("task.crashed", task=name, error=causes(error))


async def _watched(work: Coroutine[Any, Any, None], name: str, on_failure: Callable[[], None]) -> None:
    """A process whose writer is dead must not look alive: any crash stops the server, after a goodbye."""
    try:
        await work
    except Exception as error:
        # Not raised: that would take the drain down with it.
        _log.critical("task.crashed", task=name, error=causes(error))
        on_failure()


def build_app(coach: Coach) -> ASGIApp:
    """The ASGI application over a running Coach."""
    services = coach.services
    status = Status(services, coach.registry, coach.writer, coach.bus, coach.database, coach.shared.models)
    api = Api(services.authenticator, coach.registry, coach.database, coach.packs)
    history = History(services.authenticator, coach.database)
    app = Starlette(
        routes=[
            WebSocketRoute("/ws/{session_id}", _Sockets(services)),
            WebSocketRoute("/watch", _Sockets(services)),
            Route("/health", status.health),
            Route("/ready", status.ready),
            Route("/metrics", status.metrics),
            Route("/api/sessions", api.sessions),
            Route("/api/sessions/{id}", api.session, methods=["GET"]),
            Route("/api/sessions/{id}", api.erase, methods=["DELETE"]),
            Route("/api/sessions/{id}/events", api.events),
            Route("/api/sessions/{id}/metrics", history.measured),
            Route("/api/sessions/{id}/notes", history.notes, methods=["GET"]),
            Route("/api/sessions/{id}/notes", history.add_note, methods=["POST"]),
            Route("/api/sessions/{id}/notes/{note:int}", history.remove_note, methods=["DELETE"]),
            Route("/api/history", history.history),
            Route("/api/figures", history.figures),
            Route("/api/analyze", api.analyze, methods=["POST"]),
            *pages.routes(),
        ],
        exception_handlers={ApiError: error_response, 404: _not_found},
    )
    return _Edge(app, services.authenticator)


class _Sockets:
    """The endpoint of both sockets, on bare ASGI: frames do not pass through another layer."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = scope["path_params"].get("session_id")
        peer: Peer
        if session is None:
            peer = WatchPeer(dict(scope), self._services)
        else:
            peer = ConversationPeer(dict(scope), self._services, session)
        await peer.run(receive, send)  # type: ignore[arg-type]


class _Edge:
    """What every HTTP response carries, and whom an open server serves."""

    def __init__(self, app: ASGIApp, who: Authenticator) -> None:
        self._app = app
        self._open = who.open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._open and not local(scope):
            denied = {"error": {"code": "forbidden", "message": "without JWT_SECRET only this machine is served"}}
            await respond(denied, 403)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", pages.CONTENT_POLICY.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        await self._app(scope, receive, with_headers)


async def _not_found(request: Request, _error: Exception) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return pages.absent()
    return respond({"error": {"code": "not_found", "message": "there is nothing at this path"}}, 404)
