"""`/health`, `/ready`, `/metrics`: no I/O, only what is known already."""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from coach import __version__, telemetry
from coach.http.respond import respond
from coach.live.registry import Registry
from coach.sockets.peer import Services
from coach.store.database import Database
from coach.store.writer import StoreWriter
from coach.suggest.base import Provider


class Status:
    """The handlers, with what they look at."""

    def __init__(
        self, services: Services, registry: Registry, writer: StoreWriter, database: Database, providers: list[Provider]
    ) -> None:
        self._services = services
        self._registry = registry
        self._writer = writer
        self._database = database
        self._providers = providers

    async def health(self, _request: Request) -> Response:
        """The last known state of everything. 200 as long as the process can answer."""
        return respond(self.state())

    async def ready(self, _request: Request) -> Response:
        """200 if new calls should come here, else 503."""
        return respond(self.state(), 503 if self._services.draining else 200)

    async def metrics(self, _request: Request) -> Response:
        """Prometheus figures."""
        return Response(telemetry.exposition(), media_type=CONTENT_TYPE_LATEST)

    def state(self) -> dict[str, Any]:
        """What `/health` says."""
        database = {"state": "ok" if self._writer.available else "unavailable", "stored": self._database.stored}
        models: dict[str, Any] = {
            provider.name: {"state": "ok", "model": provider.model} for provider in self._providers
        }
        healthy = self._writer.available and not self._services.draining
        return {
            "status": "draining" if self._services.draining else "ok" if healthy else "degraded",
            "version": __version__,
            "database": database,
            "redis": {"state": "not configured"},
            "models": models,
            "sessions": sum(1 for _ in self._registry.live()),
            "sockets": len(self._services.peers),
        }
