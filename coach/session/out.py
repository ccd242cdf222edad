"""What one input leads to, collected in order: the only way for the core to say anything."""

from typing import Any, Literal, NamedTuple

from coach.session.effects import Effect, Publish, Refuse, Show, StopSuggestion
from coach.session.state import Core, Identity
from coach.session.view import View
from coach.wire.codes import ErrorCode


class Cause(NamedTuple):
    """The utterance that caused an event."""

    utterance: str
    source: str


class Out:
    """Effects of the input being handled at `now_ms`."""

    def __init__(self, identity: Identity, core: Core, view: View, now_ms: int) -> None:
        self.now_ms = now_ms
        self.effects: list[Effect] = []
        self._identity = identity
        self._core = core
        self._view = view

    def publish(self, kind: str, cause: Cause | None = None, /, **fields: Any) -> dict[str, Any]:
        """A durable event: gets the next offset, is folded into the view, goes to everybody."""
        self._core.offset += 1
        event = self._event(kind, cause, fields, offset=self._core.offset)
        self._view.apply(event)
        self.effects.append(Publish(event))
        return event

    def show(self, kind: str, key: str, cause: Cause | None = None, /, **fields: Any) -> dict[str, Any]:
        """A latest-wins event without offset."""
        event = self._event(kind, cause, fields)
        self.effects.append(Show(event, key))
        return event

    def stop(self, card: str, status: Literal["cancelled", "superseded", "expired"]) -> None:
        """Stop a suggestion; the first reason counts."""
        if not any(isinstance(effect, StopSuggestion) and effect.card == card for effect in self.effects):
            self.effects.append(StopSuggestion(card, status))

    def refuse(self, code: ErrorCode, message: str, **fields: Any) -> None:
        """An error for the sender of this input."""
        self.effects.append(Refuse(code, message, **fields))

    def _event(
        self, kind: str, cause: Cause | None, fields: dict[str, Any], offset: int | None = None
    ) -> dict[str, Any]:
        event: dict[str, Any] = {"type": kind, "session": self._identity.session, "at": self.now_ms}
        if offset is not None:
            event["offset"] = offset
        if cause is not None:
            event["utterance"], event["source"] = cause
        event.update(fields)
        return event
