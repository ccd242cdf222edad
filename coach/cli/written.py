"""A conversation as people write it down: a call's JSON, lines with a speaker each, or plain text. Pure."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from coach.analyze import Conversation
from coach.demo.player import CallFileError
from coach.detect.normalize import fold
from coach.taxonomy import Speaker

_WORDS: dict[Speaker, str] = {
    "client": """client customer buyer prospect kunde kundin käufer käuferin interessent interessentin
        klient klientka kupujący kupująca""",
    "seller": """seller salesperson agent rep advisor verkäufer verkäuferin berater beraterin
        sprzedawca sprzedawczyni handlowiec doradca doradczyni konsultant konsultantka""",
}
_SPEAKERS: dict[str, Speaker] = {fold(word): speaker for speaker, words in _WORDS.items() for word in words.split()}
"""By what people call them in three languages."""
_LINE = re.compile(r"([^\W_]+(?: [^\W_]+)?)\s*:(\s*)(.*)")
"""One or two words and a colon."""
_JSON = re.compile(r'\s*(?:\{|\[\s*["{\[\]])')
"""`[laughs]` begins a text, `[{` a list of turns."""
_BEGIN = "begin a line with `client:` or `seller:`"


def conversation(content: bytes, name: str, given: Mapping[str, str | None]) -> Conversation:
    """What `content` says; what is `given` counts more. Raises `CallFileError`, which begins with `name`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CallFileError(f"{name}: is not UTF-8: save it as UTF-8") from None
    if not text.strip():
        raise CallFileError(f"{name}: is empty")
    more = {name: value for name, value in given.items() if value is not None}
    try:
        return Conversation.model_validate({**(_of_json(text) if _JSON.match(text) else _of_text(text)), **more})
    except orjson.JSONDecodeError as error:
        raise CallFileError(f"{name}: is no JSON: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise CallFileError(f"{name}: {where or 'the file'}: {first['msg'].removeprefix('Value error, ')}") from None
    except ValueError as error:
        raise CallFileError(f"{name}: {error}") from None


def _of_json(text: str) -> dict[str, Any]:
    known = orjson.loads(text)
    return {"turns": known} if isinstance(known, list) else known


class _Line(NamedTuple):
    """A line that is not empty. `who`: what stands before its colon; None where no speaker can be meant."""

    number: int
    who: str | None
    speaker: Speaker | None
    words: str


def _of_text(text: str) -> dict[str, Any]:
    """Turns, if anybody is named; a line that names nobody goes on with the turn before. Raises `ValueError`."""
    lines = [_line(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    strangers = [line for line in lines if line.who is not None and line.speaker is None]
    named = any(line.speaker for line in lines)
    if strangers and (named or len(strangers) > 1):
        raise ValueError(f"line {strangers[0].number}: `{strangers[0].who}` is no speaker: {_BEGIN}")
    if not named:
        return {"text": text.strip()}
    if lines[0].speaker is None:
        raise ValueError(f"line {lines[0].number}: nobody says it: {_BEGIN}")
    turns: list[dict[str, str]] = []
    for line in lines:
        if line.speaker is not None:
            turns.append({"speaker": line.speaker, "text": line.words})
        else:
            turns[-1]["text"] = f"{turns[-1]['text']} {line.words}".strip()
    return {"turns": turns}


def _line(number: int, text: str) -> _Line:
    match = _LINE.match(text)
    if match is not None:
        who, gap, words = match.groups()
        if (speaker := _SPEAKERS.get(fold(who))) is not None:
            return _Line(number, who, speaker, words)
        if gap:
            return _Line(number, who, None, text)
    return _Line(number, None, None, text)
