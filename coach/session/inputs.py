"""What can happen to a session. Frozen, so that a recorded inbox can be fed again."""

from dataclasses import dataclass, field
from typing import Any, Literal

from coach.taxonomy import Language, Outcome, Speaker

SuggestionStatus = Literal["done", "cancelled", "superseded", "failed", "truncated", "expired"]
JudgeStatus = Literal["done", "failed", "skipped", "stopped"]


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcript frame: an utterance's whole text so far; a final has `seq`."""

    source: str
    utterance: str
    speaker: Speaker
    text: str
    final: bool
    start_ms: int
    end_ms: int
    language: Language | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The seller asks the coach."""

    text: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The seller stops a card's suggestion."""

    card: str


@dataclass(frozen=True, slots=True)
class Rated:
    """The seller's feedback on a card."""

    card: str
    rating: int | None = None
    used: bool | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class HandRaised:
    """The seller asks a manager for help."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Whispered:
    """A manager's word to the seller."""

    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A seller's widget is there, and wants to read this language."""

    ui_language: Language


@dataclass(frozen=True, slots=True)
class Watched:
    """How many dashboards watch this session now."""

    watchers: int


@dataclass(frozen=True, slots=True)
class SuggestionEnded:
    """A card's model text is over. Every started suggestion gets exactly one of these."""

    card: str
    status: SuggestionStatus
    provider: str
    model: str
    text: str
    timing: dict[str, Any]
    usage: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """The judge has read a client's final, or never will (`status` is not `done`: nothing was found out)."""

    source: str
    utterance: str
    status: JudgeStatus
    provider: str
    model: str
    objections: tuple[tuple[str, str], ...] = ()
    """(category, quote), as the model said them: the quotes are checked by the session."""
    signals: tuple[tuple[str, str], ...] = ()
    """(kind, quote)"""
    usage: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TimerDue:
    """`Session.due_ms` has come."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The last owner crashed: what it had open is closed, in a new epoch."""


@dataclass(frozen=True, slots=True)
class EndAsked:
    """The call is over: the seller said so, or nobody was there for too long (`outcome` None)."""

    outcome: Outcome | None


Input = (
    Heard
    | Asked
    | Cancelled
    | Rated
    | HandRaised
    | Joined
    | Whispered
    | Watched
    | SuggestionEnded
    | Judged
    | TimerDue
    | Recovered
    | EndAsked
)
