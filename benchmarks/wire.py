"""The leanest WebSocket client that will do: an upgrade, masked frames out, whole text frames in.

No subprotocol, no extension, no fragments: the server sends none. Frames are masked with a key of zeros, which
costs the server what any key costs and the generator nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import orjson

HANDSHAKE_S = 30.0
"""For a welcome, and for a pong."""
AT_ONCE = 50
"""Sockets opened at one time: far below the server's backlog."""

_CLOSE = b"\x88\x82\0\0\0\0\x03\xe8"
_TEXT, _CLOSED, _PING = 1, 8, 9
_SOCKET = TypeVar("_SOCKET", bound="Socket")


class Refused(Exception):
    """The server did not want this socket, or closed it."""


def frame(message: dict[str, Any]) -> bytes:
    """The message as a masked text frame."""
    return masked(orjson.dumps(message))


def masked(payload: bytes) -> bytes:
    """A masked text frame (RFC 6455, section 5.2) of less than 64 KiB."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


class Socket(asyncio.Protocol):
    """A client socket. Subclasses say what happens with the bytes that come (`received`)."""

    def __init__(self, path: str, first: dict[str, Any]) -> None:
        self.welcomed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the server has answered the first frame."""
        self.lost = False
        """Whether the server closed the socket, or broke it off."""
        self._path = path
        self._first = frame(first)
        self._head = b""
        self._upgraded = False
        self._leaving = False
        self._transport: asyncio.Transport

    # For subclasses

    def received(self, data: bytes) -> None:
        """Bytes behind the upgrade, as they come."""
        raise NotImplementedError

    # For their users

    def write(self, data: bytes) -> None:
        """Send prepared frames."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def leave(self) -> None:
        """Close from this side."""
        self._leaving = True
        self.write(_CLOSE)
        self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transport is one by its methods, not by its class.
        self._transport = cast(asyncio.Transport, transport)
        host, port = transport.get_extra_info("peername")[:2]
        self._transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self._upgraded:
            self.received(data)
            return
        self._head += data
        head, ended, rest = self._head.partition(b"\r\n\r\n")
        if not ended:
            return
        if not head.startswith(b"HTTP/1.1 101"):
            self._fail(head.partition(b"\r\n")[0].decode("latin-1"))
            self._transport.abort()
            return
        self._upgraded = True
        self._transport.write(self._first)
        if rest:
            self.received(rest)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = not self._leaving
        self._fail("closed before it was welcomed")

    def _fail(self, why: str) -> None:
        if not self.welcomed.done():
            self.welcomed.set_exception(Refused(f"{self._path}: {why}"))


class FrameSocket(Socket):
    """A socket that gets whole text frames."""

    def __init__(self, path: str, first: dict[str, Any]) -> None:
        super().__init__(path, first)
        self.frames = 0
        """Text frames received."""
        self._rest = b""

    def on_text(self, payload: bytes, at: float) -> None:
        """A text frame's payload; `at` is when its bytes were read (seconds of `time.perf_counter`)."""
        raise NotImplementedError

    def received(self, data: bytes) -> None:
        at = time.perf_counter()
        if self._rest:
            data = self._rest + data
        begin, end = 0, len(data)
        while end - begin >= 2:
            size, start = data[begin + 1], begin + 2
            if size >= 126:
                start = begin + (4 if size == 126 else 10)
                if start > end:
                    break
                size = int.from_bytes(data[begin + 2 : start], "big")
            if start + size > end:
                break
            kind = data[begin] & 0x0F
            begin = start + size
            if kind == _TEXT:
                self.frames += 1
                self.on_text(data[start:begin], at)
            elif kind == _PING:
                self.write(b"\x8a\x80\0\0\0\0")
            elif kind == _CLOSED:
                self._fail(f"closed with {int.from_bytes(data[start : start + 2], 'big')}")
        self._rest = data[begin:]


class Asker(FrameSocket):
    """A socket that asks and waits for the answer: for what is not measured."""

    def __init__(self, path: str, first: dict[str, Any]) -> None:
        super().__init__(path, first)
        self._heard: list[dict[str, Any]] = []
        self._pong: asyncio.Future[None] | None = None

    async def ask(self, *messages: dict[str, Any]) -> list[dict[str, Any]]:
        """Send the messages and a ping; everything that came until its pong (docs/protocol.md). Raises `Refused`."""
        self._heard = []
        self._pong = asyncio.get_running_loop().create_future()
        self.write(b"".join(frame(message) for message in (*messages, {"type": "ping", "t": 0})))
        async with asyncio.timeout(HANDSHAKE_S):
            await self._pong
        return self._heard

    def on_text(self, payload: bytes, at: float) -> None:
        if payload.startswith(b'{"type":"welcome"') and not self.welcomed.done():
            self.welcomed.set_result(None)
        elif not payload.startswith(b'{"type":"pong"'):
            self._heard.append(orjson.loads(payload))
        elif self._pong is not None and not self._pong.done():
            self._pong.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._pong is not None and not self._pong.done():
            self._pong.set_exception(Refused(f"{self._path}: closed before it answered"))


async def connect(port: int, make: Callable[[], _SOCKET]) -> _SOCKET:
    """An open socket to 127.0.0.1 whose first frame was answered. Raises `Refused`, `TimeoutError`, `OSError`."""
    async with asyncio.timeout(HANDSHAKE_S):
        _, socket = await asyncio.get_running_loop().create_connection(make, "127.0.0.1", port)
        await socket.welcomed
    return socket


async def connect_all(port: int, makers: Iterable[Callable[[], _SOCKET]]) -> list[_SOCKET]:
    """Open sockets in the order of their makers, `AT_ONCE` at a time. Raises what `connect` raises, in a group."""
    return await batched([partial(connect, port, make) for make in makers])


_RESULT = TypeVar("_RESULT")


async def batched(jobs: Sequence[Callable[[], Awaitable[_RESULT]]]) -> list[_RESULT]:
    """The jobs' results in their order; `AT_ONCE` of them run at one time."""
    results: list[_RESULT] = []

    async def run(job: Callable[[], Awaitable[_RESULT]]) -> _RESULT:
        return await job()

    for start in range(0, len(jobs), AT_ONCE):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run(job), name="bench job") for job in jobs[start : start + AT_ONCE]]
        results += [task.result() for task in tasks]
    return results
