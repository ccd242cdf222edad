"""Bytes to frames and events to bytes. The only place that parses what a peer sent."""

from typing import Any, Generic, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from coach.wire import client
from coach.wire.codes import WireError

_FRAME = TypeVar("_FRAME")


class Decoder(Generic[_FRAME]):
    """Text to one frame of a union; everything wrong with it becomes a `WireError` that names the field."""

    def __init__(self, adapter: TypeAdapter[_FRAME]) -> None:
        self._adapter = adapter

    def decode(self, text: str) -> _FRAME:
        """The frame in `text`. Raises `WireError` (bad_json, bad_frame, unknown_type, too_long), never fatal."""
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise WireError("bad_json", "not JSON, or JSON nested too deep") from None
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            raise _explain(value, error) from None
        except RecursionError:
            raise WireError("bad_frame", "nested too deep") from None


conversation: Decoder[client.ConversationFrame] = Decoder(TypeAdapter(client.ConversationFrame))
watcher: Decoder[client.WatcherFrame] = Decoder(TypeAdapter(client.WatcherFrame))


def encode(event: dict[str, Any]) -> bytes:
    """The event as compact UTF-8 JSON, keys in their order."""
    return orjson.dumps(event)


def _explain(value: Any, error: ValidationError) -> WireError:
    if not isinstance(value, dict):
        return WireError("bad_frame", "a frame is a JSON object with a `type`")
    kind = value.get("type")
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "union_tag_invalid":
        return WireError("unknown_type", f"type: {str(kind)[:40]!r} is not a frame of this socket")
    if first["type"] == "union_tag_not_found":
        return WireError("bad_frame", "type: is missing")
    steps = [str(step) for step in first["loc"][1:] if not str(step).startswith(("list[", "literal["))]
    where = ".".join(steps)[:80]
    message = f"{where}: {_plain(first)}" if where else _plain(first)
    seq = value.get("seq")
    sent_seq = seq if isinstance(seq, int) and not isinstance(seq, bool) and abs(seq) <= client.MAX_INT else None
    if first["type"] == "string_too_long" and where in ("text", "comment"):
        return WireError("too_long", message, seq=sent_seq)
    return WireError("bad_frame", message, seq=sent_seq)


def _plain(item: Any) -> str:
    if item["type"] == "missing":
        return "is missing"
    message = str(item["msg"])
    return message.replace("Input should be", "must be") if message.startswith("Input") else message
