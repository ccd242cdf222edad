"""Events to clients. Documentation and types come from these models; the hot path encodes plain dicts.

`tests/live` checks that what really leaves a socket fits them. Durable events carry `offset`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from coach.taxonomy import (
    Archetype,
    Category,
    Disc,
    Language,
    Outcome,
    SignalKind,
    Speaker,
    Stage,
)
from coach.wire.client import SessionId
from coach.wire.codes import ErrorCode

Unit = Annotated[float, Field(ge=0, le=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
Ten = Annotated[float, Field(ge=0, le=10)]
Signed = Annotated[float, Field(ge=-1, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Event(_Model):
    session: SessionId
    at: int


class _Durable(_Event):
    offset: Annotated[int, Field(ge=1)]


class _Caused(_Durable):
    utterance: str
    source: str


class Limits(_Model):
    frame_bytes: int
    text_chars: int
    frames_per_s: int


class AckEvent(_Event):
    """Every final of this source up to `seq` is stored and handled."""

    type: Literal["ack"]
    seq: int
    stored: Literal["database", "memory"]


class PongEvent(_Model):
    type: Literal["pong"]
    t: Any = None


class TranscriptEvent(_Event):
    """A final (durable) or, to watchers, an interim (latest wins)."""

    type: Literal["transcript"]
    offset: int | None = None
    utterance: str
    source: str
    speaker: Speaker
    text: str
    final: bool
    start_ms: int
    end_ms: int
    language: Language
    seq: int | None = None


class ObjectionEvent(_Caused):
    """An objection of the client, in its newest status."""

    type: Literal["objection"]
    id: str
    category: Category
    subtype: str | None = None
    status: Literal["provisional", "confirmed", "retracted", "handled"]
    confidence: Unit
    quote: str
    language: Language
    by: Literal["instant", "judge"]


class SignalEvent(_Caused):
    """A buying signal of the client, in its newest status."""

    type: Literal["signal"]
    id: str
    kind: SignalKind
    status: Literal["provisional", "confirmed", "retracted", "handled"]
    confidence: Unit
    quote: str
    by: Literal["instant", "judge"]


class ArchetypeShare(_Model):
    id: Archetype
    p: Unit


class DiscShare(_Model):
    id: Disc
    p: Unit


class BigFiveScores(_Model):
    openness: Signed
    conscientiousness: Signed
    extraversion: Signed
    agreeableness: Signed
    neuroticism: Signed


class Evidence(_Model):
    utterance: str
    quote: str
    id: Archetype
    weight: float


class ArchetypeEvent(_Caused):
    """What drives this client: a posterior over the call, best first."""

    type: Literal["archetype"]
    ranking: Annotated[list[ArchetypeShare], Field(min_length=8, max_length=8)]
    stable: Archetype | None
    disc: Annotated[list[DiscShare], Field(min_length=4, max_length=4)]
    big_five: BigFiveScores
    evidence: list[Evidence]


class StageEvent(_Caused):
    type: Literal["stage"]
    stage: Stage
    confidence: Unit


class MetricsEvent(_Event):
    """Figures of the call so far; formulas in docs/metrics.md."""

    type: Literal["metrics"]
    utterance: str | None = None
    source: str | None = None
    purchase_likelihood: Percent
    churn_risk: Percent
    fun_drive: Ten
    overnight_value: Ten
    talk_ratio: Unit
    words_per_minute: Annotated[float, Field(ge=0)]
    longest_monologue_ms: Annotated[int, Field(ge=0)]
    open_objections: Annotated[int, Field(ge=0)]


class NudgeEvent(_Durable):
    type: Literal["nudge"]
    utterance: str | None = None
    source: str | None = None
    kind: Literal["monologue", "talk_ratio", "pace", "checklist", "compliance", "roles_swapped"]
    text: str


class Trigger(_Model):
    type: Literal["objection", "signal", "ask", "stage"]
    id: str


class CardEvent(_Durable):
    """Something to say, useful before any model answers."""

    type: Literal["card"]
    utterance: str | None = None
    source: str | None = None
    id: str
    status: Literal["open", "closed"]
    why: Literal["retracted", "handled", "superseded", "used", "expired"] | None = None
    trigger: Trigger
    title: str
    say: str
    ask: str | None = None
    facts: list[str] | None = None
    variant: str
    confidence: Unit
    expires_at: int


class TokenEvent(_Event):
    """Model tokens for a card; `start` counts UTF-16 units before this piece."""

    type: Literal["token"]
    card: str
    start: int
    text: str


class Timing(_Model):
    first_token_ms: int | None = None
    total_ms: int | None = None


class Usage(_Model):
    """What an answer took. `input_tokens` includes `cached_tokens`; absent: not known."""

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    estimated: bool | None = None
    """Whether (some of) it is our estimate: the provider says nothing of a stream that was stopped."""


class CallCost(Usage):
    judge_usd: float | None = None
    """The judge's part of `cost_usd`."""


