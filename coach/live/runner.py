"""One live session's shell: feeds the core, does what it wants done. The only place where a session is handled.

`post` handles an input at once and to the end (an input that an effect leads to comes after it), so the order
of inputs is the order of events, and a ping after a frame needs no waiting. Nothing here awaits: tokens come
from tasks that the registry's group owns, storage happens in the writer.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from coach import telemetry
from coach.auth import Principal
from coach.clock import now_ms
from coach.live.asking import Asking
from coach.live.history import History
from coach.live.hub import interim_topic, session_topic, wall_topic
from coach.live.ports import Sender, Shared, Source, Watcher, seller_after
from coach.live.row import feedback_row, final_row, row, seller_name, shown, verdict_row
from coach.live.throttle import Throttle
from coach.session.effects import Again, Effect, Keep, Publish, Refuse, Remember, Show, Take
from coach.session.inputs import Asked, HandRaised, Heard, Input, Joined, Rated, TimerDue, Watched
from coach.session.session import Session
from coach.session.wall import wall_line
from coach.store.batch import Journal, StoredEvent
from coach.taxonomy import Language
from coach.wire.codes import WireError, draining, internal, replaced, unavailable
from coach.wire.publication import Publication

INTERIM_S = 0.1
WALL_S = 0.5
"""Watchers get at most ten interims and two wall lines a second of a session (protocol)."""
LATE_RETRY_MS = 5_000
PUT_OFF_MOST = 100
"""Inputs that no socket sent, while the session is put away."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Runner:
    """A session in memory. Made by the registry."""

    session: Session
    shared: Shared
    history: History
    seller: str
    """Subject of the token that sells in this call; empty until a seller has joined."""
    fence: int
    new: bool
    acked: dict[str, int] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    """Conversation sockets, by source."""
    watchers: set[Watcher] = field(default_factory=set)
    last_conversation: float = field(default_factory=time.monotonic)
    last_socket: float = field(default_factory=time.monotonic)
    active_at: int = field(default_factory=now_ms)
    closed: bool = False
    doubted: bool = False
    journal: Journal = field(init=False)
    _inbox: deque[tuple[Input, Sender | None]] = field(default_factory=deque)
    _busy: bool = False
    _timer: asyncio.TimerHandle | None = None
    _timer_ms: int | None = None
    _asking: Asking = field(init=False)
    _interims: Throttle = field(default_factory=lambda: Throttle(INTERIM_S))
    _wall: Throttle = field(default_factory=lambda: Throttle(WALL_S))
    _taken_at: dict[str, deque[tuple[int, float]]] = field(default_factory=dict)
    """By source, the finals that wait for their ack, with when they were taken."""
    _told_late: set[str] = field(default_factory=set)
    """Sources that know that their acks are late."""
    _clean: bool = False
    _row_clean: bool = False
    """What the newest row says that was given to the writer."""
    _deaf: bool = False
    """Whether the stored row may say that all was stored: until it says otherwise nothing may be published."""

    def __post_init__(self) -> None:
        self._asking = Asking(self.session, self.shared, self.post)
        self.journal = Journal(self, self.id, self.fence, new=self.new, wake=self.shared.writer.submit)

    @property
    def id(self) -> str:
        """The session's id."""
        return self.session.identity.session

    @property
    def team(self) -> str:
        """The team whose session it is."""
        return self.session.identity.team

    @property
    def ended(self) -> bool:
        """Whether the call is over: read-only."""
        return self.session.view.ended

    @property
    def offset(self) -> int:
        """The newest durable event's offset."""
        return self.session.offset

    @property
    def seller_name(self) -> str:
        """How the seller is shown: the name that the client gave, else the token's subject."""
        return seller_name(self.session.identity.metadata.get("seller"), self.seller)

    # Inputs

    def post(self, event: Input, sender: Sender | None = None) -> None:
        """Handle an input now. Errors about it go to `sender`. A session that was closed hears nothing more."""
        if self.closed:
            return
        if self.journal.full and not self._makes_room(event, sender):
            return
        if self._deaf:
            self._put_off(event, sender)
            return
        self._inbox.append((event, sender))
        self._work()

    # Sockets

    def attach(self, source: Source) -> None:
        """A conversation socket takes its source; an older socket of the same source is replaced."""
        older = self.sources.get(source.source)
        self.sources[source.source] = source
        self.last_conversation = self.last_socket = time.monotonic()
        if older is not None:
            older.shut(replaced())

    def detach(self, source: Source) -> None:
        """The socket is gone."""
        if self.sources.get(source.source) is source:
            del self.sources[source.source]
            if not self.ended:
                self.active_at = now_ms()
            self.last_conversation = self.last_socket = time.monotonic()

    def watch(self, watcher: Watcher) -> None:
        """A dashboard watches this session."""
        if watcher not in self.watchers:
            self.watchers.add(watcher)
            self.post(Watched(len(self.watchers)))

    def unwatch(self, watcher: Watcher) -> None:
        """It does not any more."""
        if watcher in self.watchers:
            self.watchers.discard(watcher)
            self.last_socket = time.monotonic()
            self.post(Watched(len(self.watchers)))

    def admit(self, principal: Principal) -> None:
        """Let a conversation socket in; the first seller makes the session theirs. Raises `WireError` (4003)."""
        seller = seller_after(self, principal)
        if seller != self.seller:
            self.seller = seller
            self.journal.touch()

    def ping(self, t: Any, sender: Sender) -> None:
        """Answer at once: what came before was handled to the end."""
        sender.send({"type": "pong", "t": t})

    def past(self, after: int) -> Iterator[bytes]:
        """Frames of the durable events behind `after`."""
        return self.history.after(after)

    def state(self) -> dict[str, Any]:
        """The whole of `welcome.state`."""
        return {**self.session.state(), "streaming": self._asking.streaming()}

    def volatile(self) -> dict[str, Any]:
        """`welcome.state` of a resume: what has no offset."""
        return {**self.session.volatile(), "streaming": self._asking.streaming()}

    def line(self) -> dict[str, Any]:
        """This call on the wall."""
        return wall_line(self.session, self.seller_name, now_ms())

    # Life

    def close(self, error: WireError) -> None:
        """Leave memory: whatever is not stored by now never will be. Idempotent."""
        if self.closed:
            return
        self.closed = True
        self.journal.close()
        self.hush()
        if self._timer is not None:
            self._timer.cancel()
        self._interims.close()
        self._wall.close()
        self.part(error)
        for watcher in tuple(self.watchers):
            watcher.left(self.id, error)
        self.shared.gone(self, error)

    def part(self, error: WireError) -> None:
        """Close every conversation socket; the session stays."""
        for source in list(self.sources.values()):
            source.shut(error)

    def hush(self) -> None:
        """End every suggestion that streams and every verdict under way: the models go with this process."""
        self._asking.stop()

    def settle(self) -> None:
        """The next row says that all was stored, and keeps the epoch. Until `reopen` sockets' inputs are refused."""
        self._clean = self._deaf = True
        self.journal.touch()

    def reopen(self) -> None:
        """Something may come after all, as soon as the stored row says so."""
        self._clean = False
        self.journal.touch()

    # Owner of the journal

    def listed(self) -> dict[str, Any]:
        """What a list of sessions shows of it."""
        return {"id": self.id, **shown(self.session, self.seller_name, self.active_at)}

    def row(self) -> dict[str, Any]:
        """The `sessions` row as of now."""
        self._row_clean = self._clean
        return row(self.session, self.history, self.seller, self.active_at, self.fence, clean=self._clean)

    def stored(self, acked: dict[str, int]) -> None:
        """Ack what was stored, behind the events that it caused."""
        self._told_late.clear()
        for source, seq in acked.items():
            self.acked[source] = seq
            waiting = self._taken_at.get(source, deque())
            while waiting and waiting[0][0] <= seq:
                telemetry.ACK_SECONDS.observe(time.perf_counter() - waiting.popleft()[1])
            self._ack(source)
            self._asking.acked(source, seq)
        if self._deaf and not (self._clean or self._row_clean):
            self._deaf = False
            self._work()

    def unavailable(self, retry_after_ms: int) -> None:
        """Tell those who wait for an ack that it is late."""
        error = WireError(
            "unavailable", "the database is away: acks are late, nothing is lost", retry_after_ms=retry_after_ms
        )
        for name, source in self.sources.items():
            if name not in self._told_late and self.session.taken(name) > self.acked.get(name, 0):
                self._told_late.add(name)
                source.send(error.event())

    def fenced(self) -> None:
        """Another instance runs this session now."""
        _log.warning("runner.fenced")
        watchers, self.watchers = self.watchers, set()
        self.close(draining("the session has moved: come back"))
        # What the new owner says is theirs when they are welcomed anew, and not before: else they had it twice.
        for topic in (session_topic(self.id), interim_topic(self.id)):
            self.shared.hub.clear(topic)
        self.watchers = watchers
        self.shared.moved(self)

    def doubt(self) -> None:
        """Another instance may run this session: write, and learn from the fence."""
        self.doubted = True
        self.journal.touch()

    async def sure(self) -> None:
        """Waits for the fence's word: `closed`, or the session is ours. Cancel it to give up waiting."""
        await self.journal.all_stored()
        self.doubted = False

    def broken(self) -> None:
        """What was stored last is the truth: whoever comes back gets it from there."""
        self.close(internal())

    # Inside

    def _work(self) -> None:
        """Handle what is in the inbox; an input that comes meanwhile waits its turn."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._inbox:
                self._handle(*self._inbox.popleft())
        finally:
            self._busy = False
        self._arm()

    def _put_off(self, event: Input, sender: Sender | None) -> None:
        """An input while nothing may be published: what a socket said is refused, the rest comes later."""
        if sender is None or isinstance(event, Joined):
            if len(self._inbox) < PUT_OFF_MOST:
                self._inbox.append((event, sender))
        elif not isinstance(event, Heard) or event.seq is not None:
            seq = event.seq if isinstance(event, Heard) else None
            sender.send(unavailable("the session is put away: not taken, send it again", seq).event())

    def _makes_room(self, event: Input, sender: Sender | None) -> bool:
        """Whether an input is taken although nothing more can be stored; if not, its sender is told."""
        if isinstance(event, Heard):
            if event.seq is not None and event.seq <= self.session.taken(event.source):
                return True
            refused = "not taken, send it again" if event.seq is not None else ""
        elif isinstance(event, (Asked, Rated, HandRaised)):
            refused = "what you sent was not taken"
        else:
            return True
        if refused and sender is not None:
            seq = event.seq if isinstance(event, Heard) else None
            message = f"the database is away and the queue is full: {refused}"
            sender.send(WireError("unavailable", message, seq=seq, retry_after_ms=LATE_RETRY_MS).event())
        return False

    def _handle(self, event: Input, sender: Sender | None) -> None:
        """The edge of a session: a bug in it closes it, and no other."""
        if self.closed:
            return
        began = time.perf_counter()
        missed = self.session.core.missed
        at = now_ms()
        try:
            effects = self.session.handle(event, at)
            if self.shared.record is not None:
                self.shared.record(self.id, event, at, effects)
            self._do(effects, sender)
        except Exception as error:
            # The exception's text may quote speech.
            _log.error("runner.crashed", input=type(event).__name__, error=type(error).__name__)
            self.broken()
            return
        took = time.perf_counter() - began
        telemetry.HANDLE_SECONDS.observe(took)
        if self.session.core.missed > missed:
            telemetry.CARDS_LATE.inc(self.session.core.missed - missed)
        if any(isinstance(e, Publish) and e.event["type"] == "card" and e.event["status"] == "open" for e in effects):
            telemetry.CARD_SECONDS.observe(took)

    def _do(self, effects: list[Effect], sender: Sender | None) -> None:
        late = False
        for effect in effects:
            match effect:
                case Publish(event):
                    self._publish(event)
                case Show(event, key):
                    self._show(event, key)
                case Take(final, language):
                    self._take(final, language)
                    late = late or not self.shared.writer.available
                case Again(source):
                    self._ack(source)
                case Refuse(code, message, seq, expect):
                    if sender is not None:
                        sender.send(WireError(code, message, seq=seq, expect=expect).event())
                case Keep(judged, at):
                    self.journal.judged(verdict_row(judged, at))
                case Remember(rated, at):
                    self.journal.rated(feedback_row(rated, at))
                case _:
                    self._asking.do(effect)
        if late:
            self.unavailable(LATE_RETRY_MS)

    def _take(self, final: Heard, language: Language) -> None:
        assert final.seq is not None
        self.active_at = now_ms()
        waiting = self._taken_at.setdefault(final.source, deque())
        waiting.append((final.seq, time.perf_counter()))
        self._interims.cancel(f"interim:{final.source}:{final.utterance}")
        self.journal.final(final_row(final, language, self.active_at))

    def _publish(self, event: dict[str, Any]) -> None:
        publication = Publication(event)
        self.history.append(publication.frame)
        self.shared.hub.publish(session_topic(self.id), publication)
        self.journal.event(StoredEvent(event, publication.payload))
        kind = event["type"]
        if kind == "objection" or kind == "signal":
            telemetry.FINDINGS.labels(kind, event.get("category") or event["kind"], event["status"]).inc()
        elif kind == "card":
            telemetry.CARDS.labels(event.get("why") or "shown").inc()
        elif kind == "raise_hand" or kind == "ended":
            self.shared.hub.publish(wall_topic(self.team), publication)
        if kind in _ON_THE_WALL:
            self._wall.offer("wall", self._tell_wall)
        if kind == "ended":
            self.active_at = event["at"]
            self._wall.close()
            self._interims.close()

    def _show(self, event: dict[str, Any], key: str) -> None:
        if event["type"] == "transcript":
            if not self.shared.hub.has(interim_topic(self.id)):
                return
            publication = Publication(event, key=f"{self.id}:{key}")
            self._interims.offer(key, lambda: self.shared.hub.publish(interim_topic(self.id), publication))
            return
        if event["type"] == "metrics":
            self.journal.measured(
                {k: v for k, v in event.items() if k not in ("type", "session", "utterance", "source")}
            )
            self._wall.offer("wall", self._tell_wall)
        self.shared.hub.publish(session_topic(self.id), Publication(event, key=f"{self.id}:{key}"))

    def _tell_wall(self) -> None:
        if not self.closed and not self.ended and self.shared.hub.has(wall_topic(self.team)):
            line = Publication(self.line(), key=f"{self.id}:wall")
            self.shared.hub.publish(wall_topic(self.team), line)

    def _ack(self, source: str) -> None:
        socket, seq = self.sources.get(source), self.acked.get(source, 0)
        if socket is not None and seq:
            socket.send({"type": "ack", "session": self.id, "at": now_ms(), "seq": seq, "stored": self.shared.stored})

    def _arm(self) -> None:
        """Have the timer at `session.due_ms`, and only there."""
        due = None if self.closed else self.session.due_ms
        if due == self._timer_ms:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_ms = due
        if due is not None:
            delay = max(0.0, (due - now_ms()) / 1000)
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        self._timer, self._timer_ms = None, None
        self.post(TimerDue())


_ON_THE_WALL = frozenset({"transcript", "stage", "archetype", "objection", "raise_hand", "whisper"})
