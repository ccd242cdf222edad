"""`/watch`: a dashboard, subscribed to the team's wall and to any number of sessions."""

from typing import Any, assert_never

from coach import telemetry
from coach.live.hub import interim_topic, session_topic, wall_topic
from coach.live.ports import LiveSession
from coach.session.inputs import Whispered
from coach.session.view import View
from coach.sockets.peer import Peer, Services
from coach.wire import client, codec
from coach.wire.burst import Burst
from coach.wire.codes import WireError, forbidden, misuse
from coach.wire.publication import Publication

SESSIONS_MOST = 1_000


class WatchPeer(Peer):
    """One dashboard socket."""

    kind = "watch"

    def __init__(self, scope: dict[str, Any], services: Services) -> None:
        super().__init__(scope, services)
        self._watched: dict[str, LiveSession] = {}
        self._expected: set[str] = set()
        self._told: dict[str, LiveSession] = {}
        """Sessions whispered to, which a ping waits for."""
        self._barriers: set[_Barrier] = set()
        self._wall: _Wall | None = None

    async def first(self, text: str) -> None:
        """`watch`, or `auth` and then `watch`."""
        try:
            frame = codec.watcher.decode(text)
        except WireError as error:
            raise misuse(error.message) from None
        if isinstance(frame, (client.WatchFrame, client.AuthFrame)):
            self.principal = self.authenticate(frame.token)
        else:
            raise misuse(f"the first frame is `watch` or `auth`, not `{frame.type}`")
        if not self.principal.may_watch:
            raise forbidden(f"a {self.principal.role} does not watch")
        if isinstance(frame, client.WatchFrame):
            await self._watch(frame)

    async def frame(self, text: str) -> None:
        """Any later frame."""
        frame = codec.watcher.decode(text)
        telemetry.FRAMES.labels(frame.type).inc()
        match frame:
            case client.WatchFrame():
                await self._watch(frame)
            case client.UnwatchFrame():
                self._unwatch(frame)
            case client.WhisperFrame():
                await self._whisper(frame)
            case client.PingFrame():
                self._ping(frame.t)
            case client.AuthFrame():
                self.renew(frame.token)
            case _:
                assert_never(frame)

    def beat(self) -> None:
        """A heartbeat a watched session, or a bare one."""
        for session, live in self._watched.items():
            self.send({"type": "heartbeat", "session": session, "offset": live.offset})
        if not self._watched:
            self.send({"type": "heartbeat"})

    def gone(self) -> None:
        """Leave everything."""
        for session in list(self._watched):
            self._leave(session)
        for session in self._expected:
            self.services.registry.forget(session, self)
        self._leave_wall()

    def watches(self, session: str) -> bool:
        """Whether this dashboard gets the session's own events."""
        return session in self._watched

    def left(self, session: str, error: WireError) -> None:
        """The session is gone from here: leave its topics, and tell the peer."""
        live = self._watched.pop(session, None)
        if live is not None:
            self._leave_topics(live)
            self.send({**error.event(), "fatal": False, "session": session})

    def rejoin(self, session: LiveSession, after: int, epoch: str) -> None:
        """Another owner runs the session: what was missed, or its state anew."""
        if session.id in self._watched:
            self._leave(session.id)
            self._join(session, after, epoch)

    def started(self, session: LiveSession) -> None:
        """A session that was watched before it existed has begun."""
        self._expected.discard(session.id)
        if self.principal is None or session.team != self.principal.team:
            self.shut(_not_yours())
        else:
            self._join(session, None, None)

    async def _watch(self, frame: client.WatchFrame) -> None:
        if frame.sessions == "*":
            await self._room()
            self._join_wall()
            return
        for session in dict.fromkeys(frame.sessions):
            await self._room()
            if len(self._watched) + len(self._expected) >= SESSIONS_MOST:
                raise WireError("not_allowed", f"sessions: at most {SESSIONS_MOST} on one socket")
            try:
                live = await self._find(session)
            except WireError as error:
                if not self.introduced:
                    raise
                self.send({**error.event(), "session": session})
                continue
            if not self.wire.open:
                return
            if live is None:
                self._expected.add(session)
                self.services.registry.expect(session, self)
                self.welcome(session, "", 0, "new", {**View().state(), **_NOTHING})
            elif self.principal is None or live.team != self.principal.team:
                raise _not_yours()
            else:
                self._leave(session)
                self._join(live, frame.after.get(session), frame.epochs.get(session))

    async def _room(self) -> None:
        """Waits until the peer has taken what waits for it: a state is outside the outbox's limits, and nothing more
        is read meanwhile. A peer that takes nothing is cut by its pulse."""
        self.outbox.flush()
        while self.wire.paused_since is not None and self.wire.open:
            await self.wire.writable.wait()

    async def _find(self, session: str) -> LiveSession | None:
        """The session if it is there. Trouble with one session is no reason to lose the others of this socket."""
        try:
            return await self.services.registry.find(session)
        except WireError as error:
            message = f"session {session}: {error.message}"
            raise WireError("unavailable", message, retry_after_ms=error.retry_after_ms) from None

    def _unwatch(self, frame: client.UnwatchFrame) -> None:
        if frame.sessions == "*":
            self._leave_wall()
            return
        for session in frame.sessions:
            self._leave(session)
            self._expected.discard(session)
            self.services.registry.forget(session, self)

    async def _whisper(self, frame: client.WhisperFrame) -> None:
        assert self.principal is not None
        live = await self._find(frame.session)
        if live is None or live.team != self.principal.team:
            raise WireError("not_allowed", "session: there is none of that id in your team")
        live.post(Whispered(self.principal.subject, frame.text), self)
        self._told[frame.session] = live

    def _ping(self, t: Any) -> None:
        """A pong when every session that was told something since the last one has answered."""
        barrier = _Barrier(self, t, list(self._told.values()))
        self._barriers.add(barrier)
        barrier.begin()

    def answered(self, barrier: "_Barrier") -> None:
        """Every session has answered a ping."""
        self._barriers.discard(barrier)
        if not self._barriers:
            self._told.clear()
        self.send({"type": "pong", "t": barrier.t})

    def _join(self, live: LiveSession, after: int | None, epoch: str | None) -> None:
        """Welcome, the missed past, and from here on everything, in one step."""
        self._watched[live.id] = live
        live.watch(self)
        why = live.history.why_not(after, epoch)
        state = live.volatile() if why is None else live.state()
        self.welcome(live.id, live.history.epoch, live.offset, why, state, ended=live.ended)
        if why is None and after is not None:
            self.outbox.replay(live.past(after))
        self.services.registry.hub.subscribe(session_topic(live.id), self)
        self.services.registry.hub.subscribe(interim_topic(live.id), self)

    def _leave(self, session: str) -> None:
        live = self._watched.pop(session, None)
        if live is not None:
            self._leave_topics(live)

    def _leave_topics(self, live: LiveSession) -> None:
        self.services.registry.hub.unsubscribe(session_topic(live.id), self)
        self.services.registry.hub.unsubscribe(interim_topic(live.id), self)
        live.unwatch(self)

    def _join_wall(self) -> None:
        assert self.principal is not None
        team = self.principal.team
        if self._wall is None:
            self._wall = _Wall(self)
            self.services.registry.hub.subscribe(wall_topic(team), self._wall)
            self.services.registry.walls.join(team)
        self.welcome("*", "", 0, "new", {})
        for line in self.services.registry.walls.lines(team):
            self._wall.deliver(line)

    def _leave_wall(self) -> None:
        if self._wall is not None and self.principal is not None:
            self.services.registry.hub.unsubscribe(wall_topic(self.principal.team), self._wall)
            self.services.registry.walls.leave(self.principal.team)
            self._wall = None


