"""A TCP proxy that a test puts before Redis, PostgreSQL or an instance, and that then misbehaves.

Each direction (`up`: to the server, `down`: to the client) may be late, slow or silent; connections may be cut on both
sides, or on the server's alone (half-open); new ones may be refused. Faults hold for connections that are there, too.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

READ_BYTES = 64 * 1024


@dataclass(slots=True)
class Direction:
    """What happens to bytes on their way."""

    delay_s: float = 0.0
    """Each piece comes so much later."""
    bytes_per_s: float | None = None
    """The line is this thin."""
    silent: bool = False
    """A black hole: bytes are taken and never come."""
    lose: int = 0
    """So many pieces do not come, and the connection of each is cut: the answer is lost, the request was heard."""
    seen: int = 0
    """Bytes that came through."""
    _flows: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._flows.set()

    def stall(self) -> None:
        """Take no byte more: the sender sees a peer that does not read."""
        self._flows.clear()

    def flow(self) -> None:
        """Take bytes again."""
        self._flows.set()


@dataclass(slots=True, eq=False)
class _Link:
    """One connection with its two sides."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    deaf: bool = False
    """The server's side is gone and the client is not told."""

    def cut(self) -> None:
        for side in (self.client, self.server):
            side.transport.abort()


class Proxy:
    """Use `async with proxied(host, port) as proxy`, and `proxy.port` in place of `port`."""

    def __init__(self, host: str, port: int, buffer_bytes: int | None = None) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.up = Direction()
        self.down = Direction()
        self.accepted = 0
        """Connections so far."""
        self._target = (host, port)
        self._buffer_bytes = buffer_bytes
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._handlers: set[asyncio.Task[None]] = set()

    @property
    def open(self) -> int:
        """Connections of now."""
        return len(self._links)

    def cut(self) -> None:
        """Break every connection of now, by RST on both sides."""
        for link in tuple(self._links):
            link.cut()

    def half_open(self) -> None:
        """The server sees every connection of now break; the client is never told and its bytes vanish."""
        for link in tuple(self._links):
            link.deaf = True
            link.server.transport.abort()

    def refuse(self) -> None:
        """Take no new connection."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def accept(self) -> None:
        """Take new connections, on the same port as ever."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, self.host, self.port, limit=READ_BYTES)
            self.port = self._server.sockets[0].getsockname()[1]

    def heal(self) -> None:
        """Let bytes pass as they come. Cut connections stay cut."""
        for direction in (self.up, self.down):
            direction.delay_s, direction.bytes_per_s, direction.silent, direction.lose = 0.0, None, False, 0
            direction.flow()

    async def close(self) -> None:
        """Stop, and wait for the last connection."""
        self.refuse()
        self.heal()
        while self._handlers:
            for task in self._handlers:
                task.cancel()
            await asyncio.wait(self._handlers)

    async def _connected(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        self.accepted += 1
        try:
            with contextlib.suppress(OSError):
                answers, server = await self._reach()
                link = _Link(client, server)
                self._links.add(link)
                try:
                    async with asyncio.TaskGroup() as both:
                        both.create_task(self._pump(link, reader, server, self.up), name="proxy up")
                        both.create_task(self._pump(link, answers, client, self.down), name="proxy down")
                finally:
                    self._links.discard(link)
                    server.transport.abort()
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            client.transport.abort()
            self._handlers.discard(task)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server, with a receive buffer as small as was asked for."""
        if self._buffer_bytes is None:
            return await asyncio.open_connection(*self._target, limit=READ_BYTES)
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer_bytes)
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, self._target)
        return await asyncio.open_connection(sock=raw, limit=self._buffer_bytes)

    async def _pump(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Direction
    ) -> None:
        while True:
            await way._flows.wait()
            most = READ_BYTES if way.bytes_per_s is None else max(1, min(READ_BYTES, int(way.bytes_per_s / 10)))
            data = await reader.read(most)
            if not data:
                if link.deaf and writer is link.client:
                    return
                break
            if way.delay_s:
                await asyncio.sleep(way.delay_s)
            if way.bytes_per_s is not None:
                await asyncio.sleep(len(data) / way.bytes_per_s)
            if way.lose:
                way.lose -= 1
                break
            if way.silent or link.deaf:
                continue
            way.seen += len(data)
            if writer.is_closing():
                break
            writer.write(data)
            await writer.drain()
        link.cut()


@contextlib.asynccontextmanager
async def proxied(host: str, port: int, buffer_bytes: int | None = None) -> AsyncIterator[Proxy]:
    """A proxy before `host:port` for the block, on a port of its own.

    `buffer_bytes`: what its system keeps of the server's bytes, so that a slow client is felt soon.
    """
    proxy = Proxy(host, port, buffer_bytes)
    await proxy.accept()
    try:
        yield proxy
    finally:
        await proxy.close()
