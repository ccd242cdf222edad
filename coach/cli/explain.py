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
from coach.detect.scan import Scan
from coach.packs import knowledge, loader
from coach.settings import load
from coach.taxonomy import LANGUAGES
from coach.wire.client import TEXT_CHARS

LABELS_SHOWN = 6


def explain(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="What the client says; behind `--` if it begins with a dash.")
    ],
    language: Annotated[str, typer.Option(help="pl, de, en; `auto`: decided from the words.")] = "auto",
    pack: Annotated[str, typer.Option(help="Knowledge pack.")] = "general",
    seller: Annotated[str, typer.Option(help="What the seller said just before.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show why an utterance has its findings: phrases, scope, the words that weigh most, probabilities."""
    if len(text) > TEXT_CHARS:
        raise typer.BadParameter(f"has {len(text):,} characters, at most {TEXT_CHARS:,} can be read", param_hint="TEXT")
    known = load()
    found = loader.load_all(known.pack_folders)
    if pack not in found:
        raise typer.BadParameter(f"`{pack}` is not one of {', '.join(sorted(found))}", param_hint="--pack")
    packs = knowledge.build(
        {name: found[name] for name in (loader.GENERAL, pack)}, linear.load_all(known.models_folder)
    )
    scan = _scanned(text, language.lower(), packs[pack])
    if not scan.tokens:
        raise typer.BadParameter("there are no words in it", param_hint="TEXT")
    if scan.lexicon.linear is not None and seller:
        scan.context = scan.lexicon.linear.context(seller)
    explained = run(scan)
    if as_json:
        typer.echo(orjson.dumps(asdict(explained), option=orjson.OPT_INDENT_2).decode())
    else:
        _print(explained)


def _scanned(text: str, given: str, pack: knowledge.Knowledge) -> Scan:
    """In the given language; else in the one that the common words say, or if they do not the one whose phrases fit."""
    if given not in (*LANGUAGES, "auto"):
        raise typer.BadParameter(f"`{given}` is none of {', '.join(LANGUAGES)}, auto", param_hint="--language")
    scans = [Scan(pack.lexicons[language]) for language in LANGUAGES if given in (language, "auto")]
    for scan in scans:
        scan.update(text)
    if len(scans) == 1:
        return scans[0]
    words = language_of.weigh((token.word for token in scans[0].tokens), text)
    decided = {language_of.decide(words, language) for language in LANGUAGES}

    def fits(scan: Scan) -> tuple[bool, int, float, bool]:
        language = scan.lexicon.language
        said = [hit for hit in scan.hits() if hit.cue.kind not in ("scope", "competitor")]
        covered = {place for hit in said for place in range(hit.first, hit.last + 1)}
        return decided == {language}, len(covered), words[language], language == "en"

    return max(scans, key=fits)


def _print(found: Explanation) -> None:
    console = Console()
    console.print(f"read as {found.language}")
    table = Table("", "probability", "needs", "quote", "heaviest words (log-odds)")
    for label in found.labels[:LABELS_SHOWN]:
        words = ", ".join(f"{name} {weight:+.2f}" for name, weight in label.features)
        mark = "[green]✔[/] " if label.found else "  "
        needs = "plain words" if label.plain else f"{label.threshold:.0%}"
        table.add_row(mark + label.label, f"{label.probability:.0%}", needs, label.quote, words)
    console.print(table)
    phrases = Table("phrase", "says", "", "counts")
    for phrase in found.phrases:
        strength = "" if phrase.kind == "scope" else "strong" if phrase.strong else "weak"
        phrases.add_row(phrase.quote, f"{phrase.kind} {phrase.label}".strip(), strength, f"{phrase.counts:.0%}")
    console.print(phrases if found.phrases else "No phrase of the packs is in it: the learned words decide alone.")
