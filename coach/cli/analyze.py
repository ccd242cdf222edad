"""`coach analyze`."""

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from coach.analyze import Analysis, Conversation
from coach.analyze import analyze as run
from coach.demo.player import CallFileError
from coach.detect import linear
from coach.packs import knowledge, loader
from coach.settings import load
from coach.taxonomy import Speaker

_LINE = re.compile(r"([^\W\d_]+)\s*:\s*(.*)")
_SPEAKERS: dict[str, Speaker] = {
    **dict.fromkeys(("client", "customer", "kunde", "kundin", "klient", "klientka"), "client"),
    **dict.fromkeys(("seller", "agent", "verkäufer", "verkäuferin", "berater", "beraterin"), "seller"),
    **dict.fromkeys(("sprzedawca", "sprzedawczyni", "doradca", "doradczyni"), "seller"),
}


def analyze(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A call's JSON, or a text file of `client: …` and `seller: …` lines; without such lines all of it is "
            "one utterance of the client. `-` is standard input.",
        ),
    ],
    language: Annotated[str | None, typer.Option(help="pl, de, en; default: decided per utterance.")] = None,
    pack: Annotated[str | None, typer.Option(help="Knowledge pack.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find objections, signals and the archetype in a text or a whole call: the same as live."""
    conversation = _read(file, {**({"language": language} if language else {}), **({"pack": pack} if pack else {})})
    known = load()
    packs = knowledge.build(loader.load_all(known.pack_folders), linear.load_all(known.models_folder))
    if conversation.pack is None and conversation.vertical not in (None, *packs):
        typer.echo(f"coach: vertical: `{conversation.vertical}` has no pack: `general` is used", err=True)
    try:
        found = run(conversation, packs)
    except ValueError as error:
        raise CallFileError(str(error)) from None
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        _print(found)


def _read(file: str, given: dict[str, str]) -> Conversation:
    text = _text(file)
    try:
        if text.lstrip().startswith("{"):
            return Conversation.model_validate(
                {**Conversation.model_validate_json(text).model_dump(exclude_none=True), **given}
            )
        turns = _listed(text) or _spoken(file, text)
        return Conversation.model_validate({**({"turns": turns} if turns else {"text": text.strip()}), **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise CallFileError(f"{file}: {where or 'the file'}: {first['msg'].removeprefix('Value error, ')}") from None


def _text(file: str) -> str:
    """What is to be read. Raises `CallFileError`."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise CallFileError(f"{file}: no such file; a text is piped in: echo '…' | coach analyze -") from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CallFileError(f"{file}: line {line} is not UTF-8: save the file as UTF-8") from None


def _listed(text: str) -> list[Any] | None:
    """The turns of a JSON array; None if the text is none."""
    try:
        found = orjson.loads(text) if text.lstrip().startswith("[") else None
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, list) else None


def _spoken(file: str, text: str) -> list[dict[str, Any]]:
    """The turns of `speaker: …` lines, a line without a speaker going on with the one before; none if no line has one
    that is known. Raises `CallFileError`."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    turns: list[dict[str, Any]] = []
    if not any(_speaker(line)[0] in _SPEAKERS for _, line in lines):
        return []
    for number, line in lines:
        name, said = _speaker(line)
        if name in _SPEAKERS:
            turns.append({"speaker": _SPEAKERS[name], "text": said})
        elif name or not turns:
            what = f"`{name}` is none of {', '.join(_SPEAKERS)}" if name else "begins with no speaker"
            raise CallFileError(f"{file}: line {number}: {what}")
        else:
            turns[-1]["text"] += f" {line}"
    return turns


def _speaker(line: str) -> tuple[str, str]:
    """Who speaks, in small letters, or nothing; what is said."""
    match = _LINE.match(line)
    return (match[1].lower(), match[2]) if match else ("", line)


def _print(found: Analysis) -> None:
    console = Console()
    table = Table("", "said", "found", "quote", "sure")
    for turn in found.turns:
        rows = [(o["category"], o) for o in turn.objections] + [(s["kind"], s) for s in turn.signals]
        said = turn.text if len(turn.text) <= 90 else f"{turn.text[:89]}…"
        table.add_row(turn.speaker, said, *_cells(rows[0] if rows else None))
        for row in rows[1:]:
            table.add_row("", "", *_cells(row))
    console.print(table)
    if found.archetype:
        ranking = ", ".join(f"{share['id']} {share['p']:.0%}" for share in found.archetype["ranking"][:3])
        console.print(f"archetype: {found.archetype['stable'] or 'not sure yet'} ({ranking})")
    if found.stage:
        console.print(f"stage: {found.stage['stage']}")
    if found.metrics:
        console.print(
            f"purchase likelihood {found.metrics['purchase_likelihood']:.0f} %, churn risk {found.metrics['churn_risk']:.0f} %"
        )


def _cells(row: tuple[str, dict[str, object]] | None) -> tuple[str, str, str]:
    if row is None:
        return "", "", ""
    name, event = row
    status = "" if event["status"] == "confirmed" else f" ({event['status']})"
    return f"{name}{status}", str(event["quote"]), f"{float(str(event['confidence'])):.0%}"
