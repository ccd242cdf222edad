"""A text or a whole conversation through the same core as a live call, in virtual time. Pure: no network, no store."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from coach.packs.knowledge import Knowledge
from coach.session.effects import Effect, Publish, Refuse, StopSuggestion
from coach.session.inputs import EndAsked, Heard, Input, SuggestionEnded, TimerDue
from coach.session.session import Session
from coach.session.state import Identity
from coach.taxonomy import Language, Outcome, Speaker
from coach.wire.client import MAX_MS, TEXT_CHARS

START_MS = 1_700_000_000_000
"""Virtual time begins here: any fixed moment gives the same result each time."""
WORD_MS = 400
"""150 words a minute, for turns without times."""
TURNS_MOST = 2_000


class Turn(BaseModel):
    """One utterance of a conversation."""

    model_config = ConfigDict(extra="ignore")

    speaker: Speaker = "client"
    text: Annotated[str, Field(max_length=TEXT_CHARS)]
    start_ms: Annotated[int, Field(ge=0, le=MAX_MS)] | None = None
    end_ms: Annotated[int, Field(ge=0, le=MAX_MS)] | None = None
    language: Language | None = None


class Conversation(BaseModel):
    """What to analyse: `text` (one client utterance) or `turns`. A labelled call's file fits as it is."""

    model_config = ConfigDict(extra="ignore")

    text: Annotated[str, Field(min_length=1, max_length=TEXT_CHARS)] | None = None
    turns: Annotated[list[Turn], Field(min_length=1, max_length=TURNS_MOST)] | None = None
    language: Language | Literal["auto"] = "auto"
    ui_language: Language | None = None
    pack: str | None = None
    vertical: str | None = None
    outcome: Outcome | None = None

    @model_validator(mode="after")
    def _one(self) -> "Conversation":
        if (self.text is None) == (self.turns is None):
            raise ValueError("needs either `text` or `turns`")
        return self

    def spoken(self) -> list[Turn]:
        """The turns; a lone text is a client's."""
        return self.turns if self.turns is not None else [Turn(text=self.text or "")]


class TurnFindings(BaseModel):
    """What was found in one turn; entries have the shape of the wire's events."""

    utterance: str
    speaker: Speaker
    text: str
    language: Language
    objections: list[dict[str, Any]]
    signals: list[dict[str, Any]]
    cards: list[dict[str, Any]]


class Analysis(BaseModel):
    """The same findings as live."""

    turns: list[TurnFindings]
    archetype: dict[str, Any] | None
    stage: dict[str, Any] | None
    metrics: dict[str, Any] | None
    nudges: list[dict[str, Any]]
    summary: dict[str, Any] | None


@dataclass(slots=True)
class Rehearsal:
    """A session in virtual time. `trace` is every effect, in order, as bytes: equal inputs give equal traces."""

    session: Session
    now_ms: int = START_MS
    events: list[dict[str, Any]] = field(default_factory=list)
    trace: bytearray = field(default_factory=bytearray)
    inputs: list[tuple[int, Input]] = field(default_factory=list)

    def post(self, event: Input, at_ms: int) -> None:
        """Feed an input at `at_ms`, and before it every timer that is due by then."""
        while (due := self.session.due_ms) is not None and due <= at_ms:
            self._feed(TimerDue(), max(due, self.now_ms))
        self._feed(event, max(at_ms, self.now_ms))

    def replay(self, at_ms: int, event: Input) -> None:
        """Handle one input of a recorded inbox. Everything that led to further inputs is in the inbox."""
        self.now_ms = at_ms
        self.inputs.append((at_ms, event))
        self._take(self.session.handle(event, at_ms))

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            self.trace += _line(effect)
            if isinstance(effect, Publish):
                self.events.append(effect.event)
            if isinstance(effect, Refuse):
                raise ValueError(effect.message)

    def _feed(self, event: Input, at_ms: int) -> None:
        self.now_ms = at_ms
        self.inputs.append((at_ms, event))
        effects = self.session.handle(event, at_ms)
        self._take(effects)
        for effect in effects:
            if isinstance(effect, StopSuggestion):
                self._feed(_ended(effect.card, self.session.identity), at_ms)


def identity(conversation: Conversation, session: str, pack: str, provider: tuple[str, str] | None = None) -> Identity:
    """Who the rehearsed call is."""
    ui = conversation.ui_language or (conversation.language if conversation.language != "auto" else "en")
    name, model = provider or (None, None)
    return Identity(session, "default", pack, conversation.language, ui, START_MS, name, model)


