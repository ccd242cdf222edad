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
_STAR = re.compile(r"""(^|[\s,\[-])(\*[^\s,\]"']+)""")
"""A star that begins a word outside quotes: YAML takes it for an alias."""
_WORDS = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")


class _Words(_Loader):
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
    try:
        loader = _Words(path.read_bytes())
        try:
            node = loader.get_single_node()
            return Document((loader.construct_document(node) if node else None) or {}, _duplicates(node))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise YamlError(_star(path, line) or error.problem or "not YAML", line) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise YamlError(f"not YAML: {error}", 1) from None


def line_of(path: Path, loc: Loc) -> int:
    """The line (from 1) of the value at `loc`, or of its nearest parent that exists.

    Composes the file again: only the error path pays for line numbers.
    """
    node = yaml.compose(path.read_bytes(), _Words)
    line = 1
    for step in loc:
        found = _child(node, step)
        if found is None:
            break
        line, node = found
    return line


def _star(path: Path, line: int) -> str | None:
    """What to do about a word of this line that begins with a star; None if there is none."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = _STAR.search(lines[line - 1]) if line <= len(lines) else None
    return f'a word that begins with `*` must stand in quotes: "{found[2]}"' if found else None


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
