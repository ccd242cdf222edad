"""`coach explain`."""

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from coach.cli import options
from coach.detect import files
from coach.detect.explain import Explanation, guess
from coach.detect.explain import explain as run
from coach.detect.normalize import tokens
from coach.detect.scan import Scan
from coach.packs import knowledge, loader
from coach.settings import load
from coach.wire.client import TEXT_CHARS

LABELS_SHOWN = 6
_BY = {
    "option": "",
    "words": ", by its common words",
    "phrases": ", guessed by its words and phrases (`--language` says better)",
    "nothing": ", though no word says so (`--language` says better)",
}


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the client says.")],
    language: Annotated[
        str | None, typer.Option(help="pl, de, en, auto; default: guessed from the words and phrases.")
    ] = None,
    pack: Annotated[str, typer.Option(help="Knowledge pack.")] = "general",
    seller: Annotated[str, typer.Option(help="What the seller said just before.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show why an utterance has its findings: phrases, scope, the words that weigh most, probabilities."""
    given = options.language_of(language)
    if len(text) > TEXT_CHARS:
        said = f"has {len(text):,} characters, at most {TEXT_CHARS:,} are read: whole calls are for `coach analyze`"
        raise typer.BadParameter(said, param_hint="TEXT")
    if not tokens(text):
        raise typer.BadParameter("no words in this text", param_hint="TEXT")
    known = load()
    found = loader.load_all(known.pack_folders)
    if pack not in found:
        raise typer.BadParameter(f"`{pack}` is not one of {', '.join(sorted(found))}", param_hint="--pack")
    packs = knowledge.build({name: found[name] for name in (loader.GENERAL, pack)}, files.load_all(known.models_folder))
    lexicons = packs[pack].lexicons
    spoken, by = guess(text, lexicons) if given is None or given == "auto" else (given, "option")
    scan = Scan(lexicons[spoken])
    scan.update(text)
    if scan.lexicon.linear is not None and seller:
        scan.context = scan.lexicon.linear.context(seller)
    explained = run(scan)
    if as_json:
        told = {"language_by": by, **asdict(explained)}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(explained, by)


def _print(found: Explanation, language_by: str) -> None:
    console = Console()
    console.print(f"language: {found.language}{_BY[language_by]}")
    table = Table("", "probability", "needs", "quote", "heaviest words (log-odds)")
    for label in found.labels[:LABELS_SHOWN]:
        words = ", ".join(f"{name} {weight:+.2f}" for name, weight in label.features)
        mark = "[green]✔[/] " if label.found else "  "
        table.add_row(
            mark + label.label, f"{label.probability:.0%}", f"{label.threshold:.0%}", escape(label.quote), words
        )
    console.print(table)
    for label in found.labels:
        if label.plain_words:
            console.print(
                f"{label.label} stands by the rule of plain words: a short utterance with a strong phrase that nobody "
                f"denies, reports or asks is believed. The sum alone: {label.summed:.0%}, needs {label.threshold:.0%}."
            )
    phrases = Table("phrase", "says", "", "counts")
    for phrase in found.phrases:
        strength = "" if phrase.kind == "scope" else "strong" if phrase.strong else "weak"
        phrases.add_row(escape(phrase.quote), f"{phrase.kind} {phrase.label}".strip(), strength, f"{phrase.counts:.0%}")
    console.print(phrases if found.phrases else "No phrase of the packs is in it: the learned words decide alone.")
