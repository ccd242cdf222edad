"""The durable events of one live session, for those who resume: the whole call, bounded, the older ones packed."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Literal

from coach.wire.publication import frames_of

LIMIT_EVENTS = 20_000
LIMIT_BYTES = 16 << 20
"""As packed. Far beyond an hour of dense talk (about 2,000 events, 0.2 MiB), and more than the newest can take, which
are not let go: a frame is at most 64 KiB."""
BLOCK = 64
"""Frames packed at once, when as many newer ones are there: who resumes was seldom away for longer."""
LEVEL = 1
"""The fastest: frames repeat each other (docs/design.md, "What a call keeps")."""


@dataclass(slots=True)
class History:
    """Frames by offset, contiguous: the last one has the session's newest offset."""

    epoch: str
    past: list[tuple[str, int]] = field(default_factory=list)
    """Earlier epochs with the last offset of each that still counts, oldest first."""
    first: int = 1
    """Offset of the oldest frame kept."""
    _blocks: list[bytes] = field(default_factory=list)
    _frames: list[bytes] = field(default_factory=list)
    """The newest, as they are."""
    _bytes: int = 0

    @property
    def last(self) -> int:
        """The newest offset; `first - 1` when nothing is kept."""
        return self.first + BLOCK * len(self._blocks) + len(self._frames) - 1

    def append(self, frame: bytes) -> None:
        """Keep the next event's frame, letting go of the oldest ones beyond the limits."""
        self._frames.append(frame)
        self._bytes += len(frame)
        if len(self._frames) == 2 * BLOCK:
            self._pack()
        while self._blocks and (self.last - self.first >= LIMIT_EVENTS or self._bytes > LIMIT_BYTES):
            self._bytes -= len(self._blocks.pop(0))
            self.first += BLOCK

    def why_not(self, after: int | None, epoch: str | None) -> Literal["new", "epoch", "trimmed"] | None:
        """Why a client at (`epoch`, `after`) cannot resume; None if it can."""
        if after is None and epoch is None:
            return "new"
        if after is None or epoch is None or after > self.last:
            return "epoch"
        if epoch != self.epoch and not any(name == epoch and after <= end for name, end in self.past):
            return "epoch"
        return None if after >= self.first - 1 else "trimmed"

    def after(self, offset: int) -> Iterator[bytes]:
        """The frames behind `offset` that exist now, oldest first. Only for an offset that can resume."""
        start = offset - self.first + 1
        first, skip = divmod(start, BLOCK)
        blocks, recent = self._blocks[first:], self._frames[max(0, start - BLOCK * len(self._blocks)) :]
        packed = chain.from_iterable(frames_of(zlib.decompress(block)) for block in blocks)
        return chain(islice(packed, skip, None) if blocks else (), recent)

    def _pack(self) -> None:
        oldest = self._frames[:BLOCK]
        block = zlib.compress(b"".join(oldest), LEVEL)
        self._blocks.append(block)
        self._bytes += len(block) - sum(map(len, oldest))
        del self._frames[:BLOCK]
