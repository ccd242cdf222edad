"""The bus within one process: for one instance, and for tests with several in one loop."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from coach.bus.base import LEASE_S, LOG_MOST, Listener, tell


class Broker:
    """What the buses of one process share."""

    def __init__(self) -> None:
        self.buses: list[MemoryBus] = []
        self.logs: dict[str, dict[int, bytes]] = {}
        self.leases: dict[str, float] = {}
        self.sessions: dict[str, str] = {}
        self.instances: set[str] = set()


class MemoryBus:
    """See `base.Bus`."""

    def __init__(self, instance: str, broker: Broker | None = None) -> None:
        self.instance = instance
        self.alone = broker is None
        self._broker = broker or Broker()
        self._broker.buses.append(self)
        self._listeners: dict[str, Listener] = {}
        self._waiting: deque[tuple[str, bytes]] = deque()

    @property
    def available(self) -> bool:
        return True

    async def run(self) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._broker.buses.remove(self)

    def stop(self) -> None:
        """There is no connection."""

    async def listen(self, channel: str, listener: Listener) -> None:
        self._listeners[channel] = listener

    def unlisten(self, channel: str) -> None:
        self._listeners.pop(channel, None)

    def publish(self, channel: str, message: bytes) -> None:
        loop = asyncio.get_running_loop()
        for bus in self._broker.buses:
            if channel in bus._listeners:
                bus._waiting.append((channel, message))
                if len(bus._waiting) == 1:
                    loop.call_soon(bus._deliver)

    def append(self, log: str, offset: int, payload: bytes) -> None:
        kept = self._broker.logs.setdefault(log, {})
        if offset > next(reversed(kept), 0):
            kept[offset] = payload
            if len(kept) > LOG_MOST:
                del kept[next(iter(kept))]

    def expire(self, log: str, seconds: float) -> None:
        if not seconds:
            self._broker.logs.pop(log, None)

    async def read(self, log: str, after: int, upto: int) -> list[bytes]:
        return [payload for offset, payload in self._broker.logs.get(log, {}).items() if after < offset <= upto]

    async def renew(self) -> bool:
        kept = self._alive(self.instance)
        self._broker.leases[self.instance] = time.monotonic() + LEASE_S
        self._broker.instances.add(self.instance)
        return kept

    async def claim(self, sessions: Iterable[str], over: str | None = None) -> dict[str, str]:
        owners = {}
        for session in sessions:
            owner = self._broker.sessions.get(session)
            if owner is None or owner == over:
                owner = self._broker.sessions[session] = self.instance
            owners[session] = owner
        return owners

    async def owners(self, sessions: Iterable[str]) -> dict[str, str]:
        known = self._broker.sessions
        return {session: known[session] for session in sessions if session in known}

    async def release(self, sessions: Iterable[str]) -> None:
        for session in sessions:
            if self._broker.sessions.get(session) == self.instance:
                del self._broker.sessions[session]

    async def alive(self, instance: str) -> bool:
        return self._alive(instance)

    async def dead(self) -> list[str]:
        return [instance for instance in self._broker.instances if not self._alive(instance)]

    async def owned(self, instance: str) -> set[str]:
        return {session for session, owner in self._broker.sessions.items() if owner == instance}

    async def bury(self, instance: str) -> None:
        if self._alive(instance) and instance != self.instance:
            return
        self._broker.instances.discard(instance)
        self._broker.leases.pop(instance, None)

    def describe(self) -> dict[str, Any]:
        return {"state": "not configured"}

    def _alive(self, instance: str) -> bool:
        return self._broker.leases.get(instance, 0) > time.monotonic()

    def _deliver(self) -> None:
        while self._waiting:
            channel, message = self._waiting.popleft()
            listener = self._listeners.get(channel)
            if listener is not None:
                tell(listener, message)
