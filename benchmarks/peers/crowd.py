"""Many sockets read by one loop of few steps: the generator must not be what is measured.

Their descriptors are in an epoll set of their own, whose descriptor the event loop watches: a wake-up of the loop
reads all that are ready. Frames are not parsed: each event has its key once, which is counted in the bytes.
"""

import asyncio
import re
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence

from benchmarks.peers import wires

DURABLE = b'"offset":'
"""Once in each durable event, of Coach and of the peers."""
ECHOED = b'"utterance":'
"""Once in each frame that comes back."""
PAUSE_S = 0.005
"""Between two passes while it counts: a socket that is read less often is read in larger pieces, at half the cost."""
_KEPT = 24
"""Bytes kept of what was read: enough for a cut `"seq":123456,`."""
_READ = 1 << 18
_AT_ONCE = 4096
_SEQ = re.compile(rb'"seq":(\d+)[,}\]]')


class Crowd:
    """Sockets of one server. It counts `key`s; or, while it listens, notes how late each event is.

    To be switched when nothing is under way.
    """

    def __init__(self, sockets: Sequence[socket.socket], key: bytes = DURABLE) -> None:
        self.sockets = list(sockets)
        self.delivered = 0
        """Keys counted, or events noted, of all sockets."""
        self.bytes = 0
        self.lost = 0
        """Sockets that the server closed."""
        self.took = array("d")
        """While it listens: seconds from when an event's frame was due, one for each socket that got it."""
        self.on_read: Callable[[], None] = _nothing
        """Called after each pass over the ready sockets."""
        self._key = key
        self._due: Sequence[float] | None = None
        self._by_fd = {each.fileno(): each for each in self.sockets}
        self._counts = dict.fromkeys(self._by_fd, 0)
        self._tails = dict.fromkeys(self._by_fd, b"")
        self._sample = [self.sockets[place].fileno() for place in {0, len(self.sockets) // 2, len(self.sockets) - 1}]
        self._kept = len(key) - 1
        self._buffer = bytearray(self._kept + _READ)
        self._into = memoryview(self._buffer)[self._kept :]
        self._epoll = select.epoll()
        for fd in self._by_fd:
            self._tails[fd] = bytes(self._kept)
            self._epoll.register(fd, select.EPOLLIN)
        asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._ready)

    @property
    def slowest(self) -> int:
        """The least that one of three sockets got: the first, the middle and the last."""
        return min(map(self._counts.__getitem__, self._sample))

    def listen(self, due: Sequence[float] | None) -> None:
        """Note how late events are: `due[seq - 1]` says when a frame was to be sent. None: only count again."""
        self._due = due
        self._tails = dict.fromkeys(self._by_fd, b"" if due is not None else bytes(self._kept))

    def close(self) -> None:
        """Close all of them."""
        asyncio.get_running_loop().remove_reader(self._epoll.fileno())
        self._epoll.close()
        wires.close(self.sockets)

    def _ready(self) -> None:
        (self._count if self._due is None else self._note)()
        self.on_read()
        if self._due is None and len(self.sockets) > 1:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._epoll.fileno())
            loop.call_later(PAUSE_S, self._again)

    def _again(self) -> None:
        if not self._epoll.closed:
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._ready)

    def _count(self) -> None:
        buffer, into, kept, key = self._buffer, self._into, self._kept, self._key
        by_fd, counts, tails = self._by_fd, self._counts, self._tails
        for fd, _ in self._epoll.poll(0, _AT_ONCE):
            size = _read(by_fd[fd], into)
            if size <= 0:
                self._gone(fd, size)
                continue
            buffer[:kept] = tails[fd]
            found = buffer.count(key, 0, kept + size)
            tails[fd] = bytes(buffer[size : kept + size])
            counts[fd] += found
            self.delivered += found
            self.bytes += size

    def _note(self) -> None:
        due, took = self._due, self.took
        assert due is not None
        for fd, _ in self._epoll.poll(0, _AT_ONCE):
            size = _read(self._by_fd[fd], self._into)
            if size <= 0:
                self._gone(fd, size)
                continue
            at = time.perf_counter()
            data = self._tails[fd] + bytes(self._into[:size])
            end = found = 0
            for match in _SEQ.finditer(data):
                took.append(at - due[int(match[1]) - 1])
                end = match.end()
                found += 1
            self._tails[fd] = data[max(end, len(data) - _KEPT) :]
            self._counts[fd] += found
            self.delivered += found
            self.bytes += size

    def _gone(self, fd: int, size: int) -> None:
        if size == 0:
            self.lost += 1
            self._epoll.unregister(fd)


class Echoes(Crowd):
    """Sockets that send and get everything back, in order: each knows when what it waits for was due."""

    def __init__(self, sockets: Sequence[socket.socket]) -> None:
        super().__init__(sockets, ECHOED)
        self._senders = [wires.Sender(each) for each in self.sockets]
        self._waiting: dict[int, deque[float]] = {fd: deque() for fd in self._by_fd}
        self._stale = dict.fromkeys(self._by_fd, 0)
        self._fds = list(self._by_fd)

    def send(self, place: int, frame: bytes, due: float) -> None:
        """On the socket at `place`."""
        self._waiting[self._fds[place]].append(due)
        self._senders[place].send(frame)

    async def quiet(self, seconds: float) -> None:
        """Until everything is back, at most so long."""
        until = time.perf_counter() + seconds
        while any(self._waiting.values()) and time.perf_counter() < until:
            await asyncio.sleep(0.01)

    def forget(self) -> int:
        """How many have not come back; they are not waited for any more."""
        missing = sum(map(len, self._waiting.values()))
        self._stale = {fd: stale + len(self._waiting[fd]) for fd, stale in self._stale.items()}
        for waiting in self._waiting.values():
            waiting.clear()
        return missing

    def _ready(self) -> None:
        for fd, _ in self._epoll.poll(0, _AT_ONCE):
            size = _read(self._by_fd[fd], self._into)
            if size <= 0:
                self._gone(fd, size)
                continue
            at = time.perf_counter()
            self._buffer[: self._kept] = self._tails[fd]
            found = self._buffer.count(self._key, 0, self._kept + size)
            self._tails[fd] = bytes(self._buffer[size : self._kept + size])
            self.delivered += found
            if self._stale[fd]:
                late = min(found, self._stale[fd])
                self._stale[fd] -= late
                found -= late
            waiting = self._waiting[fd]
            for _ in range(found):
                self.took.append(at - waiting.popleft())


def _read(made: socket.socket, into: memoryview) -> int:
    """Bytes read; 0 at the end, -1 if there was nothing."""
    try:
        return made.recv_into(into)
    except BlockingIOError:
        return -1
    except ConnectionError:
        return 0


def _nothing() -> None:
    """Nobody wants to know."""
