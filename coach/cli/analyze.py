"""`coach analyze`."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from coach.analyze import Analysis, Conversation, Turn
from coach.analyze import analyze as run
from coach.demo.player import CallFileError
from coach.detect import linear
from coach.packs import knowledge, loader
from coach.settings import load

_LINE = re.compile(r"^\s*(client|seller)\s*:\s*(.+)$", re.IGNORECASE)


def analyze(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A call's JSON, or text: `client: …` and `seller: …` lines, or one utterance; `-` is standard input.",
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
    try:
        found = run(conversation, packs)
    except ValueError as error:
        raise CallFileError(str(error)) from None
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        _print(found)


def _read(file: str, given: dict[str, str]) -> Conversation:
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        if text.lstrip().startswith("{"):
            return Conversation.model_validate(
                {**Conversation.model_validate_json(text).model_dump(exclude_none=True), **given}
            )
        lines = [_LINE.match(line) for line in text.splitlines()]
        turns = [Turn.model_validate({"speaker": line[1].lower(), "text": line[2]}) for line in lines if line]
        return Conversation.model_validate({**({"turns": turns} if turns else {"text": text.strip()}), **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise CallFileError(f"{file}: {where or 'the file'}: {first['msg'].removeprefix('Value error, ')}") from None


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