_NOTHING: dict[str, Any] = {"metrics": None, "presence": None, "interims": [], "streaming": {}}


class _Wall:
    """The wall's subscriber of a dashboard: leaves out what the dashboard gets from the session itself."""

    def __init__(self, peer: WatchPeer) -> None:
        self._peer = peer

    def deliver(self, publication: Publication) -> None:
        event = publication.event
        if event["type"] == "session" or not self._peer.watches(event["session"]):
            self._peer.deliver(publication)

    def begin(self, burst: Burst) -> bool:
        """Never: each line is looked at."""
        return False


class _Barrier:
    """One ping of a dashboard, on its way to several sessions."""

    def __init__(self, peer: WatchPeer, t: Any, sessions: list[LiveSession]) -> None:
        self.t = t
        self._peer = peer
        self._sessions = sessions
        self._left = len(sessions)

    def begin(self) -> None:
        """Ask every session; with none, answer at once."""
        if not self._left:
            self._peer.answered(self)
        for session in self._sessions:
            session.ping(None, self)

    def send(self, event: dict[str, Any]) -> None:
        """A session has answered."""
        if event["type"] == "pong":
            self._left -= 1
            if not self._left:
                self._peer.answered(self)


def _not_yours() -> WireError:
    return forbidden("the session belongs to another team")
