"""How the servers are spoken to: WebSocket frames as they are, or with Socket.IO's envelope around them.

Sockets are plain file descriptors: an opened one is handed to whoever reads it (`crowd.py`, `publisher.py`).
"""

import asyncio
import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from benchmarks.wire import HANDSHAKE_S, Refused, batched, masked

_ENGINE = "/socket.io/?EIO=4&transport=websocket"
_READ = 1 << 16
Step = tuple[bytes | None, bytes]
"""What is sent, and with what the answer begins that is waited for."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One kind of server."""

    socketio: bool = False

    def path(self, path: str) -> str:
        """Where to connect."""
        return _ENGINE if self.socketio else path

    def frame(self, message: dict[str, Any]) -> bytes:
        """A message as a masked frame."""
        return masked(self._payload(message))

    def steps(self, first: dict[str, Any] | None) -> list[Step]:
        """Until the first message is answered by `welcome`; without one, until messages may be sent."""
        steps: list[Step] = [(None, b"0{"), (masked(b"40"), b"40{")] if self.socketio else []
        if first is not None:
            steps.append((self.frame(first), b'42["welcome"' if self.socketio else b'{"type":"welcome"'))
        return steps

    def _payload(self, message: dict[str, Any]) -> bytes:
        return b"42" + orjson.dumps([message["type"], message]) if self.socketio else orjson.dumps(message)


async def open_socket(port: int, path: str, steps: Sequence[Step]) -> socket.socket:
    """An upgraded, non-blocking socket after the steps. What came behind the last answer is lost.

    Raises `Refused`, `TimeoutError`, `OSError`.
    """
    loop = asyncio.get_running_loop()
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            await loop.sock_connect(made, ("127.0.0.1", port))
            await loop.sock_sendall(
                made,
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode(),
            )
            came = b""
            while b"\r\n\r\n" not in came:
                came += await _more(made)
            head, _, came = came.partition(b"\r\n\r\n")
            status = head.partition(b"\r\n")[0].decode("latin-1")
            if " 101 " not in status:
                raise Refused(f"{path}: {status}")
            for sent, expected in steps:
                if sent is not None:
                    await loop.sock_sendall(made, sent)
                while True:
                    text, came = _first(came)
                    if text is None:
                        came += await _more(made)
                    elif text.startswith(expected):
                        break
    except BaseException:
        made.close()
        raise
    return made


async def open_all(port: int, path: str, steps: Sequence[Step], count: int) -> list[socket.socket]:
    """So many of them. The first comes alone: what a server makes for its first client, it makes once."""

    async def one() -> socket.socket:
        return await open_socket(port, path, steps)

    return [await one(), *await batched([one] * (count - 1))]


class Sender:
    """Writes to a non-blocking socket; what the system does not take waits here."""

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._waiting = b""

    def send(self, data: bytes) -> None:
        """Send, or keep for later."""
        if self._waiting:
            self._waiting += data
            return
        taken = 0
        with contextlib.suppress(BlockingIOError):
            taken = self._socket.send(data)
        if taken < len(data):
            self._waiting = data[taken:]
            asyncio.get_running_loop().add_writer(self._socket, self._go_on)

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, b""
        asyncio.get_running_loop().remove_writer(self._socket)
        self.send(waiting)


def close(sockets: Sequence[socket.socket]) -> None:
    """Close them, with a reset: a thousand connections must not linger in the system."""
    for each in sockets:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        each.close()


async def _more(made: socket.socket) -> bytes:
    data = await asyncio.get_running_loop().sock_recv(made, _READ)
    if not data:
        raise Refused("closed before it was welcomed")
    return data


def _first(data: bytes) -> tuple[bytes | None, bytes]:
    """The first whole frame's payload and what is behind it; None while it is not whole."""
    if len(data) < 2:
        return None, data
    size, start = data[1], 2
    if size >= 126:
        start = 4 if size == 126 else 10
        if len(data) < start:
            return None, data
        size = int.from_bytes(data[2:start], "big")
    end = start + size
    return (data[start:end], data[end:]) if len(data) >= end else (None, data)


def payload_of(frame: bytes) -> bytes:
    """The JSON in a frame that `masked` made."""
    return frame[(2 if frame[1] & 0x7F < 126 else 4) + 4 :]
