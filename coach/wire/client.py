"""Frames from clients. Strict types: a number in quotes is a mistake that is better named than guessed."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from coach.taxonomy import Language, Outcome, Speaker

TEXT_CHARS = 8_000
NOTE_CHARS = 2_000
METADATA_BYTES = 4_096
METADATA_DEPTH = 6
ECHO_DEPTH = 32
MAX_INT = 2**53 - 1
"""The largest integer that JavaScript carries exactly."""
MAX_MS = 7 * 24 * 3600 * 1000
"""No call lasts a week; sums of such times stay small numbers."""


def _no_nul(text: str) -> str:
    # PostgreSQL's text cannot hold it; no recogniser sends it.
    if "\x00" in text:
        raise PydanticCustomError("nul", "has a NUL character")
    return text


NoNul = AfterValidator(_no_nul)
Count = Annotated[int, Field(ge=1, le=MAX_INT)]
Offset = Annotated[int, Field(ge=0, le=MAX_INT)]
Millis = Annotated[int, Field(ge=0, le=MAX_MS)]
Name = Annotated[str, Field(min_length=1, max_length=128), NoNul]
Note = Annotated[str, Field(min_length=1, max_length=NOTE_CHARS), NoNul]
SESSION_ID = r"^[A-Za-z0-9_-]{1,64}$"
SessionId = Annotated[str, Field(pattern=SESSION_ID)]


class _Frame(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class HelloFrame(_Frame):
    """First frame of a conversation socket."""

    type: Literal["hello"]
    token: str | None = None
    role: Literal["seller", "source"] = "seller"
    source: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = "main"
    language: Language | Literal["auto"] = "auto"
    ui_language: Language | None = None
    pack: Name = "general"
    after: Offset | None = None
    epoch: Annotated[str, Field(max_length=64)] | None = None
    metadata: dict[str, Any] = {}

    @field_validator("metadata")
    @classmethod
    def _small(cls, value: dict[str, Any]) -> dict[str, Any]:
        if _depth(value) > METADATA_DEPTH:
            raise PydanticCustomError("metadata", f"is nested deeper than {METADATA_DEPTH} levels")
        if len(orjson.dumps(value)) > METADATA_BYTES:
            raise PydanticCustomError("metadata", f"is larger than {METADATA_BYTES} bytes")
        if _has_nul(value):
            raise PydanticCustomError("metadata", "has a NUL character")
        return value


class TranscriptFrame(_Frame):
    """An utterance's whole text so far. A final carries `seq`, an interim does not."""

    type: Literal["transcript"]
    utterance: Name
    speaker: Speaker
    text: Annotated[str, Field(max_length=TEXT_CHARS), NoNul]
    final: bool
    start_ms: Millis
    end_ms: Millis
    language: Language | None = None
    seq: Count | None = None

    @model_validator(mode="after")
    def _whole(self) -> "TranscriptFrame":
        if self.end_ms < self.start_ms:
            raise PydanticCustomError("end_ms", "end_ms: is before start_ms")
        if self.final and self.seq is None:
            raise PydanticCustomError("seq", "seq: a final needs one")
        if not self.final and self.seq is not None:
            raise PydanticCustomError("seq", "seq: an interim has none")
        return self


class AskFrame(_Frame):
    """The seller asks the coach something."""

    type: Literal["ask"]
    text: Note


class CancelFrame(_Frame):
    """Stop this card's suggestion."""

    type: Literal["cancel"]
    card: Name


class FeedbackFrame(_Frame):
    """What the seller thinks of a card. At least one of the three says something."""

    type: Literal["feedback"]
    card: Name
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    used: bool | None = None
    comment: Note | None = None

    @model_validator(mode="after")
    def _something(self) -> "FeedbackFrame":
        if self.rating is None and self.used is None and self.comment is None:
            raise PydanticCustomError("feedback", "needs a rating, used or a comment")
        return self


class RaiseHandFrame(_Frame):
    """The seller asks a manager for help."""

    type: Literal["raise_hand"]
    text: Note | None = None


class EndFrame(_Frame):
    """The call is over."""

    type: Literal["end"]
    outcome: Outcome | None = None


class PingFrame(_Frame):
    """A barrier: the `pong` comes after every event that earlier frames caused."""

    type: Literal["ping"]
    t: Any = None

    @field_validator("t")
    @classmethod
    def _shallow(cls, value: Any) -> Any:
        if _depth(value) > ECHO_DEPTH:
            raise PydanticCustomError("t", f"is nested deeper than {ECHO_DEPTH} levels")
        return value


class AuthFrame(_Frame):
    """A new token for this socket."""

    type: Literal["auth"]
    token: Annotated[str, Field(min_length=1)]


class WatchFrame(_Frame):
    """Subscribe to sessions, or with `*` to the team's wall."""

    type: Literal["watch"]
    token: str | None = None
    sessions: Annotated[list[SessionId], Field(max_length=1_000)] | Literal["*"]
    after: dict[str, Offset] = {}
    epochs: dict[str, str] = {}


class UnwatchFrame(_Frame):
    """Take subscriptions back."""

    type: Literal["unwatch"]
    sessions: Annotated[list[SessionId], Field(max_length=1_000)] | Literal["*"]


class WhisperFrame(_Frame):
    """A manager's word to the seller."""

    type: Literal["whisper"]
    session: SessionId
    text: Note


ConversationFrame = Annotated[
    HelloFrame
    | TranscriptFrame
    | AskFrame
    | CancelFrame
    | FeedbackFrame
    | RaiseHandFrame
    | EndFrame
    | PingFrame
    | AuthFrame,
    Field(discriminator="type"),
]
WatcherFrame = Annotated[WatchFrame | UnwatchFrame | WhisperFrame | PingFrame | AuthFrame, Field(discriminator="type")]


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\x00" in name or _has_nul(inner) for name, inner in value.items())
    return any(map(_has_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\x00" in value


def _depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, children), default=0) if isinstance(value, (dict, list)) else 0
