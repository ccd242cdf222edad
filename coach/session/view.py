"""A session as its subscribers know it: nothing but its durable events, folded.

Law: `View` of a snapshot, with the later events applied, is the `View` of the later snapshot.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from coach.session.packed import PackedEvents

Event = dict[str, Any]
_OPEN = ("provisional", "confirmed")


class Answer(NamedTuple):
    """What is remembered of a card that was shown. `why`: what it was closed for."""

    say: str
    variant: str
    at: int
    why: str | None


@dataclass(slots=True)
class View:
    """Newest event of everything durable. `state()` is what `welcome` carries of it."""

    transcript: PackedEvents = field(default_factory=PackedEvents)
    objections: dict[str, Event] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    """Objections that stand open, by category: kept, so that no frame counts a whole call."""
    standing: dict[str, Event] = field(default_factory=dict)
    """Confirmed objections that nothing has answered yet, oldest first."""
    handled: int = 0
    signals: dict[str, Event] = field(default_factory=dict)
    archetype: Event | None = None
    stage: Event | None = None
    cards: dict[str, Event] = field(default_factory=dict)
    """Open ones, oldest first."""
    suggestions: dict[str, Event] = field(default_factory=dict)
    """Newest one of each open card."""
    strategies: dict[str, int] = field(default_factory=dict)
    """How many cards were shown, and how many ended for which reason."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """The newest card that was shown for each objection, open or not."""
    hand: bool = False
    """The seller waits for a manager."""
    summary: Event | None = None
    ended: bool = False
    outcome: str | None = None

    def apply(self, event: Event) -> None:
        """Fold one durable event in. Events come in order of their offsets."""
        kind = event["type"]
        if kind == "transcript":
            self.transcript.append(event)
        elif kind == "objection":
            self._objection(event)
        elif kind == "signal":
            self.signals[event["id"]] = event
        elif kind == "archetype":
            self.archetype = event
        elif kind == "stage":
            self.stage = event
        elif kind == "card":
            self._card(event)
        elif kind == "suggestion":
            if event["card"] in self.cards:
                self.suggestions[event["card"]] = event
        elif kind in ("raise_hand", "whisper"):
            self.hand = kind == "raise_hand"
        elif kind == "summary":
            self.summary = event
        elif kind == "ended":
            self.ended = True
            self.outcome = event["outcome"]

    def state(self) -> dict[str, Any]:
        """The durable part of `welcome.state`."""
        return {
            "transcript": list(self.transcript),
            "objections": list(self.objections.values()),
            "signals": list(self.signals.values()),
            "archetype": self.archetype,
            "stage": self.stage,
            "cards": list(self.cards.values()),
            "suggestions": list(self.suggestions.values()),
            "strategies": self.strategies,
            **({"summary": self.summary, "outcome": self.outcome} if self.ended else {}),
        }

    def _objection(self, event: Event) -> None:
        name = event["id"]
        before = self.objections.get(name)
        if before is not None and before["status"] in _OPEN:
            self.open[before["category"]] -= 1
        self.standing.pop(name, None)
        if event["status"] in _OPEN:
            self.open[event["category"]] = self.open.get(event["category"], 0) + 1
            if event["status"] == "confirmed":
                self.standing[name] = event
        elif event["status"] == "handled":
            self.handled += 1
        self.objections[name] = event

    def _card(self, event: Event) -> None:
        count = "shown" if event["status"] == "open" else event["why"]
        self.strategies = {**self.strategies, count: self.strategies.get(count, 0) + 1}
        if event["trigger"]["type"] == "objection":
            answer = Answer(event["say"], event["variant"], event["at"], event.get("why"))
            self.answers[event["trigger"]["id"]] = answer
        if event["status"] == "open":
            self.cards[event["id"]] = event
        else:
            self.cards.pop(event["id"], None)
            self.suggestions.pop(event["id"], None)
