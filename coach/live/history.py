"""The durable events of one live session, for those who resume: the whole call, bounded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

LIMIT_EVENTS = 20_000
LIMIT_BYTES = 16 << 20
"""16 MiB: far beyond an hour of dense talk (about 2,000 events, 1 MiB)."""


@dataclass(slots=True)
class History:
    """Frames by offset, contiguous: the last one has the session's newest offset."""

    epoch: str
    past: list[tuple[str, int]] = field(default_factory=list)
    """Earlier epochs with the last offset of each that still counts, oldest first."""
    first: int = 1
    """Offset of the oldest frame kept."""
    _frames: list[bytes] = field(default_factory=list)
    _bytes: int = 0

    @property
    def last(self) -> int:
        """The newest offset; `first - 1` when nothing is kept."""
        return self.first + len(self._frames) - 1

    def append(self, frame: bytes) -> None:
        """Keep the next event's frame, letting go of the oldest ones beyond the limits."""
        self._frames.append(frame)
        self._bytes += len(frame)
        if len(self._frames) > LIMIT_EVENTS or self._bytes > LIMIT_BYTES:
            # In steps, so that a list is not shifted for each event.
            drop = max(1, len(self._frames) // 10)
            self._bytes -= sum(map(len, self._frames[:drop]))
            del self._frames[:drop]
            self.first += drop

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
        start, end = offset - self.first + 1, len(self._frames)
        return iter(self._frames[start:end])
