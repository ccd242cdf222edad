"""`coach analyze`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coach.analyze import Analysis
from coach.analyze import analyze as run
from coach.cli import options, written
from coach.demo.player import CallFileError
from coach.detect import files
from coach.packs import knowledge, loader
from coach.settings import load


def analyze(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A file: a call's JSON, or text in lines that begin with `client:` or `seller:`. Text without such "
            "lines is all said by the client. `-` is standard input.",
        ),
    ],
    language: Annotated[
        str | None, typer.Option(help="pl, de, en, auto; default: the file's, else decided per utterance.")
    ] = None,
    pack: Annotated[str | None, typer.Option(help="Knowledge pack.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find objections, signals and the archetype in a text or a whole call: the same as live."""
    given = {"language": options.language_of(language), "pack": pack}
    conversation = written.conversation(*_read(file), given)
    known = load()
    packs = knowledge.build(loader.load_all(known.pack_folders), files.load_all(known.models_folder))
    if conversation.pack is None and conversation.vertical not in (None, *packs):
        typer.secho(f"coach: vertical: no pack `{conversation.vertical}`, read with `general`", fg="yellow", err=True)
    try:
        found = run(conversation, packs)
    except ValueError as error:
        raise CallFileError(str(error)) from None
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
    else:
        _print(found)


def _read(file: str) -> tuple[bytes, str]:
    """The content, and what to call it. Raises `CallFileError`."""
    if file == "-":
        return sys.stdin.buffer.read(), "standard input"
    try:
        return Path(file).read_bytes(), file
    except OSError as error:
        hint = "; for a sentence use `coach explain`" if " " in file.strip() else ""
        raise CallFileError(f"{file}: {error.strerror}{hint}") from None


def _print(found: Analysis) -> None:
    console = Console()
    table = Table("", "said", "found", "quote", "sure")
    for turn in found.turns:
        rows = [(o["category"], o) for o in turn.objections] + [(s["kind"], s) for s in turn.signals]
        said = turn.text if len(turn.text) <= 90 else f"{turn.text[:89]}…"
        table.add_row(turn.speaker, escape(said), *_cells(rows[0] if rows else None))
        for row in rows[1:]:
            table.add_row("", "", *_cells(row))
    console.print(table)
    console.print(f"language: {', '.join(dict.fromkeys(turn.language for turn in found.turns))}")
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
    return f"{name}{status}", escape(str(event["quote"])), f"{float(str(event['confidence'])):.0%}"
