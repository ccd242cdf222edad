"""What a replica knows of its session: the owner's events, folded."""

import asyncio
from typing import Any

import orjson

from coach.session.view import View

PAGE = 200
"""Events parsed before others get a turn."""
Event = dict[str, Any]


class Mirror:
    """The view, and what no durable event carries."""

    def __init__(self) -> None:
        self.view = View()
        self.metrics: Event | None = None
        self.presence: Event | None = None
        self.interims: dict[tuple[str, str], Event] = {}
        self.streaming: dict[str, str] = {}

    def state(self) -> dict[str, Any]:
        """The whole of `welcome.state`."""
        return {**self.view.state(), **self.volatile()}

    def volatile(self) -> dict[str, Any]:
        """What has no offset."""
        return {
            "metrics": self.metrics,
            "presence": self.presence,
            "interims": list(self.interims.values()),
            "streaming": dict(self.streaming),
        }

    def outcome(self) -> dict[str, Any]:
        """Whether the call is over, as a list shows it."""
        return {"status": "ended" if self.view.ended else "live", "outcome": self.view.outcome}

    def fold(self, event: Event) -> None:
        """A durable event."""
        self.view.apply(event)
        if event["type"] == "transcript":
            self.interims.pop((event["source"], event["utterance"]), None)
        elif event["type"] == "suggestion" and event["status"] != "started":
            self.streaming.pop(event["card"], None)

    def show(self, event: Event) -> None:
        """An event without offset: the newest of its kind."""
        kind = event["type"]
        if kind == "token":
            self.streaming[event["card"]] = self.streaming.get(event["card"], "") + event["text"]
        elif kind == "transcript":
            self.interims[event["source"], event["utterance"]] = event
        elif kind == "metrics":
            self.metrics = event
        elif kind == "presence":
            self.presence = event

    def correct(self, volatile: dict[str, Any]) -> list[tuple[str, str, int]]:
        """Take over the owner's `volatile` part; the text that was missed, as (card, text, where it starts).

        `start` counts UTF-16 units, as in a `token`.
        """
        self.metrics, self.presence = volatile["metrics"], volatile["presence"]
        self.interims = {(event["source"], event["utterance"]): event for event in volatile["interims"]}
        missed = []
        for card, text in volatile["streaming"].items():
            known = self.streaming.get(card, "")
            if len(text) > len(known):
                missed.append((card, text[len(known) :], len(known.encode("utf-16-le")) // 2))
        self.streaming = dict(volatile["streaming"])
        return missed


async def parsed(payloads: list[bytes]) -> list[Event]:
    """The events of these payloads. A whole call takes some time: others get their turn meanwhile."""
    events: list[Event] = []
    for payload in payloads:
        events.append(orjson.loads(payload))
        if len(events) % PAGE == 0:
            await asyncio.sleep(0)
    return events
