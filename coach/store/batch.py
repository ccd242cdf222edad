"""What one session has to store: collected while the call runs, taken by the writer as one unit."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

FINALS_MOST = 1_000
"""Finals that may wait for a database that is away; one more is refused (protocol, "unavailable")."""
EVENTS_MOST = 20_000
"""Events that may wait: an hour of dense talk has about 2,000."""


class StoredEvent(NamedTuple):
    """A durable event as it went over the wire."""

    event: dict[str, Any]
    payload: bytes


class StoredFinal(NamedTuple):
    """A taken final, with the time it was taken."""

    source: str
    seq: int
    fields: dict[str, Any]


@dataclass(slots=True)
class Batch:
    """One session's unit of work. Either all of it is stored, or nothing."""

    session: str
    row: dict[str, Any]
    """The `sessions` row as of the newest event."""
    expected_owner: int
    new: bool
    finals: list[StoredFinal] = field(default_factory=list)
    events: list[StoredEvent] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    """Rows of `verdicts` without their session."""
    metrics: dict[str, Any] | None = None


class Owner(Protocol):
    """Who a journal belongs to: the runner of a session. Called by the writer, never waits."""

    def row(self) -> dict[str, Any]:
        """The `sessions` row now, with the core's snapshot."""
        ...

    def stored(self, acked: dict[str, int]) -> None:
        """Finals up to these seqs (by source) are stored."""
        ...

    def unavailable(self, retry_after_ms: int) -> None:
        """The database does not answer; what is queued is tried again. Called at every try."""
        ...

    def fenced(self) -> None:
        """Another owner has this session now; nothing of this journal will be stored."""
        ...

    def broken(self) -> None:
        """The session cannot be stored as it is; the last stored state is the truth."""
        ...


class Journal:
    """The write queue of one session. Bounded: `full` refuses finals before they are taken."""

    def __init__(self, owner: Owner, session: str, fence: int, *, new: bool, wake: Callable[["Journal"], None]) -> None:
        self.owner = owner
        self.session = session
        self.fence = fence
        self.new = new
        self.closed = False
        """Nothing more is stored: the session was erased, or another instance owns it."""
        self._wake = wake
        self._finals: list[StoredFinal] = []
        self._events: list[StoredEvent] = []
        self._feedback: list[dict[str, Any]] = []
        self._verdicts: list[dict[str, Any]] = []
        self._metrics: dict[str, Any] | None = None
        self._touched = False
        self._writing = False
        self._settled = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether anything more would wait behind too much."""
        return (
            len(self._finals) >= FINALS_MOST or len(self._events) >= EVENTS_MOST or len(self._feedback) >= FINALS_MOST
        )

    @property
    def size(self) -> int:
        """How many rows wait."""
        return len(self._finals) + len(self._events) + len(self._feedback) + len(self._verdicts)

    @property
    def settled(self) -> bool:
        """Whether everything is stored."""
        return not (self._writing or self._touched or self.size)

    def final(self, final: StoredFinal) -> None:
        """Queue a final."""
        self._finals.append(final)
        self._wake(self)

    def event(self, event: StoredEvent) -> None:
        """Queue a durable event."""
        self._events.append(event)
        self._wake(self)

    def rated(self, feedback: dict[str, Any]) -> None:
        """Queue a seller's feedback."""
        # Other rows have a key of their own: one that is written again, nobody knowing that it was, is there once.
        self._feedback.append({**feedback, "key": secrets.token_hex(16)})
        self._wake(self)

    def judged(self, verdict: dict[str, Any]) -> None:
        """Queue a judge's verdict: a row of `verdicts` without its session."""
        self._verdicts.append(verdict)
        self._wake(self)

    def measured(self, metrics: dict[str, Any]) -> None:
        """Note the newest metrics; they are stored with whatever comes next."""
        self._metrics = metrics

    def touch(self) -> None:
        """Store the session's row although nothing happened (it is unloaded, or taken over)."""
        self._touched = True
        self._wake(self)

    def take(self) -> Batch:
        """Everything that waits, with the row as of now: core and events match, since nothing runs between."""
        batch = Batch(
            self.session,
            self.owner.row(),
            self.fence,
            self.new,
            self._finals,
            self._events,
            self._feedback,
            self._verdicts,
            self._metrics,
        )
        self._finals, self._events, self._feedback, self._verdicts = [], [], [], []
        self._metrics, self._touched = None, False
        self._writing = True
        return batch

    def written(self) -> None:
        """What was taken is stored."""
        self._writing, self.new = False, False
        if self.settled:
            self._settled.set()

    def close(self) -> None:
        """Store nothing more; what waits is forgotten."""
        self.closed = True
        self._settled.set()

    async def all_stored(self) -> None:
        """Waits until nothing waits any more, or the journal was closed. Cancel it to give up waiting."""
        while not (self.settled or self.closed):
            self._settled.clear()
            await self._settled.wait()

    def put_back(self, batch: Batch) -> None:
        """The batch was not stored: it goes before what came since."""
        self._finals[:0] = batch.finals
        self._events[:0] = batch.events
        self._feedback[:0] = batch.feedback
        self._verdicts[:0] = batch.verdicts
        self._metrics = self._metrics or batch.metrics
        self._touched, self._writing = True, False
