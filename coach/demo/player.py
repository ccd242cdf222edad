"""Labelled calls as live ones: each turn grows word by word, then comes whole."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coach.client import CallClient, Stopped
from coach.taxonomy import LANGUAGES, Language, Outcome, Speaker

CALLS = Path(__file__).parent / "calls"
PAUSE_S = 6.0
"""Between two demo calls: time to read the summary."""
SELLERS: dict[Language, str] = {"pl": "Anna Nowak", "de": "Jonas Weber", "en": "Grace Miller"}

_log = structlog.get_logger()


class CallTurn(BaseModel):
    """A turn of a call's file."""

    model_config = ConfigDict(extra="ignore")

    speaker: Speaker
    text: str
    start_ms: Annotated[int, Field(ge=0)]
    end_ms: Annotated[int, Field(ge=0)]


class Call(BaseModel):
    """A call's file. Labels in it are ignored."""

    model_config = ConfigDict(extra="ignore")

    language: Language | Literal["auto"] = "auto"
    vertical: str | None = None
    outcome: Outcome | None = None
    turns: Annotated[list[CallTurn], Field(min_length=1)]


class CallFileError(Exception):
    """The file is not a call. The message names the field."""


def read_call(path: Path) -> Call:
    """The call in `path`. Raises `CallFileError`."""
    try:
        return Call.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CallFileError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            raise CallFileError(
                f"{path}: is no JSON; a replay needs a call's file (docs/calls.md), plain text is for `coach analyze`"
            ) from None
        where = ".".join(str(step) for step in first["loc"])
        raise CallFileError(f"{path}: {where or 'the file'}: {first['msg']}") from None


async def play(client: CallClient, call: Call, speed: float, on_turn: Callable[[int], None] | None = None) -> None:
    """Send the call at `speed` times its own pace, and end it. Raises `Stopped`."""
    loop = asyncio.get_running_loop()
    began = loop.time() - call.turns[0].start_ms / 1000 / speed
    for number, turn in enumerate(call.turns, 1):
        words = turn.text.split()
        span = max(0, turn.end_ms - turn.start_ms)
        frame = {"utterance": f"u{number}", "speaker": turn.speaker, "start_ms": turn.start_ms}
        for said in range(1, len(words)):
            at_ms = turn.start_ms + span * said // len(words)
            await asyncio.sleep(max(0.0, began + at_ms / 1000 / speed - loop.time()))
            await client.interim({**frame, "text": " ".join(words[:said]), "end_ms": at_ms})
        await asyncio.sleep(max(0.0, began + turn.end_ms / 1000 / speed - loop.time()))
        await client.final({**frame, "text": turn.text, "end_ms": max(turn.start_ms, turn.end_ms)})
        if on_turn is not None:
            on_turn(number)
    await client.end(call.outcome)


async def play_for_ever(url: str, token: str | None, speed: float, packs: set[str]) -> None:
    """The shipped call of each language, all at once, again and again. Ends only when cancelled."""
    async with asyncio.TaskGroup() as group:
        for language in LANGUAGES:
            group.create_task(_repeat(url, token, speed, language, packs), name=f"demo {language}")


async def _repeat(url: str, token: str | None, speed: float, language: Language, packs: set[str]) -> None:
    call = read_call(CALLS / f"{language}.json")
    while True:
        hello = {
            "role": "source",
            "source": "demo",
            "language": language,
            "ui_language": language,
            "pack": call.vertical if call.vertical in packs else "general",
            "metadata": {"seller": SELLERS[language], "demo": True},
        }
        session = f"demo-{language}-{time.time_ns() // 1_000_000}"
        try:
            async with CallClient(url, session, hello, token=token) as client:
                await play(client, call, speed)
                await asyncio.sleep(PAUSE_S)
        except Stopped:
            _log.warning("demo.stopped", language=language)
            await asyncio.sleep(PAUSE_S)
