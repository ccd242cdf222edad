"""`/health`, `/ready`, `/metrics`: no I/O, only what is known already."""

import asyncio
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from coach import __version__, telemetry
from coach.bus.base import Bus
from coach.http.respond import respond
from coach.live.registry import Registry
from coach.sockets.peer import Services
from coach.store.database import Database
from coach.store.writer import StoreWriter
from coach.suggest.breaker import Breaker
from coach.suggest.providers import Models


class Status:
    """The handlers, with what they look at."""

    def __init__(
        self,
        services: Services,
        registry: Registry,
        writer: StoreWriter,
        bus: Bus,
        database: Database,
        models: Models,
    ) -> None:
        self._services = services
        self._registry = registry
        self._writer = writer
        self._bus = bus
        self._database = database
        self._models = models

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
        healthy = self._writer.available and self._bus.available and not self._services.draining
        return {
            "status": "draining" if self._services.draining else "ok" if healthy else "degraded",
            "version": __version__,
            "database": database,
            "redis": self._bus.describe(),
            "models": self._known(),
            "sessions": sum(1 for _ in self._registry.live()),
            "sockets": len(self._services.peers),
        }

    def _known(self) -> dict[str, Any]:
        """Each provider and the judge, by what its breaker says."""
        now = asyncio.get_running_loop().time()

        def told(breaker: Breaker, model: str) -> dict[str, str]:
            state = breaker.state(now)
            return {"state": "ok" if state == "closed" else state, "model": model}

        lanes = self._models.chain.lanes if self._models.chain is not None else []
        known: dict[str, Any] = {lane.provider.name: told(lane.breaker, lane.provider.model) for lane in lanes}
        if self._models.judge is not None:
            seats = self._models.judge.seats
            known["judge"] = {seat.name: told(seat.breaker, seat.model) for seat in seats}
        return known