class SuggestionEvent(_Durable):
    """The life of a card's model text: `started`, then exactly one end."""

    type: Literal["suggestion"]
    utterance: str | None = None
    source: str | None = None
    card: str
    status: Literal["started", "done", "cancelled", "superseded", "failed", "truncated", "expired"]
    provider: str
    model: str
    text: str
    timing: Timing
    usage: Usage


class WhisperEvent(_Durable):
    type: Literal["whisper"]
    from_: Annotated[str, Field(alias="from")]
    text: str


class RaiseHandEvent(_Durable):
    type: Literal["raise_hand"]
    text: str | None = None


class PresenceEvent(_Event):
    type: Literal["presence"]
    watchers: int


class SummaryObjection(_Model):
    category: Category
    quote: str
    status: Literal["confirmed", "handled", "retracted", "provisional"]
    answer: str | None = None


class SummaryNeed(_Model):
    kind: str
    quote: str


class SummaryEvent(_Durable):
    """The call in short, after its end."""

    type: Literal["summary"]
    outcome: Outcome | None
    objections: list[SummaryObjection]
    archetype: Archetype | None
    needs: list[SummaryNeed]
    next_step: str | None
    follow_up: str
    metrics: dict[str, float]
    cost: CallCost


class EndedEvent(_Durable):
    type: Literal["ended"]
    outcome: Outcome | None


class SessionEvent(_Event):
    """A live call in one line, for the wall."""

    type: Literal["session"]
    seller: str
    pack: str
    language: Language | Literal["auto"]
    stage: Stage | None
    archetype: Archetype | None
    metrics: dict[str, float]
    last_line: str
    started_at: int
    objections: list[Category]
    """The categories that stand open."""
    hand: bool
    """The seller waits for a manager: raised, and no whisper since."""


class HeartbeatEvent(_Model):
    """Per session on a conversation socket; on `/watch` without `offset`, or one a watched session."""

    type: Literal["heartbeat"]
    session: str | None = None
    offset: int | None = None


class DrainingEvent(_Model):
    type: Literal["draining"]
    retry_after_ms: int


class ErrorEvent(_Model):
    type: Literal["error"]
    session: str | None = None
    code: ErrorCode
    message: str
    fatal: bool
    seq: int | None = None
    expect: int | None = None
    retry_after_ms: int | None = None


class State(_Model):
    """A session as of an offset. Entries have the shape of their newest event."""

    transcript: list[TranscriptEvent] | None = None
    objections: list[ObjectionEvent] | None = None
    signals: list[SignalEvent] | None = None
    archetype: ArchetypeEvent | None = None
    stage: StageEvent | None = None
    cards: list[CardEvent] | None = None
    suggestions: list[SuggestionEvent] | None = None
    strategies: dict[str, int] | None = None
    summary: SummaryEvent | None = None
    outcome: Outcome | None = None
    metrics: MetricsEvent | None = None
    presence: PresenceEvent | None = None
    interims: list[TranscriptEvent] = []
    streaming: dict[str, str] = {}


class WelcomeEvent(_Model):
    """Answers `hello`, and `watch` once a session. Resume is all or nothing."""

    type: Literal["welcome"]
    session: str
    at: int
    epoch: str
    offset: int
    acked: int | None = None
    resumed: bool
    why: Literal["new", "epoch", "trimmed"] | None = None
    ended: bool = False
    heartbeat_ms: int
    limits: Limits
    state: State


ServerEvent = Annotated[
    WelcomeEvent
    | AckEvent
    | PongEvent
    | TranscriptEvent
    | ObjectionEvent
    | SignalEvent
    | ArchetypeEvent
    | StageEvent
    | MetricsEvent
    | NudgeEvent
    | CardEvent
    | TokenEvent
    | SuggestionEvent
    | WhisperEvent
    | RaiseHandEvent
    | PresenceEvent
    | SummaryEvent
    | EndedEvent
    | SessionEvent
    | HeartbeatEvent
    | DrainingEvent
    | ErrorEvent,
    Field(discriminator="type"),
]
