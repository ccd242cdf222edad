"""`/ws/{session_id}`: a seller's widget, or a source of transcript."""

import re
from typing import Any, assert_never

from coach import telemetry
from coach.auth import Principal
from coach.live.hub import session_topic
from coach.live.ports import LiveSession
from coach.session.inputs import Asked, Cancelled, EndAsked, HandRaised, Heard, Joined, Rated
from coach.sockets.peer import Peer, Services
from coach.wire import client, codec
from coach.wire.codes import WireError, draining, forbidden, misuse

_SESSION_ID = re.compile(client.SESSION_ID)


class ConversationPeer(Peer):
    """One conversation socket."""

    kind = "conversation"
    at_once = True

    def __init__(self, scope: dict[str, Any], services: Services, session: str) -> None:
        super().__init__(scope, services)
        self._session = session
        self._live: LiveSession | None = None
        self._role = "seller"
        self.source = "main"

    async def first(self, text: str) -> None:
        """`hello`: who, and what was missed."""
        if not _SESSION_ID.fullmatch(self._session):
            raise misuse("session_id: 1 to 64 of A–Z a–z 0–9 _ -")
        try:
            hello = codec.conversation.decode(text)
        except WireError as error:
            raise misuse(error.message) from None
        if not isinstance(hello, client.HelloFrame):
            raise misuse(f"the first frame is `hello`, not `{hello.type}`")
        self.principal = self.authenticate(hello.token)
        self._check_role(self.principal, hello)
        live = await self.services.registry.open(self._session, self.principal, hello)
        if self.services.draining:
            raise draining()
        if not self.wire.open:
            return
        self._role, self.source, self._live = hello.role, hello.source, live
        if hello.role == "seller" and hello.ui_language is not None and not live.ended:
            # A bridge may have opened the call before the seller's widget came.
            live.post(Joined(hello.ui_language))
        self._welcome(live, hello)

    def frame(self, text: str) -> None:
        """Any frame after `hello`."""
        live = self._live
        if live is None:
            return
        frame = codec.conversation.decode(text)
        telemetry.FRAMES.labels(frame.type).inc()
        if self._role == "source" and not isinstance(
            frame, (client.TranscriptFrame, client.PingFrame, client.AuthFrame, client.EndFrame, client.HelloFrame)
        ):
            raise WireError("not_allowed", f"a source does not send `{frame.type}`")
        match frame:
            case client.TranscriptFrame():
                live.post(self._heard(frame), self)
            case client.PingFrame():
                live.ping(frame.t, self)
            case client.AskFrame():
                live.post(Asked(frame.text), self)
            case client.CancelFrame():
                live.post(Cancelled(frame.card), self)
            case client.FeedbackFrame():
                live.post(Rated(frame.card, frame.rating, frame.used, frame.comment), self)
            case client.RaiseHandFrame():
                live.post(HandRaised(frame.text), self)
            case client.EndFrame():
                live.post(EndAsked(frame.outcome), self)
            case client.AuthFrame():
                self.renew(frame.token)
            case client.HelloFrame():
                raise misuse("a second hello")
            case _:
                assert_never(frame)

    def beat(self) -> None:
        """A heartbeat with the newest offset: who misses events notices and resumes."""
        if self._live is not None:
            self.send({"type": "heartbeat", "session": self._session, "offset": self._live.offset})

    def gone(self) -> None:
        """Leave the session; it lives on."""
        if self._live is not None:
            self.services.registry.hub.unsubscribe(session_topic(self._session), self)
            self._live.detach(self)

    def too_fast(self, text: str, retry_after_ms: int, seq: int | None = None) -> None:
        """A final that was not taken is named, so that the client sends it again."""
        try:
            frame = codec.conversation.decode(text)
        except WireError:
            frame = None
        named = frame.seq if isinstance(frame, client.TranscriptFrame) else None
        super().too_fast(text, retry_after_ms, named)

    def _check_role(self, principal: Principal, hello: client.HelloFrame) -> None:
        allowed = {"seller": ("seller", "source"), "source": ("source",), "coach": (), "admin": ("seller", "source")}
        if hello.role not in allowed[principal.role]:
            raise forbidden(f"a {principal.role} does not join a call as {hello.role}")

    def _welcome(self, live: LiveSession, hello: client.HelloFrame) -> None:
        """Welcome, the missed past, and from here on everything: in one step, so that nothing falls between."""
        why = live.history.why_not(hello.after, hello.epoch)
        listening = hello.role == "seller"
        state = {} if not listening else live.volatile() if why is None else live.state()
        acked = live.acked.get(hello.source, 0)
        self.welcome(self._session, live.history.epoch, live.offset, why, state, acked=acked, ended=live.ended)
        if listening:
            if why is None and hello.after is not None:
                self.outbox.replay(live.past(hello.after))
            self.services.registry.hub.subscribe(session_topic(self._session), self)
        live.attach(self)

    def _heard(self, frame: client.TranscriptFrame) -> Heard:
        return Heard(
            self.source,
            frame.utterance,
            frame.speaker,
            frame.text,
            frame.final,
            frame.start_ms,
            frame.end_ms,
            frame.language,
            frame.seq,
        )
