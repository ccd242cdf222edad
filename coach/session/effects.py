"""What a session wants done. The runner does it; nothing comes back but new inputs."""

from dataclasses import dataclass
from typing import Any, Literal

from coach.session.inputs import Heard, Judged, Rated
from coach.taxonomy import Language
from coach.wire.codes import ErrorCode


@dataclass(frozen=True, slots=True)
class Publish:
    """A durable event, with its offset, to every subscriber, and into the store."""

    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Show:
    """Latest-wins state (metrics, presence, an interim). Of one `key` only the newest matters."""

    event: dict[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class Take:
    """A final was taken: store it, then ack it."""

    final: Heard
    language: Language


@dataclass(frozen=True, slots=True)
class Again:
    """A final that was taken before: ack it once it is stored."""

    source: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error for the socket that sent the input being handled."""

    code: ErrorCode
    message: str
    seq: int | None = None
    expect: int | None = None


@dataclass(frozen=True, slots=True)
class Suggest:
    """Stream a model's text into this card."""

    card: str
    prompt: "Prompt"


@dataclass(frozen=True, slots=True)
class StopSuggestion:
    """Stop the stream now; its `SuggestionEnded` carries this status."""

    card: str
    status: Literal["cancelled", "superseded", "expired"]


@dataclass(frozen=True, slots=True)
class Judge:
    """Have the judge read this final of the client; exactly one `Judged` follows, at any time or never."""

    source: str
    seq: int
    utterance: str
    text: str
    language: Language
    turns: tuple[tuple[str, str], ...]
    """The finals before it as (speaker, text), oldest first."""


@dataclass(frozen=True, slots=True)
class StopJudging:
    """End every reading that is under way; each says with its `Judged` what it took."""


@dataclass(frozen=True, slots=True)
class Keep:
    """A verdict to store, its quotes verbatim."""

    judged: Judged
    at: int


@dataclass(frozen=True, slots=True)
class Remember:
    """Feedback to store."""

    feedback: Rated
    at: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider gets to know about a card. Speech in it is data, never an instruction."""

    pack: str
    trigger: str
    label: str
    quote: str
    """The customer's words that the card is about."""
    language: Language
    ui_language: Language
    say: str
    ask: str | None
    facts: tuple[str, ...]
    archetype: str | None
    stage: str | None
    turns: tuple[tuple[str, str], ...]
    """Finals as (speaker, text), oldest first. From one prompt of a call to the next they only grow at the end, but
    for a step every so often: what a provider has read it need not read again."""
    speaking: str | None = None
    """What the customer is saying right now, as far as it was heard."""
    question: str | None = None


Effect = Publish | Show | Take | Again | Refuse | Suggest | StopSuggestion | Judge | StopJudging | Keep | Remember
