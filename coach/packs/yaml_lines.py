"""YAML with the line of every value, so that an error can say where it is.

`no` and `yes` are words here, and a date is a text that the schema reads: people write phrases, not types.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Loc = tuple[str | int, ...]
_WORDS = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
_HINTS = {
    "mapping values are not allowed": "put a text with a colon in quotes",
    "',' or ']'": "this list is not closed, or a text in it has `#`, `:` or quotes inside: put that text in quotes",
    "',' or '}'": "this `{` is not closed, or a text after it has `#` or `:`: put that text in quotes",
}
"""By what the parser says: what a newcomer has to do."""


class _Reader(_Loader):
    """No booleans, no timestamps."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _WORDS]
        for first, resolvers in _Loader.yaml_implicit_resolvers.items()
    }


class YamlError(ValueError):
    """The file is not YAML. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class Document(NamedTuple):
    """A file's content as plain Python values; `{}` for an empty file."""

    content: Any
    twice: list[tuple[str, int]]
    """Keys that stand twice in one mapping, with the second one's line: YAML keeps only the last."""


def read(path: Path) -> Document:
    """Read a file.

    Raises `YamlError`.
    """
    text = path.read_bytes()
    try:
        loader = _Reader(text)
        try:
            node = loader.get_single_node()
            return Document((loader.construct_document(node) if node else None) or {}, _duplicates(node))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text) from None
    except yaml.reader.ReaderError as error:
        line = text.count(b"\n", 0, error.position) + 1
        raise YamlError("has a character that no text has: is the file saved as UTF-8?", line) from None


def _explained(error: yaml.MarkedYAMLError, text: bytes) -> YamlError:
    said, context = error.problem or "not YAML", error.context or ""
    mark = error.problem_mark or error.context_mark
    if error.context_mark and context.startswith(("while scanning", "while parsing a flow")):
        mark = error.context_mark
    if mark is None:
        return YamlError(said, 1)
    rest = (text.decode(errors="replace").splitlines()[mark.line : mark.line + 1] or [""])[0][mark.column :]
    if "alias" in context + said or "cannot start any token" in said:
        word = (re.match(r"[^\s,\]}]+", rest) or ["a tab"])[0]
        todo = f"YAML reads `{word}` in another way: put it in quotes"
        return YamlError("a tab: indent with spaces" if rest.startswith("\t") else todo, mark.line + 1)
    return YamlError(next((hint for part, hint in _HINTS.items() if part in said), said), mark.line + 1)


def line_of(path: Path, loc: Loc) -> int:
    """The line (from 1) of the value at `loc`, or of its nearest parent that exists.

    Composes the file again: only the error path pays for line numbers.
    """
    node = yaml.compose(path.read_bytes(), _Reader)
    line = 1
    for step in loc:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _duplicates(root: yaml.Node | None) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    found.append((str(key.value), key.start_mark.line + 1))
                seen.add(key.value)
                nodes.append(value)
        elif isinstance(node, yaml.SequenceNode):
            nodes += [value for value in node.value if not isinstance(value, yaml.ScalarNode)]
    return sorted(found, key=lambda each: each[1])


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        value = node.value[step]
        return value.start_mark.line + 1, value
    return None
