"""The shipped stand-in for a model: says what the pack says, at a chosen pace, with chosen faults.

For the demo and the tests; no network, no key. Configured by `COACH_SCRIPT` (docs/configuration.md).
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, fields

from coach.session.effects import Prompt
from coach.suggest.base import Completion, ProviderError
from coach.suggest.money import Usage

_PIECE = re.compile(r"\S+\s*")
_LEAD = {
    "pl": ("Możesz powiedzieć tak: „{say}”", "Potem zapytaj: „{ask}”", "Warto wiedzieć: {facts}"),
    "de": ("Sagen Sie zum Beispiel: „{say}“", "Fragen Sie dann: „{ask}“", "Gut zu wissen: {facts}"),
    "en": ("You could say: “{say}”", "Then ask: “{ask}”", "Good to know: {facts}"),
}


@dataclass(frozen=True, slots=True)
class Script:
    """How the scripted provider behaves. Times in milliseconds; `*_after` count tokens, -1 is never."""

    first_ms: int = 350
    token_ms: int = 45
    stall_after: int = -1
    """Says nothing more after this many tokens, for ever."""
    error_after: int = -1
    """Breaks off with an error."""
    cut_after: int = -1
    """Stops as if it were over, without saying so."""


def parse_script(text: str) -> Script:
    """`first_ms=400,token_ms=40` as a `Script`. Raises `ValueError` naming what is wrong."""
    known = {field.name for field in fields(Script)}
    values: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if name not in known:
            raise ValueError(f"`{name}` is none of {', '.join(sorted(known))}")
        try:
            values[name] = int(value)
        except ValueError:
            raise ValueError(f"{name}: `{value}` is not a whole number") from None
    return Script(**values)


class ScriptedProvider:
    """Implements `coach.suggest.base.Provider`."""

    name = "scripted"
    model = "pack-lines-1"

    def __init__(self, script: Script) -> None:
        self._script = script

    async def stream(self, prompt: Prompt, completion: Completion) -> AsyncGenerator[str]:
        """The card's own lines in whole sentences, word by word."""
        pieces = _PIECE.findall(_text(prompt))
        await asyncio.sleep(self._script.first_ms / 1000)
        for count, piece in enumerate(pieces):
            if count == self._script.stall_after:
                await asyncio.Event().wait()
            if count == self._script.error_after:
                raise ProviderError("server")
            if count == self._script.cut_after:
                return
            if count:
                await asyncio.sleep(self._script.token_ms / 1000)
            yield piece
            completion.usage = Usage(0, 0, count + 1)
        completion.ended = True

    async def close(self) -> None:
        """There is nothing to let go."""


def _text(prompt: Prompt) -> str:
    say, ask, facts = _LEAD[prompt.ui_language]
    parts = [say.format(say=prompt.say)]
    if prompt.ask:
        parts.append(ask.format(ask=prompt.ask))
    if prompt.facts:
        parts.append(facts.format(facts="; ".join(prompt.facts)))
    return " ".join(part if part[-1] in ".!?”“" else f"{part}." for part in parts)
