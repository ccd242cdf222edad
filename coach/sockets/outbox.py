"""One socket's bounded outbox: what waits to be written, in order, and what happens when it waits too long.

Durable events, acks and errors are never dropped: a peer that cannot take them is cut and resumes. Tokens of a
card merge into one frame, and of a latest-wins event (metrics, presence, interims, wall lines) only the newest
waits. Whatever leaves in one tick of the loop leaves in one write. Nobody ever waits for an outbox.

Of a topic with many subscribers an outbox holds a burst, not each publication: a tick costs a socket one entry and one
write, however much was said in it. A peer that is slow gets them one by one, counted.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from coach.wire.burst import Burst, Entry
from coach.wire.publication import Publication

LIMIT_FRAMES = 1_000
LIMIT_BYTES = 640 * 1024
"""About 2,000 events. With what the transport and the system hold, a peer that does not read costs at most 1 MiB."""
CHUNK_BYTES = 64 * 1024
"""One write's size: the transport's high-water mark, so that backpressure is seen between two writes."""


class Wire(Protocol):
    """What an outbox needs of a transport."""

    paused_since: float | None

    @property
    def open(self) -> bool: ...
    def write_frames(self, frames: list[bytes]) -> None: ...


@dataclass(slots=True)
class Outbox:
    """Bounded queue of one socket. `on_overflow` is called once, when a limit is passed."""

    wire: Wire
    schedule: Callable[[Callable[[], None]], object]
    """Runs a callback soon, in this thread: the loop's `call_soon`."""
    on_overflow: Callable[[], None]
    frames_left: int = LIMIT_FRAMES
    bytes_left: int = LIMIT_BYTES
    _entries: deque[Entry | Burst | Iterator[bytes]] = field(default_factory=deque)
    _by_key: dict[str, Entry] = field(default_factory=dict)
    _scheduled: bool = False
    _overflowed: bool = False

    def push(self, publication: Publication) -> None:
        """Queue it, merging or replacing by its key. Never waits, never raises."""
        self._queue(publication)
        if self.wire.paused_since is None and (
            2 * self.frames_left < LIMIT_FRAMES or 2 * self.bytes_left < LIMIT_BYTES
        ):
            # Much happened in one tick; the peer is not slow, it had no chance yet.
            self.flush()
        if self.frames_left < 0 or self.bytes_left < 0:
            self._overflow()
        else:
            self._wake()

    def begin(self, burst: Burst) -> bool:
        """Take what a burst will hold when it leaves, in this tick or the next; a peer that is slow does not."""
        if 2 * self.frames_left < LIMIT_FRAMES:
            self.flush()
        if self.wire.paused_since is not None or 2 * self.frames_left < LIMIT_FRAMES:
            return False
        # What comes after it never merges into what waits before it.
        self._by_key.clear()
        self._entries.append(burst)
        self.frames_left -= 1
        self._wake()
        return True

    def send(self, event: dict[str, Any]) -> None:
        """Queue an event for this socket alone."""
        self.push(Publication(event))

    def replay(self, frames: Iterator[bytes]) -> None:
        """Queue a past that the history keeps anyway: outside the limits, and read only as it leaves.

        What comes after it never merges into what waits before it.
        """
        self._by_key.clear()
        self._entries.append(frames)
        self._wake()

    def flush(self) -> None:
        """Write what the transport takes; the rest goes when it can be written to again."""
        self._scheduled = False
        while self._entries and self.wire.paused_since is None:
            if not self.wire.open:
                self._entries.clear()
                self._by_key.clear()
                return
            self.wire.write_frames(self._chunk())
        if self._entries and any(isinstance(entry, Burst) for entry in self._entries):
            self._unfold()

    def drain(self) -> None:
        """Write everything now, whatever the transport's buffer holds: what is queued goes before a close."""
        while self._entries:
            self.wire.write_frames(self._chunk())

    def _chunk(self) -> list[bytes]:
        """Takes at least one frame and at most about `CHUNK_BYTES` off the queue."""
        frames: list[bytes] = []
        size = 0
        while self._entries and size < CHUNK_BYTES:
            head = self._entries[0]
            if isinstance(head, Burst):
                self._entries.popleft()
                self.frames_left += 1
                frame = head.frames()
            elif isinstance(head, Entry):
                self._entries.popleft()
                key = head.publications[0].key
                if key is not None and self._by_key.get(key) is head:
                    del self._by_key[key]
                self.frames_left += 1
                self.bytes_left += head.size
                frame = head.frame()
            else:
                past = next(head, None)
                if past is None:
                    self._entries.popleft()
                    continue
                frame = past
            frames.append(frame)
            size += len(frame)
        return frames or [b""]

    def _queue(self, publication: Publication) -> None:
        key = publication.key
        entry = self._by_key.get(key) if key is not None else None
        if entry is not None:
            self.bytes_left -= entry.merge(publication)
            return
        entry = Entry(publication)
        self._entries.append(entry)
        if key is not None:
            self._by_key[key] = entry
        self.frames_left -= 1
        self.bytes_left -= entry.size

    def _unfold(self) -> None:
        """The peer has become slow: what bursts still hold is counted from here on."""
        waiting = list(self._entries)
        self._entries.clear()
        self._by_key.clear()
        for entry in waiting:
            if not isinstance(entry, Burst):
                self._entries.append(entry)
                continue
            self.frames_left += 1
            entry.frames()
            for publication in entry.publications():
                self._queue(publication)
        if self.frames_left < 0 or self.bytes_left < 0:
            self._overflow()

    def _wake(self) -> None:
        if not self._scheduled and self.wire.paused_since is None:
            self._scheduled = True
            self.schedule(self.flush)

    def _overflow(self) -> None:
        if not self._overflowed:
            self._overflowed = True
            self._entries.clear()
            self._by_key.clear()
            self.on_overflow()