def pack_of(conversation: Conversation, packs: dict[str, Knowledge]) -> str:
    """The pack to use: the named one, else the vertical's, else `general`. Raises `ValueError`."""
    if conversation.pack is not None and conversation.pack not in packs:
        raise ValueError(f"pack: `{conversation.pack}` is not one of {', '.join(sorted(packs))}")
    if conversation.pack is not None:
        return conversation.pack
    return conversation.vertical if conversation.vertical in packs else "general"


def rehearse(
    conversation: Conversation,
    packs: dict[str, Knowledge],
    *,
    words: bool = False,
    provider: tuple[str, str] | None = None,
) -> Rehearsal:
    """The whole conversation through a fresh session; with `words`, each turn grows word by word as interims."""
    rehearsal = _begin(conversation, packs, provider)
    for _ in _turns(conversation, rehearsal, words=words):
        pass
    return rehearsal


def analyze(conversation: Conversation, packs: dict[str, Knowledge]) -> Analysis:
    """The findings of a conversation. Raises `ValueError` for an unknown pack."""
    return _result(rehearse(conversation, packs))


async def analyze_gently(conversation: Conversation, packs: dict[str, Knowledge]) -> Analysis:
    """The same on a server's loop: after each turn everybody else gets theirs. Cancelling is safe."""
    rehearsal = _begin(conversation, packs, None)
    for _ in _turns(conversation, rehearsal, words=False):
        await asyncio.sleep(0)
    return _result(rehearsal)


def _begin(conversation: Conversation, packs: dict[str, Knowledge], provider: tuple[str, str] | None) -> Rehearsal:
    pack = pack_of(conversation, packs)
    return Rehearsal(Session(identity(conversation, "rehearsal", pack, provider), packs[pack]))


def _turns(conversation: Conversation, rehearsal: Rehearsal, *, words: bool) -> Iterator[None]:
    """Feed the conversation, turn by turn, and its end."""
    clock = 0
    for number, turn in enumerate(conversation.spoken(), 1):
        count = max(1, len(turn.text.split()))
        start = turn.start_ms if turn.start_ms is not None else clock
        end = max(start, turn.end_ms) if turn.end_ms is not None else start + count * WORD_MS
        clock = end
        utterance = f"u{number}"
        if words:
            spoken = turn.text.split()
            for said in range(1, len(spoken)):
                at = start + (end - start) * said // len(spoken)
                part = Heard("main", utterance, turn.speaker, " ".join(spoken[:said]), False, start, at, turn.language)
                rehearsal.post(part, START_MS + at)
        final = Heard("main", utterance, turn.speaker, turn.text, True, start, end, turn.language, number)
        rehearsal.post(final, START_MS + end)
        yield
    rehearsal.post(EndAsked(conversation.outcome), START_MS + clock)
    while (due := rehearsal.session.due_ms) is not None:
        rehearsal.post(TimerDue(), due)


def _result(rehearsal: Rehearsal) -> Analysis:
    view = rehearsal.session.view
    objections, signals = _by_utterance(view.objections.values()), _by_utterance(view.signals.values())
    cards = _by_utterance(e for e in rehearsal.events if e["type"] == "card" and e["status"] == "open")
    turns = [
        TurnFindings(
            utterance=final["utterance"],
            speaker=final["speaker"],
            text=final["text"],
            language=final["language"],
            objections=[e for e in objections.get(final["utterance"], []) if e["status"] != "retracted"],
            signals=[e for e in signals.get(final["utterance"], []) if e["status"] != "retracted"],
            cards=cards.get(final["utterance"], []),
        )
        for final in view.transcript
    ]
    return Analysis(
        turns=turns,
        archetype=view.archetype,
        stage=view.stage,
        metrics=rehearsal.session.core.metrics,
        nudges=[event for event in rehearsal.events if event["type"] == "nudge"],
        summary=view.summary,
    )


def _by_utterance(events: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        found.setdefault(event.get("utterance", ""), []).append(event)
    return found


def _line(effect: Effect) -> bytes:
    return orjson.dumps({type(effect).__name__: effect}, option=orjson.OPT_APPEND_NEWLINE)


def _ended(card: str, who: Identity) -> SuggestionEnded:
    return SuggestionEnded(card, "superseded", who.provider or "", who.model or "", "", {}, {})
