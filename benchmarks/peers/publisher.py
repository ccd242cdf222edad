"""The one publisher: sends finals, either so many ahead of what came back, or each at its time."""

import asyncio
import contextlib
import itertools
import re
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.peers import wires
from benchmarks.peers.wires import Wire
from coach.demo.player import CallTurn

_ACKED = re.compile(rb'"type":"ack"[^}]*?"seq":(\d+)[,}]')
_ERROR = re.compile(rb'"type":"error"[^}]*?"code":"(\w+)"')
_KEPT = 256
_READ = 1 << 18


class Publisher:
    """A session's source. `seq` counts up for as long as it lives."""

    def __init__(self, made: socket.socket, wire: Wire, turns: Sequence[CallTurn]) -> None:
        self.sent = 0
        self.acked = 0
        self.errors: Counter[str] = Counter()
        self._socket = made
        self._sender = wires.Sender(made)
        self._frame = wire.frame
        self._turns = itertools.cycle(turns)
        self._rest = b""
        self._window = 0
        self._came: Callable[[], int] = _none
        asyncio.get_running_loop().add_reader(made, self._read)

    def push(self, window: int, came: Callable[[], int]) -> None:
        """Keep `window` finals under way until `rest`: one is, until it is acked and `came()` has counted it, too."""
        base, start = self.sent, came()
        self._window, self._came = window, lambda: base + came() - start
        self.fill()

    def fill(self) -> None:
        """Send what the window allows."""
        if self._window:
            missing = self._window - (self.sent - min(self.acked, self._came()))
            if missing > 0:
                self._sender.send(b"".join(self._next() for _ in range(missing)))

    def rest(self) -> None:
        """Send no more by itself."""
        self._window = 0

    def send(self, _number: int = 0) -> None:
        """Send the next final."""
        self._sender.send(self._next())

    def close(self) -> None:
        """Leave."""
        asyncio.get_running_loop().remove_reader(self._socket)
        wires.close([self._socket])

    def _next(self) -> bytes:
        turn = next(self._turns)
        self.sent += 1
        at_ms = 3000 * self.sent
        message: dict[str, Any] = {
            "type": "transcript",
            "utterance": f"u{self.sent}",
            "speaker": turn.speaker,
            "text": turn.text,
            "final": True,
            "seq": self.sent,
            "start_ms": at_ms,
            "end_ms": at_ms + 2500,
        }
        return self._frame(message)

    def _read(self) -> None:
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = self._socket.recv(_READ)
            if not data:
                self.errors["lost"] += 1
                asyncio.get_running_loop().remove_reader(self._socket)
        data = self._rest + data
        end = 0
        for match in _ACKED.finditer(data):
            self.acked, end = max(self.acked, int(match[1])), match.end()
        for match in _ERROR.finditer(data):
            self.errors[match[1].decode()] += 1
            end = max(end, match.end())
        self._rest = data[max(end, len(data) - _KEPT) :]
        self.fill()


def _none() -> int:
    return 0
