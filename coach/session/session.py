"""One sales conversation as a pure state machine: what happened in, what is to be done out.

    live ──end asked──▶ ending ──nothing streams or is judged, or 2 s──▶ ended (read-only)

The core owns the offsets, so the order of its events is the order of all subscribers. Same inputs at the same
`now_ms`, same effects, byte for byte (`coach replay --offline` and a property test prove it).
"""

from typing import Any, assert_never

from coach.packs.knowledge import Knowledge
from coach.session import state as states
from coach.session.coaching import Coaching
from coach.session.effects import Effect, Remember
from coach.session.hearing import Hearing
from coach.session.inputs import (
    Asked,
    Cancelled,
    EndAsked,
    HandRaised,
    Heard,
    Input,
    Joined,
    Judged,
    Rated,
    Recovered,
    SuggestionEnded,
    TimerDue,
    Watched,
    Whispered,
)
from coach.session.judging import Judging
from coach.session.nudges import nudge
from coach.session.out import Cause, Out
from coach.session.state import Core, Identity
from coach.session.summary import summarize
from coach.session.view import View

END_WAIT_MS = 2_000
SELLER_PAUSE_MS = 1_500
"""A seller's interim is followed by the next one sooner than this, or the seller has stopped talking."""


class Session:
    """The core of one call. Not thread-safe and never waits: `handle` takes well under a millisecond."""

    def __init__(
        self, identity: Identity, knowledge: Knowledge, core: Core | None = None, view: View | None = None
    ) -> None:
        self.identity = identity
        spoken = identity.language if identity.language != "auto" else identity.ui_language
        self.core = core or Core(language=spoken, ui_language=identity.ui_language)
        self.view = view or View()
        self._knowledge = knowledge
        self._hearing = Hearing(identity, knowledge, self.core, self.view)
        self._coaching = Coaching(identity, knowledge, self.core, self.view)
        self._judging = Judging(identity, self.core, self.view)
        self._now_ms = identity.started_at

    @property
    def offset(self) -> int:
        """The newest durable event's offset; 0 before the first."""
        return self.core.offset

    @property
    def due_ms(self) -> int | None:
        """When the session wants a `TimerDue`; None while nothing waits for time."""
        times = [self._coaching.due_ms(self._now_ms), self.core.end_by]
        return min((time for time in times if time is not None), default=None)

    def taken(self, source: str) -> int:
        """The highest `seq` of this source that was taken."""
        return self._hearing.taken(source)

    def state(self) -> dict[str, Any]:
        """The whole of `welcome.state` that the core knows: all but `streaming`."""
        return {**self.view.state(), **self.volatile()}

    def volatile(self) -> dict[str, Any]:
        """The part of the state that no durable event carries."""
        metrics, presence = self.core.metrics, self._presence(self._now_ms)
        interims = [{**self._envelope("transcript"), **fields} for fields in self._hearing.interims()]
        return {"metrics": metrics, "presence": presence, "interims": interims}

    def dump(self) -> bytes:
        """The private state, for the store; with the durable events up to `offset` it restores the session."""
        return states.dump(self.core)

    def handle(self, event: Input, now_ms: int) -> list[Effect]:
        """Take one input in. `now_ms` (Unix ms) never runs backwards for the core, whatever the wall clock does."""
        self._now_ms = now_ms = max(now_ms, self._now_ms)
        out = Out(self.identity, self.core, self.view, now_ms)
        if self.view.ended or (
            self.core.ending and not isinstance(event, (SuggestionEnded, Judged, TimerDue, Watched, Recovered))
        ):
            self._after_end(event, out)
            return out.effects
        self._dispatch(event, out)
        if self.core.ending:
            self._try_finish(out)
        return out.effects

    def _dispatch(self, event: Input, out: Out) -> None:
        match event:
            case Heard():
                self._hear(event, out)
            case Asked():
                self._coaching.ask(event, out)
            case Cancelled():
                self._coaching.cancel(event, out)
            case Rated():
                self._rate(event, out)
            case HandRaised():
                out.publish("raise_hand", **({"text": event.text} if event.text else {}))
            case Whispered():
                out.publish("whisper", **{"from": event.sender, "text": event.text})
            case Watched():
                self._watch(event, out)
            case SuggestionEnded():
                self._coaching.ended(event, out)
            case Judged():
                self._judge(event, out)
            case TimerDue():
                self._coaching.tick(out)
            case Joined():
                self.core.ui_language = event.ui_language
            case Recovered():
                self._recover(out)
            case EndAsked():
                self._end(event, out)
            case _:
                assert_never(event)

    def _recover(self, out: Out) -> None:
        """Retract what had no final, and give what was streaming its end: its text went with its owner."""
        for finding in self._hearing.forget_provisional(out):
            self._coaching.forget(finding, out)
        self.core.judging = {}
        self.core.seller_talks_until = 0
        self.core.watchers = 0
        provider, model = self.identity.provider or "", self.identity.model or ""
        for card in list(self.core.streaming):
            self._coaching.ended(SuggestionEnded(card, "truncated", provider, model, "", {}, {}), out)

    def _hear(self, heard: Heard, out: Out) -> None:
        change = self._hearing.hear(heard, out)
        if change is None:
            return
        talking = heard.speaker == "seller" and not heard.final
        self.core.seller_talks_until = out.now_ms + SELLER_PAUSE_MS if talking else out.now_ms
        cause = Cause(heard.utterance, heard.source)
        self._coaching.react(change, out)
        if heard.final:
            if heard.speaker == "client":
                self._judging.ask(heard, self.core.language, out)
            nudge(change, cause, self._knowledge, self.core, out)
        if heard.final or change.raised or change.closed:
            self._measure(cause, out)

    def _judge(self, judged: Judged, out: Out) -> None:
        heard = self._judging.hear(judged, out)
        if heard is None:
            return
        change, said_at = heard
        if change.raised or change.closed:
            # A call that ends gets no new card.
            if not self.core.ending:
                self._coaching.judged(change, said_at, out)
            self._measure(Cause(judged.utterance, judged.source), out)

    def _measure(self, cause: Cause, out: Out) -> None:
        shares = dict(self.core.profile.ranking())
        fields = self.core.meter.fields(self.view.open, self.view.handled, shares)
        if self.core.metrics is None or any(self.core.metrics[name] != value for name, value in fields.items()):
            self.core.metrics = out.show("metrics", "metrics", cause, **fields)

    def _rate(self, rated: Rated, out: Out) -> None:
        if not self._coaching.knows(rated.card):
            out.refuse("bad_frame", "card: there is none of that id")
            return
        out.effects.append(Remember(rated, out.now_ms))
        if rated.used:
            self._coaching.used(rated.card, out)

    def _watch(self, watched: Watched, out: Out) -> None:
        self.core.watchers = watched.watchers
        out.show("presence", "presence", watchers=watched.watchers)

    def _end(self, asked: EndAsked, out: Out) -> None:
        self.core.ending = True
        self.core.missed += len(self.core.waiting)
        self.core.waiting = []
        self.core.outcome = asked.outcome
        self.core.end_by = out.now_ms + END_WAIT_MS

    def _try_finish(self, out: Out) -> None:
        """Finish when nothing streams or is judged; at `end_by` what is still judged or streams is stopped,
        and the call finishes with its end."""
        if self.core.streaming or self.core.judging:
            if self.core.end_by is not None and out.now_ms >= self.core.end_by:
                self.core.end_by = None
                self._judging.stop(out)
                for card in self.core.streaming:
                    out.stop(card, "expired")
            if self.core.streaming or self.core.judging:
                return
        for finding in self._hearing.forget_provisional(out):
            self._coaching.forget(finding, out)
        self._coaching.close_all(out)
        out.publish("summary", **summarize(self.identity, self._knowledge, self.core, self.view))
        out.publish("ended", outcome=self.core.outcome)
        self.core.ending = False
        self.core.end_by = None

    def _after_end(self, event: Input, out: Out) -> None:
        """An ended call is read-only: only how many watch it still changes."""
        match event:
            case Watched():
                self._watch(event, out)
            case SuggestionEnded() | Judged() | TimerDue() | Recovered():
                pass
            case Heard(seq=int(seq), source=source) if seq <= self._hearing.taken(source):
                self._hearing.hear(event, out)
            case Heard(seq=seq):
                out.refuse("session_ended", "the call has ended", **({"seq": seq} if seq is not None else {}))
            case _:
                out.refuse("session_ended", "the call has ended")

    def _presence(self, at: int) -> dict[str, Any]:
        return {**self._envelope("presence", at), "watchers": self.core.watchers}

    def _envelope(self, kind: str, at: int | None = None) -> dict[str, Any]:
        return {"type": kind, "session": self.identity.session, "at": self._now_ms if at is None else at}
