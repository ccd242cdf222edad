"""How much a socket, and a team with all its sockets, may send."""

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

    def full(self, now: float) -> bool:
        """Whether nothing of it is used any more."""
        return self._left + (now - self._at) * self.per_second >= BURST_S * self.per_second


@dataclass(slots=True)
class TeamLimits:
    """One limiter a team: many sockets that each keep to their own limit can still be too much together."""

    per_second: int
    _teams: dict[str, FrameLimiter] = field(default_factory=dict)

    def of(self, team: str, now: float) -> FrameLimiter:
        """The team's limiter."""
        limiter = self._teams.get(team)
        if limiter is None:
            limiter = self._teams[team] = FrameLimiter(self.per_second, _at=now)
        return limiter

    def sweep(self, now: float) -> None:
        """Forget the teams that send nothing: a new limiter allows the same."""
        for team in [team for team, limiter in self._teams.items() if limiter.full(now)]:
            del self._teams[team]
