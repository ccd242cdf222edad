"""The browser's types of the wire, made from the server's models: `.venv/bin/python scripts/wire_types.py`.

Writes `web/shared/wire.ts`; with `--check` only compares it, and exits 1 when it is stale.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from coach import taxonomy
from coach.wire import client, codes, server

TARGET = Path(__file__).parent.parent / "web" / "shared" / "wire.ts"
LINE = 100
HEAD = (
    "/** Every frame of the wire `coach.v1`. Made by `scripts/wire_types.py` from the server's models: change those. */"
)
PLAIN: dict[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    Any: "unknown",
    NoneType: "null",
}


def _literals(module: ModuleType) -> dict[tuple[Any, ...], str]:
    """The names of a module's label types, by what they allow."""
    return {get_args(kind): name for name, kind in vars(module).items() if get_origin(kind) is Literal}


NAMES = _literals(taxonomy) | {get_args(codes.ErrorCode): "ErrorCode"}


def written() -> str:
    """The whole file."""
    frames = list(dict.fromkeys([*_members(client.ConversationFrame), *_members(client.WatcherFrame)]))
    events = _members(server.ServerEvent)
    parts = list(dict.fromkeys(part for model in events for part in _inner(model)))
    labels = (_alias(name, [_quoted(value) for value in values]) for values, name in NAMES.items())
    return "\n".join(
        [
            HEAD,
            "",
            *labels,
            "",
            *(_interface(model) for model in frames),
            _alias("ClientFrame", [model.__name__ for model in frames]),
            "",
            *(_interface(model) for model in [*parts, *events]),
            _alias("ServerEvent", [model.__name__ for model in events]),
            "",
        ]
    )


def _interface(model: type[BaseModel]) -> str:
    doc = (model.__doc__ or "").strip().split("\n")[0]
    lines = [_field(name, field, model in _FRAMES) for name, field in model.model_fields.items()]
    return "\n".join([*([f"/** {doc} */"] if doc else []), f"export interface {model.__name__} {{", *lines, "}"])


def _field(name: str, field: FieldInfo, is_frame: bool) -> str:
    """What has a default need not come; a client leaves it out rather than sending null."""
    kinds = [kind for kind in _kinds(field.annotation) if not (is_frame and kind == "null")]
    key = f"  {field.alias or name}{'' if field.is_required() else '?'}: "
    one_line = f"{key}{' | '.join(kinds)};"
    return one_line if len(one_line) <= LINE else f"{key.rstrip()}\n{_wrapped(kinds, '    ')};"


def _kinds(annotation: Any) -> list[str]:
    """The members of the TypeScript union that allows what `annotation` allows. Raises KeyError for an unknown type."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kinds(inside[0])
    if origin in (Union, UnionType):
        return [kind for part in inside for kind in _kinds(part)]
    if origin is Literal:
        return [NAMES[inside]] if inside in NAMES else [_quoted(value) for value in inside]
    if origin is list:
        kinds = _kinds(inside[0])
        return [f"{kinds[0]}[]" if len(kinds) == 1 else f"({' | '.join(kinds)})[]"]
    if origin is dict:
        return [f"Record<{' | '.join(_kinds(inside[0]))}, {' | '.join(_kinds(inside[1]))}>"]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation.__name__]
    return [PLAIN[annotation]]


def _inner(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Models that are no events and are reached from this one, innermost first."""
    for field in model.model_fields.values():
        yield from _reached(field.annotation)


def _reached(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in _EVENTS:
        yield from _inner(annotation)
        yield annotation
    for part in get_args(annotation):
        yield from _reached(part)


def _alias(name: str, members: list[str]) -> str:
    one_line = f"export type {name} = {' | '.join(members)};"
    return one_line if len(one_line) <= LINE else f"export type {name} =\n{_wrapped(members, '  ')};"


def _wrapped(members: list[str], indent: str) -> str:
    lines = [indent]
    for member in members:
        piece = f"| {member}"
        if len(lines[-1]) + len(piece) + 1 > LINE:
            lines.append(indent)
        lines[-1] += piece if lines[-1] == indent else f" {piece}"
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return f"'{value}'"


def _members(union: Any) -> list[type[BaseModel]]:
    return list(get_args(get_args(union)[0]))


_FRAMES = {*_members(client.ConversationFrame), *_members(client.WatcherFrame)}
_EVENTS = set(_members(server.ServerEvent))


def main() -> None:
    """Raises SystemExit with a message when the file is only compared and is stale."""
    if sys.argv[1:] != ["--check"]:
        TARGET.write_text(written(), encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != written():
        sys.exit("web/shared/wire.ts is stale: run scripts/wire_types.py")


if __name__ == "__main__":
    main()
