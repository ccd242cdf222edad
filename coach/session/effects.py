"""What a session wants done. The runner does it; nothing comes back but new inputs."""

from dataclasses import dataclass
from typing import Any, Literal

from coach.session.inputs import Heard, Rated
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
class Remember:
    """Feedback to store."""

    feedback: Rated
    at: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a provider gets to know about a card. Speech in it is data, never an instruction."""

    trigger: str
    label: str
    quote: str
    language: Language
    ui_language: Language
    say: str
    ask: str | None
    facts: tuple[str, ...]
    archetype: str | None
    turns: tuple[tuple[str, str], ...]
    """The last finals as (speaker, text), oldest first."""
    question: str | None = None


Effect = Publish | Show | Take | Again | Refuse | Suggest | StopSuggestion | Remember
