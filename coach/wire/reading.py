"""WebSocket frames of one connection as they come in: what nearly all of them are, short text messages, read at once.

Reading a frame with a library's generators costs more than decoding what is in it. Everything but whole, masked,
uncompressed text messages (RFC 6455, section 5.2) is handed on frame by frame, as it came.
"""

from collections.abc import Iterator

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # in C where it is built

_TEXT = 0x81
"""A whole message: FIN, no extension, opcode 1."""
_FIN, _MASKED, _LENGTH, _OPCODE = 0x80, 0x80, 0x7F, 0x0F
_CONTROL = 0x08


class Reading:
    """Splits a byte stream that begins with a frame. Keeps at most one frame of at most `most` bytes of payload.

    After a frame that is too long or not masked everything is handed on as it comes: the connection is at its end.
    """

    __slots__ = ("_fragments", "_left", "_lost", "_most", "_needed")

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = bytearray()
        self._needed = 2
        """Bytes that `_left` must have before there is something to read."""
        self._fragments = False
        self._lost = False

    def feed(self, data: bytes) -> Iterator[str | bytes]:
        """Messages that are texts, and other frames as bytes, in order. O(bytes), in however many pieces they come."""
        if self._lost:
            yield data
            return
        if self._left:
            self._left += data
            if len(self._left) < self._needed:
                return
            data = bytes(self._left)
            self._left.clear()
        start, end = 0, len(data)
        while (found := self._whole(data, start, end)) is not None:
            header, stop = found
            if data[start] == _TEXT and not self._fragments:
                yield _text(data, start, header, stop)
            else:
                if data[start] & _OPCODE < _CONTROL:
                    self._fragments = not data[start] & _FIN
                yield data[start:stop]
            start = stop
        if self._lost:
            yield data[start:]
        else:
            self._left += data[start:]

    def _whole(self, data: bytes, start: int, end: int) -> tuple[int, int] | None:
        """Where the payload of the frame at `start` begins and ends; None if not all of it is there."""
        there, header = end - start, 6
        length = data[start + 1] & _LENGTH if there > 1 else 0
        if there > 3 and length == 126:
            header, length = 8, int.from_bytes(data[start + 2 : start + 4], "big")
        elif there < 2 or length == 126:
            self._needed = 2 if there < 2 else 4
            return None
        if data[start + 1] < _MASKED or length > self._most or data[start + 1] & _LENGTH == 127:
            self._lost = True
            return None
        self._needed = header + length
        return (start + header, start + self._needed) if self._needed <= there else None


def _text(data: bytes, start: int, header: int, stop: int) -> str | bytes:
    """A text frame's message; the frame itself if it is not UTF-8: the library says so to the peer."""
    try:
        return apply_mask(data[header:stop], data[header - 4 : header]).decode()
    except UnicodeDecodeError:
        return data[start:stop]
