"""What a provider is, and what can go wrong with one."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from coach.session.effects import Prompt
from coach.suggest.money import Usage

Reason = Literal[
    "unauthorized",
    "not_found",
    "bad_request",
    "rate_limited",
    "overloaded",
    "server",
    "timeout",
    "connection",
    "protocol",
    "refused",
    "truncated",
    "stalled",
    "guarded",
    "no_provider",
    "crashed",
]
LASTING: frozenset[Reason] = frozenset({"unauthorized", "not_found", "bad_request"})
"""What the next request would meet the same way."""


class ProviderError(Exception):
    """A provider broke off. Its text is the reason: never a word of the call, nor of the provider."""

    def __init__(self, reason: Reason, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class Completion:
    """What is known of a stream besides its text; filled in while it runs."""

    ended: bool = False
    """Whether the provider said that the text is complete: a stream that just stops is truncated."""
    usage: Usage | None = None
    """As the provider counts; None until it says."""
    prompt_chars: int = 0
    """Length of what was sent, for an estimate."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the judge asks for about one utterance of the client."""

    system: str
    text: str
    schema: dict[str, Any]


@dataclass(slots=True)
class Answer:
    """A model's answer to a question: JSON text, whether it keeps to the schema or not."""

    text: str
    usage: Usage | None = None


class Provider(Protocol):
    """A source of model text."""

    name: str
    model: str

    def stream(self, prompt: Prompt, completion: Completion) -> AsyncGenerator[str]:
        """Pieces of text as they come. Raises `ProviderError`. Closing the generator closes the connection."""
        ...

    async def close(self) -> None:
        """Let the connections go. Nothing is asked any more."""
        ...


@runtime_checkable
class Reader(Protocol):
    """A provider that can be asked for JSON."""

    name: str

    async def answer(self, question: Question, model: str, *, complaint: tuple[str, str] | None = None) -> Answer:
        """The answer in JSON; `complaint`: an earlier answer, and what is wrong with it. Raises `ProviderError`.
        Cancelling closes the connection."""
        ...
