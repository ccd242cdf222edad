"""`coach explain`."""

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from coach.detect import language as language_of
from coach.detect import linear
from coach.detect.explain import Explanation
from coach.detect.explain import explain as run
from coach.detect.normalize import tokens
from coach.detect.scan import Scan
from coach.packs import knowledge, loader
from coach.settings import load
from coach.taxonomy import LANGUAGES, Language

LABELS_SHOWN = 6


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the client says.")],
    language: Annotated[str | None, typer.Option(help="pl, de, en; default: decided from the words.")] = None,
    pack: Annotated[str, typer.Option(help="Knowledge pack.")] = "general",
    seller: Annotated[str, typer.Option(help="What the seller said just before.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show why an utterance has its findings: phrases, scope, the words that weigh most, probabilities."""
    known, spoken = load(), _language(text, language)
    found = loader.load_all(known.pack_folders)
    if pack not in found:
        raise typer.BadParameter(f"`{pack}` is not one of {', '.join(sorted(found))}", param_hint="--pack")
    packs = knowledge.build(
        {name: found[name] for name in (loader.GENERAL, pack)}, linear.load_all(known.models_folder)
    )
    scan = Scan(packs[pack].lexicons[spoken])
    scan.update(text)
    if scan.lexicon.linear is not None and seller:
        scan.context = scan.lexicon.linear.context(seller)
    explained = run(scan)
    if as_json:
        typer.echo(orjson.dumps(asdict(explained), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(explained)


def _language(text: str, given: str | None) -> Language:
    if given is None:
        return language_of.decide(language_of.weigh((token.word for token in tokens(text)), text), "en")
    for language in LANGUAGES:
        if language == given:
            return language
    raise typer.BadParameter(f"`{given}` is none of {', '.join(LANGUAGES)}", param_hint="--language")


def _print(found: Explanation) -> None:
    console = Console()
    table = Table("", "probability", "needs", "quote", "heaviest words (log-odds)")
    for label in found.labels[:LABELS_SHOWN]:
        words = ", ".join(f"{name} {weight:+.2f}" for name, weight in label.features)
        mark = "[green]✔[/] " if label.found else "  "
        table.add_row(mark + label.label, f"{label.probability:.0%}", f"{label.threshold:.0%}", label.quote, words)
    console.print(table)
    phrases = Table("phrase", "says", "", "counts")
    for phrase in found.phrases:
        strength = "" if phrase.kind == "scope" else "strong" if phrase.strong else "weak"
        phrases.add_row(phrase.quote, f"{phrase.kind} {phrase.label}".strip(), strength, f"{phrase.counts:.0%}")
    console.print(phrases if found.phrases else "No phrase of the packs is in it: the learned words decide alone.")
