"""What clients recorded, and what the database holds: the two things that the checker compares. No logic.

Times are the recording process's monotonic seconds.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A final went out, for the first time or again."""

    at: float
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class Acked:
    """The server says that every final up to `seq` is stored."""

    at: float
    seq: int


@dataclass(frozen=True, slots=True)
class Welcomed:
    """A place in the stream: `resumed` behind `after` of `before`, or at `offset` with `state`."""

    at: float
    epoch: str
    offset: int
    resumed: bool
    before: str | None = None
    after: int | None = None
    acked: int = 0
    state: Event | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A durable event, in the epoch of the last welcome."""

    at: float
    event: Event


@dataclass(frozen=True, slots=True)
class Piece:
    """A token."""

    at: float
    card: str
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A heartbeat named a newer offset than was heard: the client comes back and resumes."""

    at: float
    offset: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The socket is gone; `code` is None when nobody said why."""

    at: float
    code: int | None


@dataclass(frozen=True, slots=True)
class Back:
    """It comes again after it had left by its own will: nothing was being recovered meanwhile."""

    at: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The client gives up: the server said that coming back is of no use, or refused what it must not refuse."""

    at: float
    why: str


Entry = Sent | Acked | Welcomed | Heard | Piece | Told | Lost | Back | Stopped


@dataclass(slots=True)
class Log:
    """One client's history with one session, oldest first."""

    client: str
    session: str
    role: Literal["seller", "source", "watcher"]
    source: str | None = None
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Stored:
    """A session as the database has it."""

    epoch: str
    epochs: list[tuple[str, int]]
    """Earlier epochs, each with its last offset that counts."""
    finals: list[tuple[str, int, str]]
    """`(source, seq, text)` in any order."""
    events: list[tuple[int, Event]]
    """By offset."""

    def counts(self, epoch: str, offset: int) -> bool:
        """Whether what was at `offset` in `epoch` is what is stored."""
        return epoch == self.epoch or any(name == epoch and offset <= end for name, end in self.epochs)
