"""What the owner of a session says to the other instances: a subscriber of the session's own topics.

One channel a session carries everything in order: durable events, latest-wins state, tokens, and what is for one
remote socket alone (acks, pongs, errors). So an ack or a pong that travels is behind its events, as on a local socket.
Messages are numbered and carry the owner's number (fence): whoever misses one notices, and a zombie is not believed.
Events are kept in the bus's log while somebody elsewhere listens, from the session's first event on.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from coach.auth import Principal
from coach.bus.base import Bus, events_of, log_of
from coach.bus.message import pack
from coach.clock import now_ms
from coach.live.hub import Hub, interim_topic, session_topic
from coach.live.ports import LiveSession
from coach.live.remote import INPUTS
from coach.live.runner import Runner
from coach.wire.burst import Burst
from coach.wire.codec import encode
from coach.wire.codes import CloseCode, WireError
from coach.wire.publication import Publication, payload_of

LINK_S = 5.0
"""An instance that has not asked for the session for this long does not show it any more."""
BEAT_S = 1.0
LOG_AFTER_S = 60.0


@dataclass(eq=False, slots=True)
class RemoteSocket:
    """A socket of another instance, as the runner knows it: a source, a dashboard, or who sent an input."""

    export: "Export"
    link: str
    peer: str
    source: str = ""

    def send(self, event: dict[str, Any]) -> None:
        self.export.say(["to", self.link, self.peer], encode(event))

    def shut(self, error: WireError) -> None:
        self.export.say(["shut", self.link, self.peer, *_spelled(error)])

    def left(self, session: str, error: WireError) -> None:
        """The whole export says so."""

    def rejoin(self, session: LiveSession, after: int, epoch: str) -> None:
        """Its own instance finds the session again."""


@dataclass(slots=True)
class Link:
    """One instance that shows the session, and what its sockets said so far."""

    instance: str
    last: int = 0
    """Number of the last operation taken: each is taken once, in order, however often it is sent."""
    heard_at: float = field(default_factory=time.monotonic)
    sources: dict[str, RemoteSocket] = field(default_factory=dict)
    watchers: dict[str, RemoteSocket] = field(default_factory=dict)


class Export:
    """One session's voice on the bus, as long as anybody elsewhere listens."""

    def __init__(self, runner: Runner, bus: Bus, hub: Hub) -> None:
        self.runner = runner
        self.links: dict[str, Link] = {}
        self._bus = bus
        self._hub = hub
        self._id = secrets.token_urlsafe(6)
        self._number = 0
        self._log = log_of(runner.id, runner.history.epoch)
        self._logged = False
        """Whether the log has every event that the history has."""
        self._items: list[list[Any]] = []
        self._parts: list[bytes] = []
        self._said_at = time.monotonic()
        hub.subscribe(session_topic(runner.id), self)

    def deliver(self, publication: Publication) -> None:
        """An event of the session: on to the others."""
        event = publication.event
        if "offset" in event:
            if self._logged:
                self._bus.append(self._log, event["offset"], publication.payload)
            self.say(["event"], publication.payload)
        else:
            kind = "token" if publication.token else "interim" if event["type"] == "transcript" else "show"
            self.say([kind, publication.key], publication.payload)

    def begin(self, burst: Burst) -> bool:
        """Never: each event goes on with what it is."""
        return False

    def say(self, item: list[Any], payload: bytes = b"") -> None:
        """Queue something for the channel; what comes in one tick leaves as one message."""
        if not self._items:
            asyncio.get_running_loop().call_soon(self._leave)
        self._items.append(item)
        self._parts.append(payload)

    def beat(self, now: float) -> None:
        """Say something at least every `BEAT_S`, so that silence means loss."""
        if now - self._said_at >= BEAT_S:
            self.say(["beat"])

    def spoiled(self) -> None:
        """The bus may have lost something: the log is written anew for the next who asks."""
        self._logged = False

    def take(self, name: str, instance: str, first: int, operations: list[list[Any]]) -> bool:
        """What the sockets of another instance do, numbered from `first`; False if the link is not known here."""
        link = self.links.get(name)
        if link is None:
            if first != 1:
                return False
            link = self.links[name] = Link(instance)
        link.heard_at = time.monotonic()
        for number, operation in enumerate(operations, first):
            if number == link.last + 1:
                link.last = number
                self._do(name, link, operation)
        self.say(["taken", name, link.last])
        return True

    def drop(self, name: str) -> None:
        """An instance does not show the session any more: its sockets are gone."""
        link = self.links.pop(name, None)
        if link is not None:
            for source in link.sources.values():
                self.runner.detach(source)
            for watcher in link.watchers.values():
                self.runner.unwatch(watcher)
            self._mind_interims()

    def close(self, error: WireError | None = None) -> None:
        """Nobody listens any more, or (`error`) the session leaves this instance."""
        self._hub.unsubscribe(session_topic(self.runner.id), self)
        self._hub.unsubscribe(interim_topic(self.runner.id), self)
        if error is not None:
            self.say(["gone", *_spelled(error)])
        self._bus.expire(self._log, LOG_AFTER_S)

    def _leave(self) -> None:
        self._number += 1
        self._said_at = time.monotonic()
        head = {"x": self._id, "f": self.runner.fence, "n": self._number, "items": self._items}
        message = pack(head, self._parts)
        self._items, self._parts = [], []
        self._bus.publish(events_of(self.runner.id), message)

    def _do(self, name: str, link: Link, operation: list[Any]) -> None:
        runner, (kind, peer, *rest) = self.runner, operation
        match kind:
            case "input":
                made: Callable[..., Any] | None = INPUTS.get(rest[0])
                if made is not None:
                    runner.post(made(**rest[1]), RemoteSocket(self, name, peer))
            case "ping":
                runner.ping(rest[0], RemoteSocket(self, name, peer))
            case "attach":
                self._attach(name, link, peer, *rest)
            case "detach":
                if (source := link.sources.pop(peer, None)) is not None:
                    runner.detach(source)
            case "watch":
                link.watchers[peer] = RemoteSocket(self, name, peer)
                self._mind_interims()
                runner.watch(link.watchers[peer])
            case "unwatch":
                if (watcher := link.watchers.pop(peer, None)) is not None:
                    self._mind_interims()
                    runner.unwatch(watcher)
            case "where":
                self._position(name, peer, whole=rest[0], anew=rest[1])

    def _attach(self, name: str, link: Link, peer: str, source: str, seller: str | None) -> None:
        socket = RemoteSocket(self, name, peer, source)
        try:
            if seller is not None:
                self.runner.admit(Principal(seller, "seller", self.runner.team, None))
        except WireError as error:
            socket.shut(error)
            return
        link.sources[peer] = socket
        self.runner.attach(socket)

    def _position(self, name: str, request: str, *, whole: bool, anew: bool) -> None:
        """Where the session is, behind everything said so far; with `whole`, the log holds all up to here.

        `anew`: the log was found wanting.
        """
        runner = self.runner
        self._logged = self._logged and not anew
        if whole and not self._logged:
            self._logged = True
            self._bus.expire(self._log, 0)
            for offset, frame in enumerate(runner.past(runner.history.first - 1), runner.history.first):
                self._bus.append(self._log, offset, payload_of(frame))
        position = {
            "epoch": runner.history.epoch,
            "past": runner.history.past,
            "first": runner.history.first,
            "offset": runner.offset,
            "at": now_ms(),
            "acked": runner.acked,
            "team": runner.team,
            "seller": runner.seller,
            "listed": runner.listed(),
            "volatile": runner.volatile(),
        }
        self.say(["where", name, request], encode(position))

    def _mind_interims(self) -> None:
        """Interims are for dashboards: they travel only while there is one elsewhere."""
        topic = interim_topic(self.runner.id)
        if any(link.watchers for link in self.links.values()):
            self._hub.subscribe(topic, self)
        else:
            self._hub.unsubscribe(topic, self)


def _spelled(error: WireError) -> list[Any]:
    return [error.code, error.message, int(error.close or CloseCode.OVERLOADED)]
