"""Faults one after another and at once, chosen by a seed."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.chaos.load import Load
from tests.faults.instances import Instance
from tests.faults.proxy import Proxy
from tests.services import Postgres, Redis

GAP_S = (0.3, 1.8)
"""Between the starts of two faults."""
FAULT_S = (0.3, 2.5)
LONG_PAUSE_S = 10.0
START_S = 30.0
RESTART_S = 0.3


@dataclass(slots=True)
class Node:
    """An instance with its own way to Redis and to PostgreSQL."""

    instance: Instance
    redis: Proxy | None = None
    postgres: Proxy | None = None
    down: bool = False
    """A fault has it."""


@dataclass(slots=True)
class Storm:
    """Everything that may break. `faults` says what did, and when (seconds since the start)."""

    nodes: list[Node]
    load: Load
    chance: random.Random
    redis: Redis | None = None
    postgres: Postgres | None = None
    faults: list[tuple[float, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What no fault excuses: a drain that does not end with 0."""
    _busy: set[object] = field(default_factory=set)
    _began: float = field(default_factory=time.monotonic)

    def counts(self) -> Counter[str]:
        """Faults by kind."""
        return Counter(name.split()[0] for _, name in self.faults)

    async def run(self, seconds: float) -> None:
        """Break things for so long; afterwards everything runs again."""
        deadline = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(self.chance.uniform(*GAP_S))
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                kind = self.chance.choice(self._kinds())
                group.create_task(self._do(kind, self.chance.random(), left), name="fault")
        for node in self.nodes:
            for proxy in (node.redis, node.postgres):
                if proxy is not None:
                    proxy.heal()
                    await proxy.accept()

    def _kinds(self) -> list[str]:
        kinds = ["kill", "kill", "pause", "drain", "drain", "cut"]
        if self.redis is not None:
            kinds += ["redis-restart", "redis-kill", "redis-pause", "redis-cut", "redis-hole", "redis-deaf"]
            kinds += ["redis-half-open", "redis-late", "redis-lose", "zombie"]
        if self.postgres is not None:
            kinds += ["postgres-restart", "postgres-crash", "postgres-cut", "postgres-hole", "postgres-late"]
        return kinds

    async def _do(self, kind: str, dice: float, left: float) -> None:
        chance = random.Random(dice)
        lasts = min(chance.uniform(*FAULT_S), max(0.1, left))
        service, _, what = kind.partition("-")
        if service == "cut":
            clients = sorted(self.load.live, key=id)
            for client in chance.sample(clients, len(clients) // 3):
                client.cut()
            self._note(f"{kind} {len(clients) // 3} clients")
        elif what in ("restart", "kill", "crash", "pause") and service in ("redis", "postgres"):
            await self._exclusively(service, kind, lasts, lambda: self._service(service, what, lasts))
        else:
            node = chance.choice(self.nodes)
            key: object = id(node) if not what else (id(node), service)
            await self._exclusively(
                key,
                f"{kind} {node.instance.name}",
                lasts,
                (lambda: self._line(node, service, what, lasts)) if what else (lambda: self._node(node, kind, lasts)),
            )

    async def _exclusively(self, key: object, name: str, lasts: float, fault: Callable[[], Awaitable[None]]) -> None:
        """Nothing breaks twice at a time."""
        if key in self._busy:
            return
        self._busy.add(key)
        self._note(f"{name} {lasts:.1f} s")
        try:
            await fault()
        finally:
            self._busy.discard(key)

    def _note(self, name: str) -> None:
        self.faults.append((time.monotonic() - self._began, name))

    async def _node(self, node: Node, kind: str, lasts: float) -> None:
        instance = node.instance
        node.down = True
        try:
            if kind in ("pause", "zombie"):
                instance.pause()
                try:
                    await asyncio.sleep(LONG_PAUSE_S if kind == "zombie" else lasts)
                finally:
                    instance.resume()
                return
            if kind == "kill":
                await instance.kill()
            elif (code := await instance.stop()) != 0:
                self.problems.append(f"{instance.name} drained with exit code {code}:\n{instance.log[-4000:]}")
            await asyncio.sleep(lasts / 3)
            await self._start(instance)
        finally:
            node.down = False

    async def _start(self, instance: Instance) -> None:
        """As a supervisor does: again, until its database is there."""
        deadline = time.monotonic() + START_S
        while True:
            try:
                return await instance.start()
            except RuntimeError as error:
                if time.monotonic() > deadline:
                    self.problems.append(str(error))
                    raise
                await asyncio.sleep(RESTART_S)

    async def _service(self, service: str, what: str, lasts: float) -> None:
        server = self.redis if service == "redis" else self.postgres
        assert server is not None
        if what == "pause":
            server.pause()
            try:
                await asyncio.sleep(lasts)
            finally:
                server.resume()
            return
        how = {"redis-kill": signal.SIGKILL, "postgres-crash": signal.SIGQUIT}.get(f"{service}-{what}", signal.SIGINT)
        await asyncio.to_thread(server.stop, how)
        try:
            await asyncio.sleep(lasts / 2)
        finally:
            await asyncio.to_thread(server.start)

    async def _line(self, node: Node, service: str, what: str, lasts: float) -> None:
        proxy = node.redis if service == "redis" else node.postgres
        assert proxy is not None
        match what:
            case "half-open":
                proxy.half_open()
                return
            case "lose":
                proxy.down.lose = 1
                return
            case "cut":
                proxy.refuse()
                proxy.cut()
            case "hole":
                proxy.up.silent = proxy.down.silent = True
            case "deaf":
                proxy.down.silent = True
            case "late":
                proxy.down.delay_s = 0.2
        try:
            await asyncio.sleep(lasts)
        finally:
            if what in ("hole", "deaf"):
                # Bytes are missing: such a connection never makes sense again.
                proxy.cut()
            proxy.heal()
            await proxy.accept()
