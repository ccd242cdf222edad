"""Connects and disconnects in every way there is, and what is left of them: `python -m tests.faults.churn`.

One instance on Redis and PostgreSQL, or on SQLite with `--sqlite`. Prints descriptors, threads, resident memory, open
sockets and the instance's Redis subscriptions when warm and at the end; exit code 1 if anything is left.
"""

import argparse
import asyncio
import contextlib
import random
import socket
import struct
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import redis.asyncio
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.wire import Asker, Refused, batched, frame
from tests.faults.instances import Instance, Instances, nursery
from tests.services import Redis, fresh_database, running_postgres, running_redis

SESSIONS = 40
ANSWER_S = 5.0
WARM = 5_000
"""Connections until the allocator has found its size: 1,000 leave 10 MiB to come, of which 20,000 more take 2."""
QUIET_S = 30.0
POOLED = 16
"""Connections to Redis and PostgreSQL that the pools may have opened since: some, whatever the count of sockets."""
MEMORY_MIB = 8.0
"""Resident memory may differ by so much: an allocator's business, and 0.4 KiB of each of 20,000 connections."""


async def abrupt(port: int, path: str, first: dict[str, Any]) -> None:
    """Welcomed, then gone by RST."""
    async with _welcomed(port, path, first) as client:
        raw = client._transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def polite(port: int, path: str, first: dict[str, Any]) -> None:
    """Welcomed, asks, and says goodbye."""
    async with _welcomed(port, path, first) as client:
        await client.ask()
        client.leave()


async def refused(port: int, path: str, _first: dict[str, Any]) -> None:
    """Its first frame is none."""
    async with _welcomed(port, path, {"type": "nonsense"}):
        pass


@contextlib.asynccontextmanager
async def _welcomed(port: int, path: str, first: dict[str, Any]) -> AsyncIterator[Asker]:
    """A client that is gone after the block, and after a refusal."""
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(lambda: Asker(path, first), "127.0.0.1", port)
    try:
        async with asyncio.timeout(ANSWER_S):
            await client.welcomed
        yield client
    finally:
        if not transport.is_closing():
            transport.abort()


async def wordless(port: int, path: str, _first: dict[str, Any]) -> None:
    """Upgraded, and gone before its first frame; or gone before that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if random.random() < 0.5:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(frame({"type": "watch"})[:5])
    writer.transport.abort()


WAYS = (abrupt, polite, polite, refused, wordless)


async def churn(port: int, count: int, chance: random.Random) -> None:
    """So many connections, some at a time, of sellers, bridges and dashboards, over `SESSIONS` sessions."""

    def one(number: int) -> Callable[[], Awaitable[None]]:
        session = f"churn-{chance.randrange(SESSIONS)}"
        doors: list[tuple[str, dict[str, Any]]] = [
            (f"/ws/{session}", {"type": "hello", "source": f"seller-{number % 7}"}),
            (f"/ws/{session}", {"type": "hello", "role": "source", "source": f"bridge-{number % 7}"}),
            ("/watch", {"type": "watch", "sessions": [session, f"none-{number}"]}),
            ("/watch", {"type": "watch", "sessions": "*"}),
        ]
        path, first = chance.choice(doors)
        way = chance.choice(WAYS)
        return lambda: _suppressed(way(port, path, first))

    await batched([one(number) for number in range(count)])


async def _suppressed(work: Coroutine[Any, Any, None]) -> None:
    """A source that another connection has taken over is cut: that is churn, too."""
    with contextlib.suppress(Refused, OSError, TimeoutError, asyncio.IncompleteReadError):
        await work


@dataclass(frozen=True, slots=True)
class Held:
    """What an instance holds."""

    sockets: int
    descriptors: int
    threads: int
    subscriptions: int
    memory_mib: float

    @classmethod
    async def read(cls, instance: Instance, server: Redis | None) -> "Held":
        process = instance.process()
        text = await asyncio.to_thread(_metrics, instance.port)
        open_ = sum(float(line.split()[1]) for line in text.splitlines() if line.startswith("coach_sockets{"))
        memory = process.memory_info().rss / 2**20
        return cls(int(open_), process.num_fds(), process.num_threads(), await _subscriptions(server), memory)

    def left(self, warm: "Held") -> list[str]:
        """What is more than it was when warm."""
        room = {"sockets": 0, "descriptors": POOLED, "threads": 0, "subscriptions": 0}
        more = [name for name, most in room.items() if getattr(self, name) > getattr(warm, name) + most]
        return [*more, *(["memory"] if self.memory_mib > warm.memory_mib + MEMORY_MIB else [])]


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: bytes = answer.read()
    return text.decode()


async def _subscriptions(server: Redis | None) -> int:
    if server is None:
        return 0
    async with redis.asyncio.Redis(port=server.port) as client:
        listed = await client.client_list()
    return sum(int(each["sub"]) + int(each["psub"]) + int(each.get("ssub", 0)) for each in listed)


async def settled(instance: Instance, server: Redis | None, warm: Held | None) -> Held:
    """What it holds once its counts do not change any more, or are back at `warm`; after `QUIET_S` at the latest."""
    until = asyncio.get_running_loop().time() + QUIET_S
    held = await Held.read(instance, server)
    while asyncio.get_running_loop().time() < until:
        await asyncio.sleep(1)
        before, held = held, await Held.read(instance, server)
        if (replace(held, memory_mib=before.memory_mib) == before) if warm is None else not held.left(warm):
            break
    return held


async def measure(instance: Instance, count: int, seed: int, server: Redis | None = None) -> tuple[Held, Held]:
    """What it holds when warm, and after so many connections more."""
    chance = random.Random(seed)
    await churn(instance.port, min(WARM, count), chance)
    warm = await settled(instance, server, None)
    await churn(instance.port, count, chance)
    return warm, await settled(instance, server, warm)


async def _run(count: int, seed: int, sqlite: bool) -> tuple[Held, Held]:
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coach-churn-")))
        instances = Instances(stack.enter_context(nursery()), folder)
        stack.push_async_callback(instances.kill)
        server: Redis | None = None
        settings = {"COACH_SESSION_UNLOAD_S": "5"}
        if not sqlite:
            server = stack.enter_context(running_redis())
            postgres = stack.enter_context(running_postgres())
            settings["DATABASE_URL"] = await stack.enter_async_context(fresh_database(postgres))
            settings["REDIS_URL"] = server.url
        instance = instances.new(**settings)
        await instance.start()
        return await measure(instance, count, seed, server)


def main() -> int:
    """Run, print, and say by the exit code whether everything was given back."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.churn", description="What connections leave behind.")
    parser.add_argument("--connects", type=int, default=20_000, help="(20000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true", help="without Redis and PostgreSQL")
    given = parser.parse_args()
    warm, after = uvloop.run(_run(given.connects, given.seed, given.sqlite))
    table = Table("", "warm", f"after {given.connects:,} connections")
    for name in Held.__slots__:
        table.add_row(name, *(f"{getattr(held, name):,.0f}" for held in (warm, after)))
    console = Console()
    console.print(table)
    left = after.left(warm)
    console.print(f"left: {', '.join(left)}" if left else "everything was given back")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
