"""What a provider is."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Protocol

from coach.session.effects import Prompt


@dataclass(slots=True)
class Completion:
    """What a provider knows of a stream besides its text; filled in while it runs."""

    ended: bool = False
    """Whether the provider said that the text is complete: a stream that just stops is truncated."""
    usage: dict[str, Any] = field(default_factory=dict)


class ProviderError(Exception):
    """The provider broke off. Its text names the fault and no word of the call."""


class Provider(Protocol):
    """A source of model text."""

    name: str
    model: str

    def stream(self, prompt: Prompt, completion: Completion) -> AsyncGenerator[str]:
        """Pieces of text as they come. Raises `ProviderError`. Closing the generator stops the model."""
        ...
