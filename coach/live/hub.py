"""Who hears what on this instance: topics and their subscribers. A registry; no policy, no I/O."""

from typing import Protocol

from coach.wire.burst import Burst
from coach.wire.publication import Publication

BURST_BYTES = 16 * 1024
"""A burst takes no more when it has so many: a socket's write stays small."""
BURST_LEAST = 8
"""Subscribers from which on a burst costs less than telling each of them."""


class Subscriber(Protocol):
    """A socket as the hub knows it."""

    def deliver(self, publication: Publication) -> None:
        """Queue it. Never waits, never raises."""
        ...

    def begin(self, burst: Burst) -> bool:
        """Queue a burst that still grows, instead of each publication; False if it wants them one by one."""
        ...


class Hub:
    """Topics (`session:ID`, `interims:ID`, `wall:TEAM`) and the subscribers of each, in order of subscription.

    What a topic with many subscribers says in a row goes to them as one burst. It ends with the turn of the loop, when
    another topic has its say (a subscriber of both hears them in order), and when somebody comes or leaves.
    """

    def __init__(self) -> None:
        self._topics: dict[str, dict[Subscriber, None]] = {}
        self._bursting: str | None = None
        self._burst = Burst()
        self._apart: list[Subscriber] = []
        """Subscribers of the bursting topic that want each publication by itself."""

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Add a subscriber; a second time changes nothing."""
        self._bursting = None
        self._topics.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Remove a subscriber; one that is not there changes nothing."""
        self._bursting = None
        subscribers = self._topics.get(topic)
        if subscribers is not None:
            subscribers.pop(subscriber, None)
            if not subscribers:
                del self._topics[topic]

    def clear(self, topic: str) -> None:
        """Remove every subscriber."""
        self._bursting = None
        self._topics.pop(topic, None)

    def publish(self, topic: str, publication: Publication) -> None:
        """Deliver to every subscriber of now. O(subscribers) for the first of a burst, then O(1)."""
        subscribers = self._topics.get(topic)
        if subscribers is None:
            return
        if len(subscribers) < BURST_LEAST:
            self._bursting = None
            # A subscriber that overflows leaves while we deliver.
            for subscriber in tuple(subscribers):
                subscriber.deliver(publication)
            return
        if self._bursting != topic or self._burst.sealed or self._burst.size >= BURST_BYTES:
            burst = self._burst = Burst()
            self._apart = [subscriber for subscriber in tuple(subscribers) if not subscriber.begin(burst)]
            self._bursting = topic
        self._burst.add(publication)
        for subscriber in self._apart:
            subscriber.deliver(publication)

    def has(self, topic: str) -> bool:
        """Whether anybody would hear it."""
        return topic in self._topics


def session_topic(session: str) -> str:
    """Everything of one session but interims."""
    return f"session:{session}"


def interim_topic(session: str) -> str:
    """Interim transcripts of one session: for watchers only."""
    return f"interims:{session}"


def wall_topic(team: str) -> str:
    """One line a live call of a team."""
    return f"wall:{team}"
