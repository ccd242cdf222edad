"""Who hears what on this instance: topics and their subscribers. A registry; no policy, no I/O."""

from typing import Protocol

from coach.wire.publication import Publication


class Subscriber(Protocol):
    """A socket as the hub knows it."""

    def deliver(self, publication: Publication) -> None:
        """Queue it. Never waits, never raises."""
        ...


class Hub:
    """Topics (`session:ID`, `interims:ID`, `wall:TEAM`) and the subscribers of each, in order of subscription."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[Subscriber, None]] = {}

    def subscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Add a subscriber; a second time changes nothing."""
        self._topics.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: str, subscriber: Subscriber) -> None:
        """Remove a subscriber; one that is not there changes nothing."""
        subscribers = self._topics.get(topic)
        if subscribers is not None:
            subscribers.pop(subscriber, None)
            if not subscribers:
                del self._topics[topic]

    def clear(self, topic: str) -> None:
        """Remove every subscriber."""
        self._topics.pop(topic, None)

    def publish(self, topic: str, publication: Publication) -> None:
        """Deliver to every subscriber of now. O(subscribers)."""
        subscribers = self._topics.get(topic)
        if subscribers is not None:
            # A subscriber that overflows leaves while we deliver.
            for subscriber in tuple(subscribers):
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
