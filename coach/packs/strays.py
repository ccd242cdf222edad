"""Files and folders that nothing reads because of their names: a typo there must not stay unnoticed."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from coach.packs.plain import nearest
from coach.taxonomy import LANGUAGES

HEAD = "pack.yaml"
PARTS = ("cues.yaml", "responses.yaml", "knowledge.yaml", "playbook.yaml", "examples.jsonl", "calls")
"""What a language's folder has."""
_READ = (".yaml", ".yml", ".jsonl")


class Stray(NamedTuple):
    """A path that is not read. `harmless`: the right name is there too, or none is near."""

    path: Path
    message: str
    harmless: bool


def in_pack(folder: Path) -> Iterator[Stray]:
    """Strays in a pack's folder and in those of its languages, by name."""
    for path in sorted(folder.iterdir()):
        if path.name in PARTS and path.is_file():
            yield Stray(path, f"is not read here: put it into a language's folder ({', '.join(LANGUAGES)})", False)
        else:
            yield from _stray(path, (HEAD, *LANGUAGES))
        if path.name in LANGUAGES and path.is_dir():
            for part in sorted(path.iterdir()):
                yield from _stray(part, PARTS)


def headless(root: Path) -> Iterator[Stray]:
    """What was meant to be a pack, at `root` or in it, and has no `pack.yaml`."""
    if (root / HEAD).is_file():
        return
    for folder in (root, *sorted(path for path in root.glob("*") if path.is_dir())):
        if (folder / HEAD).is_file():
            continue
        if any((folder / language / part).exists() for language in LANGUAGES for part in PARTS):
            near = [path for path in sorted(folder.iterdir()) if path.is_file() and _near(path, (HEAD,))]
            said = f"is not read: did you mean `{HEAD}`?" if near else "is missing"
            yield Stray(near[0] if near else folder / HEAD, said, False)


def _stray(path: Path, known: tuple[str, ...]) -> Iterator[Stray]:
    if path.name in known or path.name.startswith("."):
        return
    near = _near(path, known)
    if near is not None and (path.parent / near).exists():
        yield Stray(path, f"is not read, `{near}` is", True)
    elif near is not None:
        yield Stray(path, f"is not read: did you mean `{near}`?", False)
    elif path.is_dir() or path.suffix in _READ:
        yield Stray(path, f"is not read; what is read here: {', '.join(known)}", True)


def _near(path: Path, known: tuple[str, ...]) -> str | None:
    """The name that was probably meant. Endings do not count: `.yaml` alone would make all of them alike."""
    stems = {name.partition(".")[0]: name for name in known}
    near = nearest(path.name.partition(".")[0], stems)
    return stems[near] if near is not None else None
