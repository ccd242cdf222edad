"""Servers for a block: Coach and peers on one core, with Redis and PostgreSQL on the other, beside the generator."""

import asyncio
import os
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import psutil

from benchmarks import cores
from benchmarks.cores import Cores, Reading
from benchmarks.peers.roster import COACH, Server
from benchmarks.peers.wires import open_socket
from benchmarks.server import NotStarted, serving
from benchmarks.wire import Refused
from tests.services import free_port, fresh_database, running_postgres, running_redis

START_S = 30.0
STOP_S = 2.0
_LOOK_S = 0.005
SESSION = {"type": "watch", "sessions": ["start"]}


@dataclass(frozen=True, slots=True)
class Running:
    """One server, on one instance or two."""

    server: Server
    pids: tuple[int, ...]
    ports: tuple[int, ...]
    cores: Cores
    start_s: float
    """From its first process' start to the first socket that it welcomed."""

    @property
    def first(self) -> int:
        """The port of the instance that the publisher uses."""
        return self.ports[0]

    @property
    def last(self) -> int:
        """The port of the instance that the watchers use."""
        return self.ports[-1]

    def read(self) -> Reading:
        """The clocks of now, those of all its processes added up."""
        return cores.read(self.cores.server, *self.pids)

    def beside_s(self) -> float:
        """Seconds in which the other core was not idle: the generator's, Redis' and PostgreSQL's; 0 where unknown."""
        return cores.core_s(self.cores.generator) or 0.0

    def rss_kib(self) -> float:
        """Resident memory of all its processes, KiB."""
        return sum(float(psutil.Process(pid).memory_info().rss) for pid in self.pids) / 1024


@dataclass(frozen=True, slots=True)
class Services:
    """What two instances share."""

    redis: str = ""
    postgres: str = ""


@asynccontextmanager
async def services() -> AsyncIterator[Services]:
    """A Redis that keeps nothing, and a PostgreSQL for Coach, pinned as this process is."""
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(running_redis(volatile=True))
        database = await stack.enter_async_context(fresh_database(stack.enter_context(running_postgres())))
        yield Services(redis.url, database)


@asynccontextmanager
async def running(
    server: Server, divided: Cores, shared: Services, instances: int = 1, **settings: str
) -> AsyncIterator[Running]:
    """So many instances of it, started one after the other; `settings` are Coach's. Raises `NotStarted`."""
    async with AsyncExitStack() as stack:
        began = time.perf_counter()
        start_s = 0.0
        pids, ports = [], []
        for _ in range(instances):
            if server.is_coach:
                pid, port = await stack.enter_async_context(_coach(divided, shared, instances, settings))
            else:
                pid, port = await stack.enter_async_context(_peer(server, divided, shared, instances))
            pids.append(pid)
            ports.append(port)
            start_s = start_s or time.perf_counter() - began
        yield Running(server, tuple(pids), tuple(ports), divided, start_s)


@asynccontextmanager
async def _coach(
    divided: Cores, shared: Services, instances: int, settings: dict[str, str]
) -> AsyncIterator[tuple[int, int]]:
    if instances > 1:
        settings = {**settings, "DATABASE_URL": shared.postgres, "REDIS_URL": shared.redis}
    async with serving(divided, **settings) as process:
        (await _welcomed(COACH, process.port)).close()
        yield process.pid, process.port


@asynccontextmanager
async def _peer(server: Server, divided: Cores, shared: Services, instances: int) -> AsyncIterator[tuple[int, int]]:
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *server.command(port, shared.redis if instances > 1 or server.redis else ""),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            preexec_fn=partial(cores.pin, 0, divided.server),
        )
        try:
            until = time.perf_counter() + START_S
            while True:
                if process.returncode is not None or time.perf_counter() > until:
                    log.seek(0)
                    raise NotStarted(f"{server.title}: {log.read().decode(errors='replace')[-2000:]}")
                try:
                    (await _welcomed(server, port)).close()
                    break
                except (OSError, Refused):
                    await asyncio.sleep(_LOOK_S)
            yield process.pid, port
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    async with asyncio.timeout(STOP_S):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()


async def _welcomed(server: Server, port: int) -> socket.socket:
    """A socket that watches, or for one that only echoes an open one."""
    if server.name == "uvicorn":
        return await open_socket(port, "/echo", [])
    return await open_socket(port, server.wire.path("/watch"), server.wire.steps(SESSION))
