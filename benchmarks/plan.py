"""How much is measured, and for how long: everything here is bounded, and the whole run with it."""

from dataclasses import dataclass, replace

FRAMES_PER_SECOND = 4
"""Transcript frames a live session sends: what recognisers do with interims every 250 ms."""


@dataclass(frozen=True, slots=True)
class Level:
    """One load: so many live sessions, for a warm-up and then so many rounds. Times in seconds."""

    sessions: int
    warm_s: float
    rounds: int
    round_s: float

    @property
    def frames(self) -> int:
        """Frames one session sends in all."""
        return round((self.warm_s + self.rounds * self.round_s) * FRAMES_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run."""

    levels: tuple[Level, ...]
    watchers: tuple[int, ...]
    fanout_rounds: int
    fanout_warm_s: float
    fanout_round_s: float
    idle_sockets: int
    memory_sessions: int
    stragglers_s: float
    """How long events and acks may still come after the last frame before they count as missing."""
    one_server: bool
    """Whether all parts share a server, with what the earlier ones leave in its memory: starts take seconds."""
    limit_s: float
    """The run ends after this many seconds with what it has."""

    def at(self, sessions: list[int] | None, watchers: list[int] | None) -> "Plan":
        """The same plan with other loads; None leaves them as they are."""
        rhythm = self.levels[-1]
        levels = tuple(replace(rhythm, sessions=count) for count in sessions) if sessions else self.levels
        return replace(self, levels=levels, watchers=tuple(watchers) if watchers else self.watchers)


FULL = Plan(
    levels=(Level(1, 2, 3, 8), Level(100, 3, 3, 6), Level(500, 3, 3, 6)),
    watchers=(1, 100, 1_000),
    fanout_rounds=3,
    fanout_warm_s=0.5,
    fanout_round_s=2.5,
    idle_sockets=2_000,
    memory_sessions=500,
    stragglers_s=5,
    one_server=False,
    limit_s=240,
)
QUICK = Plan(
    levels=(Level(1, 0.5, 1, 3), Level(100, 0.5, 1, 2), Level(500, 0.5, 1, 2)),
    watchers=(1, 100, 1_000),
    fanout_rounds=1,
    fanout_warm_s=0.3,
    fanout_round_s=0.8,
    idle_sockets=200,
    memory_sessions=30,
    stragglers_s=2,
    one_server=True,
    limit_s=40,
)
