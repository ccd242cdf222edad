"""The packs' labelled text: whole calls and single utterances, with what they are grouped by."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from coach.packs.loader import SHIPPED, pack_folders
from coach.taxonomy import Language

UTTERANCES_A_GROUP = 40
"""Neighbours in a file share topic and hand: they are held out together."""


@dataclass(frozen=True, slots=True)
class Row:
    """A client utterance. `group` is held out as a whole: never one call on both sides of a split."""

    pack: str
    group: str
    text: str
    labels: frozenset[str]
    in_call: bool
    previous: str = ""
    """What the seller said just before; empty where that is not known."""
    kinds: tuple[str, str] | None = None
    """The call's archetype and DISC letter, where they are labelled."""


def rows(language: Language, root: Path = SHIPPED) -> Iterator[Row]:
    """Every labelled client utterance of a language, in a fixed order."""
    for folder in pack_folders(root):
        for path in sorted((folder / language / "calls").glob("*.json")):
            previous = ""
            call = orjson.loads(path.read_bytes())
            for turn in call["turns"]:
                if turn["speaker"] == "client":
                    yield Row(
                        folder.name,
                        path.stem,
                        turn["text"],
                        _labels(turn),
                        True,
                        previous,
                        (call["archetype"], call["disc"]),
                    )
                else:
                    previous = turn["text"]
        examples = folder / language / "examples.jsonl"
        if examples.is_file():
            for number, line in enumerate(examples.read_bytes().splitlines()):
                example = orjson.loads(line)
                group = f"{folder.name}:{number // UTTERANCES_A_GROUP}"
                yield Row(folder.name, group, example["text"], _labels(example), False, example.get("context") or "")


def fingerprint(language: Language, root: Path = SHIPPED) -> str:
    """Changes when any labelled text of the language does."""
    digest = hashlib.sha256()
    for folder in pack_folders(root):
        for path in [*sorted((folder / language / "calls").glob("*.json")), folder / language / "examples.jsonl"]:
            if path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _labels(labelled: dict[str, list[dict[str, str]]]) -> frozenset[str]:
    return frozenset([o["category"] for o in labelled["objections"]] + [s["kind"] for s in labelled["signals"]])
