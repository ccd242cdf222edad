"""A message between instances: one line of JSON that says what it is, then payloads as they are.

An event is encoded once, by its session's owner; here its bytes are only carried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

VERSION = 1


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was understood."""

    head: dict[str, Any]
    parts: list[bytes]


def pack(head: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """The message as bytes."""
    line = orjson.dumps({"v": VERSION, **head, "sizes": [len(part) for part in parts]})
    return b"".join((line, b"\n", *parts))


def unpack(data: bytes) -> Message | None:
    """The message in `data`; None if another version wrote it, or it is none."""
    line, _, rest = data.partition(b"\n")
    try:
        head = orjson.loads(line)
        if head["v"] != VERSION:
            return None
        parts, at = [], 0
        for size in head["sizes"]:
            parts.append(rest[at : at + size])
            at += size
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return Message(head, parts) if at == len(rest) else None
