"""How many frames a socket may send."""

from dataclasses import dataclass, field

BURST_S = 2.0
"""A recogniser that was offline sends what it missed in one burst."""
PATIENCE_S = 5.0
"""Seconds' worth of refused frames in a row after which the peer is not slow to react but broken."""


@dataclass(slots=True)
class FrameLimiter:
    """Token bucket of `per_second` frames, twice that in a burst. Times in seconds of one clock."""

    per_second: int
    _left: float = field(init=False)
    _at: float = 0.0
    refused: int = 0

    def __post_init__(self) -> None:
        self._left = BURST_S * self.per_second

    def take(self, now: float) -> bool:
        """Whether a frame that arrives `now` may pass."""
        most = BURST_S * self.per_second
        self._left = min(most, self._left + (now - self._at) * self.per_second)
        self._at = now
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        if self._left > most / 2:
            self.refused = 0
        return True

    @property
    def hopeless(self) -> bool:
        """Whether the peer goes on and on."""
        return self.refused > PATIENCE_S * self.per_second

    @property
    def retry_after_ms(self) -> int:
        """When the next frame would pass."""
        return max(1, round(1000 * (1 - self._left) / self.per_second))
