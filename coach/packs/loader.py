"""Packs from folders: read, validate, and say every problem with its file and line.

`load_all` is what the server uses (the shipped packs and the folders of `COACH_PACKS`); `check` is what a
pack's author uses. A pack with a problem is never half loaded.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from coach.packs import schema, strays, yaml_lines
from coach.packs.plain import plain
from coach.taxonomy import LANGUAGES, Language

SHIPPED = Path(__file__).parent / "data"
GENERAL = "general"
_REFERENCE = re.compile(r"^@(market|promotion|product|competitor)\.([a-z0-9_]+)$")
_MODEL = TypeVar("_MODEL", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a pack. `line` counts from 1; a warning does not keep the pack from loading."""

    path: Path
    line: int
    message: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'warning: ' if self.warning else ''}{self.message}"


class PackError(Exception):
    """A pack cannot be loaded. `problems` is never empty."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class PackLanguage:
    """One pack in one language. Files that do not exist are empty."""

    cues: schema.CuesFile = field(default_factory=schema.CuesFile)
    responses: schema.ResponsesFile = field(default_factory=schema.ResponsesFile)
    knowledge: schema.KnowledgeFile = field(default_factory=schema.KnowledgeFile)
    playbook: schema.PlaybookFile = field(default_factory=schema.PlaybookFile)


@dataclass(frozen=True, slots=True)
class Pack:
    """A loaded pack: every language in it, and where it came from (its examples are read when needed)."""

    id: str
    version: int
    names: dict[Language, str]
    languages: dict[Language, PackLanguage]
    folder: Path


def load_all(extra: Iterable[Path] = ()) -> dict[str, Pack]:
    """Every shipped pack and every pack in `extra` (a pack's folder, or a folder of packs); a later id wins.

    Raises `PackError` with all problems of all packs.
    """
    packs: dict[str, Pack] = {}
    problems: list[Problem] = []
    folders = pack_folders(SHIPPED)
    for root in extra:
        found_here, missed = search(root)
        problems += missed
        folders += found_here
    for folder in folders:
        pack, found = read_pack(folder, labelled=False)
        problems += [problem for problem in found if not problem.warning]
        if pack is not None:
            packs[pack.id] = pack
    if problems:
        raise PackError(problems)
    return packs


def pack_folders(root: Path) -> list[Path]:
    """The pack folders at `root`: itself if it has a `pack.yaml`, else its children that have one, sorted."""
    if (root / strays.HEAD).is_file():
        return [root]
    return sorted(path.parent for path in root.glob(f"*/{strays.HEAD}"))


def search(root: Path) -> tuple[list[Path], list[Problem]]:
    """The pack folders at `root`, and what is wrong with the search: what was meant as a pack and is none."""
    folders = pack_folders(root)
    problems = [Problem(stray.path, 1, stray.message) for stray in strays.headless(root)]
    if not folders and not problems:
        problems = [Problem(root, 1, "no pack here: a pack is a folder with a pack.yaml")]
    return folders, problems


def read_pack(folder: Path, today: date | None = None, *, labelled: bool = True) -> tuple[Pack | None, list[Problem]]:
    """The pack in `folder` (None if it has errors) and its problems; with `today`, outdated facts too.

    `labelled`: its labelled sentences are checked as well, which no server needs.
    """
    problems: list[Problem] = []
    top = folder / strays.HEAD
    head = _read(top, schema.PackFile, problems)
    languages: dict[Language, PackLanguage] = {}
    for language in LANGUAGES:
        if not (folder / language).is_dir():
            continue
        there = folder / language
        languages[language] = PackLanguage(
            _part(there / "cues.yaml", schema.CuesFile, problems),
            _part(there / "responses.yaml", schema.ResponsesFile, problems),
            _part(there / "knowledge.yaml", schema.KnowledgeFile, problems),
            _part(there / "playbook.yaml", schema.PlaybookFile, problems),
        )
        problems += _references(folder / language, languages[language])
        problems += _dated(folder / language, languages[language], today)
        if labelled:
            problems += _examples(folder / language / "examples.jsonl")
    problems += (Problem(stray.path, 1, stray.message, warning=stray.harmless) for stray in strays.in_pack(folder))
    if head is not None and not languages:
        problems.append(Problem(top, 1, "has no language: add a folder pl, de or en"))
    if head is not None and head.id != folder.name:
        problems.append(Problem(top, 1, f"id `{head.id}` must be its folder's name"))
    if head is None or any(not problem.warning for problem in problems):
        return None, problems
    return Pack(head.id, head.version, head.names, languages, folder), problems


def _part(path: Path, model: type[_MODEL], problems: list[Problem]) -> _MODEL:
    """A file of a language; one that does not exist is empty."""
    part = _read(path, model, problems) if path.is_file() else None
    return part if part is not None else model()


def _read(path: Path, model: type[_MODEL], problems: list[Problem]) -> _MODEL | None:
    try:
        document = yaml_lines.read(path)
        parsed = model.model_validate(document.content)
    except FileNotFoundError:
        problems.append(Problem(path, 1, "is missing"))
    except yaml_lines.YamlError as error:
        problems.append(Problem(path, error.line, str(error)))
    except ValidationError as error:
        for item in error.errors(include_url=False):
            problems.append(Problem(path, yaml_lines.line_of(path, item["loc"]), _said(item, model)))
    else:
        problems += [
            Problem(path, line, f"`{key}` stands twice; only the last would count") for key, line in document.twice
        ]
        return parsed
    return None


def _references(folder: Path, part: PackLanguage) -> Iterator[Problem]:
    known = {
        "market": {entry.id for entry in part.knowledge.market},
        "promotion": {entry.id for entry in part.knowledge.promotions},
        "product": {entry.id for entry in part.knowledge.products},
        "competitor": {entry.id for entry in part.knowledge.competitors},
    }
    path = folder / "responses.yaml"
    for loc, response in _responses(part.responses):
        for index, fact in enumerate(response.facts):
            match = _REFERENCE.match(fact)
            if fact.startswith("@") and (match is None or match[2] not in known[match[1]]):
                line = yaml_lines.line_of(path, (*loc, "facts", index))
                yield Problem(path, line, f"{fact} names nothing in knowledge.yaml")


def _responses(file: schema.ResponsesFile) -> Iterator[tuple[yaml_lines.Loc, schema.Response]]:
    for category, variants in file.objections.items():
        for variant, response in variants.items():
            yield ("objections", category, variant), response
    for kind, response in file.signals.items():
        yield ("signals", kind), response
    for stage, response in file.stages.items():
        yield ("stages", stage), response


def _dated(folder: Path, part: PackLanguage, today: date | None) -> Iterator[Problem]:
    path = folder / "knowledge.yaml"
    for name, facts in (("promotions", part.knowledge.promotions), ("market", part.knowledge.market)):
        for index, fact in enumerate(facts):
            line = 0 if today is None else yaml_lines.line_of(path, (name, index))
            if fact.valid_from and fact.valid_from > fact.valid_until:
                line = yaml_lines.line_of(path, (name, index))
                yield Problem(path, line, f"{fact.id}: valid_from is after valid_until")
            elif today is not None and fact.valid_until < today:
                yield Problem(path, line, f"{fact.id} ran out on {fact.valid_until}: no card shows it", warning=True)


def _said(item: Any, model: type[BaseModel]) -> str:
    where = ".".join(str(step) for step in item["loc"] if step != "[key]")
    return f"{where or 'the file'}: {plain(item, model)}"


def _examples(path: Path) -> Iterator[Problem]:
    if not path.is_file():
        return
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            example = schema.Example.model_validate(orjson.loads(line))
        except ValidationError as error:
            yield Problem(path, number, _said(error.errors(include_url=False)[0], schema.Example))
            continue
        except ValueError:
            yield Problem(path, number, "is not JSON in UTF-8: one `{…}` a line")
            continue
        quotes = [*(o.quote for o in example.objections), *(s.quote for s in example.signals)]
        for quote in quotes:
            if quote not in example.text:
                yield Problem(path, number, "a quote must be the text's own words, letter for letter")
