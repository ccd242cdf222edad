"""One event on its way to any number of sockets, encoded once."""

from collections.abc import Iterator
from typing import Any

from coach.wire.codec import encode


def text_frame(payload: bytes) -> bytes:
    """An unmasked, unfragmented text frame (RFC 6455, section 5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + payload
    return b"\x81\x7f" + size.to_bytes(8, "big") + payload


def payload_of(frame: bytes) -> bytes:
    """The JSON of a text frame."""
    return frame[_header(frame[1]) :]


def frames_of(joined: bytes) -> Iterator[bytes]:
    """The text frames that these bytes are, each told from the next by its own length."""
    at = 0
    while at < len(joined):
        length = joined[at + 1]
        header = _header(length)
        size = length if header == 2 else int.from_bytes(joined[at + 2 : at + header], "big")
        yield joined[at : at + header + size]
        at += header + size


def _header(length: int) -> int:
    """Bytes of a header, by its second one."""
    return {126: 4, 127: 10}.get(length, 2)


class Publication:
    """One event on its way to any number of sockets: encoded at most once, however many take it."""

    __slots__ = ("_frame", "_payload", "event", "key", "token")

    def __init__(
        self, event: dict[str, Any], *, key: str | None = None, token: bool = False, payload: bytes | None = None
    ) -> None:
        self.event = event
        self.key = key
        """Latest-wins and token publications of one key replace, or merge with, what waits."""
        self.token = token
        self._payload = payload
        self._frame: bytes | None = None

    @property
    def payload(self) -> bytes:
        """The event as JSON."""
        if self._payload is None:
            self._payload = encode(self.event)
        return self._payload

    @property
    def frame(self) -> bytes:
        """The prepared WebSocket frame."""
        if self._frame is None:
            self._frame = text_frame(self.payload)
        return self._frame
