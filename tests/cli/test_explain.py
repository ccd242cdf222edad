"""`coach explain`: the same numbers as the wire, the language it took, and no empty tables."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from coach.analyze import Conversation, analyze
from coach.detect.explain import explain, guess
from coach.detect.scan import Scan
from coach.packs.knowledge import Knowledge
from coach.taxonomy import LANGUAGES, Language
from tests.cli.test_cli import run

PLAIN = Path(__file__).parent.parent / "core" / "plain"
MARK = re.compile(r"[\[{]\w+\|([^]}]+)[\]}]")
TEXTS = 60


def told(*words: str) -> dict[str, Any]:
    result = run("explain", "--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refusal(*words: str) -> str:
    result = run("explain", *words)
    assert result.exit_code == 2
    return " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_finds_what_a_call_finds_as_sure_as_a_call(packs: dict[str, Knowledge], language: Language) -> None:
    """Plain words that are believed had the sum's probability, under the threshold that they had passed."""
    lines = (PLAIN / f"{language}.examples").read_text(encoding="utf-8").splitlines()
    texts = [MARK.sub(r"\1", line.partition(": ")[2]) for line in lines if ": " in line][:TEXTS]
    believed = 0
    for text in texts:
        scan = Scan(packs["general"].lexicons[language])
        scan.update(text)
        labels = explain(scan).labels
        (turn,) = analyze(Conversation(text=text, language=language, pack="general"), packs).turns
        wire = {event.get("category") or event["kind"]: event["confidence"] for event in turn.objections + turn.signals}
        assert {label.label: label.probability for label in labels if label.found} == wire, text
        for label in labels:
            assert label.found or label.probability == label.summed
            assert label.plain_words or not label.found or label.summed >= label.threshold
            believed += label.plain_words
        assert [label.found for label in labels] == sorted((label.found for label in labels), reverse=True)
    assert len(texts) == TEXTS and believed > 5


def test_a_finding_by_plain_words_says_so() -> None:
    text = "Nie stać nas na to."
    best = told(text)["labels"][0]
    assert (best["label"], best["found"], best["plain_words"]) == ("price", True, True)
    assert best["summed"] < best["threshold"]
    shown = " ".join(run("explain", text).output.split())
    assert f"│ {best['probability']:.0%} │" in shown
    assert "price stands by the rule of plain words" in shown and f"The sum alone: {best['summed']:.0%}" in shown
    assert "plain words" not in run("explain", "it is too expensive").output


@pytest.mark.parametrize(
    ("text", "language", "by"),
    [
        ("zu teuer", "de", "phrases"),
        ("Za drogo.", "pl", "phrases"),
        ("too expensive", "en", "phrases"),
        ("es ist mir zu viel", "de", "words"),
        ("to nie jest dla mnie", "pl", "words"),
        ("Brrr", "en", "nothing"),
    ],
)
def test_the_language_is_guessed_and_named(text: str, language: Language, by: str, packs: dict[str, Knowledge]) -> None:
    """Without enough common words everything was English."""
    assert guess(text, packs["general"].lexicons) == (language, by)


def test_the_language_is_shown() -> None:
    guessed = told("zu teuer")
    assert (guessed["language"], guessed["language_by"], guessed["labels"][0]["found"]) == ("de", "phrases", True)
    assert run("explain", "zu teuer").output.startswith("language: de, guessed")
    assert run("explain", "zu teuer", "--language", "pl").output.startswith("language: pl\n")


def test_the_option_takes_any_case_of_letters_and_auto() -> None:
    assert told("zu teuer", "--language", "EN")["language"] == "en"
    assert told("zu teuer", "--language", "Auto")["language"] == "de"
    assert "`fr` is none of pl, de, en, auto" in refusal("x", "--language", "fr")


def test_every_feature_is_named_once_and_says_something() -> None:
    """A first word stood twice under one name: by itself, and for being first; so did a word said twice."""
    for text in ("za drogo", "drogo, drogo, drogo"):
        for label in told(text, "--language", "pl")["labels"]:
            names = [name for name, _ in label["features"]]
            assert len(names) == len(set(names)) and all(weight for _, weight in label["features"])


@pytest.mark.parametrize("text", ["", "  ", "😀", "…?!"])
def test_a_text_without_words_is_refused(text: str) -> None:
    assert "no words in this text" in refusal(text)


def test_a_text_longer_than_a_turn_is_refused() -> None:
    assert "has 8,001 characters, at most 8,000 are read" in refusal("x " * 4000 + "x")


def test_what_begins_with_a_dash_is_text() -> None:
    """`--foo` was no such option, and so was `-20 %`."""
    assert told("--zu teuer")["labels"][0]["quote"] == "zu teuer"
    assert told("-20 % wäre gut")["language"] == "de"
    assert "--lang" in refusal("zu teuer", "--lang", "de")
