"""A session that another instance owns, as the sockets here know it.

    asking ──log read, merged──▶ live ──a number missing, silence, a new owner──▶ lost ──▶ asking …

It folds the owner's events into the same view, keeps the same history and publishes on the same topics. What sockets
here do becomes numbered operations that are sent again until the owner has taken them. When something was lost,
dashboards get what they missed from the log; conversation sockets, whose acks and pongs may be among it, are closed
with 4200, come back and resume.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from coach import telemetry
from coach.auth import Principal
from coach.bus.base import Bus, BusAway, events_of, log_of
from coach.bus.message import Message, unpack
from coach.live.history import History
from coach.live.hub import Hub, interim_topic, session_topic
from coach.live.mirror import Mirror, parsed
from coach.live.names import Names
from coach.live.outgoing import Outgoing
from coach.live.ports import Sender, Source, Watcher, seller_after
from coach.live.remote import spelled
from coach.session.inputs import Heard, Input
from coach.wire.codes import CloseCode, WireError, draining, unavailable
from coach.wire.publication import Publication

ASK_S = 1.0
"""How long an owner may take to say where a session is."""
SILENT_S = 3.0
LATE_S = 2.0
BUFFER_MOST = 10_000


class _Refused(Exception):
    """Whoever was asked does not own the session."""


class Replica:
    """See `LiveSession`. Made by the registry; `lost` is called when the owner has to be found again."""

    def __init__(self, session: str, bus: Bus, hub: Hub, lost: Callable[["Replica"], None]) -> None:
        self.id = session
        self.history = History("")
        self.team = ""
        self.seller = ""
        self.acked: dict[str, int] = {}
        self.live = False
        self.used_at = time.monotonic()
        self.closed = False
        self._bus = bus
        self._hub = hub
        self._lost = lost
        self._mirror = Mirror()
        self._listed: dict[str, Any] = {}
        self._sources: dict[str, Source] = {}
        self._watchers: dict[str, Watcher] = {}
        self._names = Names()
        self._lock = asyncio.Lock()
        self._export, self._number, self._fence = "", 0, 0
        self._heard_at = time.monotonic()
        self._buffer: list[Message] = []
        self._asked: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._out = Outgoing(session, "", "", bus)
        self._told_late: set[str] = set()
        self._told_stale = False
        self._wanting = False  # the owner has to write the log anew

    # What it is

    @property
    def owner(self) -> str:
        """The instance that owns the session, as far as known."""
        return self._out.owner

    @property
    def link(self) -> str:
        """The name of the link to it; empty if there is none."""
        return self._out.link

    @property
    def ended(self) -> bool:
        return self._mirror.view.ended

    @property
    def offset(self) -> int:
        return self.history.last

    @property
    def wanted(self) -> bool:
        """Whether any socket here shows the session."""
        return bool(self._sources or self._watchers)

    def state(self) -> dict[str, Any]:
        return self._mirror.state()

    def volatile(self) -> dict[str, Any]:
        return self._mirror.volatile()

    def past(self, after: int) -> Iterator[bytes]:
        return self.history.after(after)

    def listed(self) -> dict[str, Any]:
        return {**self._listed, **self._mirror.outcome()}

    # What sockets here do

    def admit(self, principal: Principal) -> None:
        # The owner decides, when the socket attaches.
        self.seller = seller_after(self, principal)

    def post(self, event: Input, sender: Sender | None = None) -> None:
        if self.closed:
            return
        if self._out.full:
            if sender is not None and (not isinstance(event, Heard) or event.seq is not None):
                seq = event.seq if isinstance(event, Heard) else None
                sender.send(unavailable("not taken, send it again", seq).event())
            return
        self._out.add("input", self._names.of(sender) if sender is not None else "", *spelled(event))

    def ping(self, t: Any, sender: Sender) -> None:
        name = self._names.of(sender)
        if self._out.link or name in self._sources:
            self._out.add("ping", name, t)
        else:  # nothing that they did waits for an owner, and nobody will answer
            sender.send({"type": "pong", "t": t})

    def attach(self, source: Source) -> None:
        name = self._names.of(source)
        self._sources[name] = source
        self._out.add("attach", name, source.source, self.seller or None)

    def detach(self, source: Source) -> None:
        name = self._names.of(source)
        if self._sources.pop(name, None) is not None:
            self.used_at = time.monotonic()
            self._out.add("detach", name)

    def watch(self, watcher: Watcher) -> None:
        name = self._names.of(watcher)
        if name not in self._watchers:
            self._watchers[name] = watcher
            self._out.add("watch", name)

    def unwatch(self, watcher: Watcher) -> None:
        name = self._names.of(watcher)
        if self._watchers.pop(name, None) is not None:
            self.used_at = time.monotonic()
            if not self._watchers:
                self._mirror.interims.clear()
            self._out.add("unwatch", name)

    # Finding the owner

    async def join(self, owner: str) -> bool:
        """Become what the owner has; whether that went well. With a new owner, or one that has forgotten us, sockets
        begin anew: dashboards with a `welcome`, conversations by coming back. Cancelling leaves it lost."""
        async with self._lock:
            if self.closed:
                return False
            self.live = False
            if owner != self.owner or not self.link:
                self._relink(owner)
            try:
                await self._bus.listen(events_of(self.id), self)
                return await self._catch_up()
            except (BusAway, TimeoutError):
                return False
            except _Refused:
                self._out.link = ""
                return False

    async def fresh(self) -> bool:
        """Whether the owner answers; everything that it said before is here then."""
        if not self.live:
            return False
        try:
            await self._where(whole=False)
        except (TimeoutError, _Refused):
            if self.live:
                self._lose("silent")
            return False
        return self.live

    def refused(self, link: str) -> None:
        """The instance that was asked does not own the session, or has forgotten this link."""
        if link == self.link:
            asked, self._asked = self._asked, {}
            for future in asked.values():
                if not future.done():
                    future.set_exception(_Refused())
            self._out.link = ""
            if self.live:
                self._lose("refused")

    def tick(self, now: float, *, bus: bool) -> None:
        """Called a few times a second: send again what was not taken, notice silence, tell who waits."""
        self._out.tick(now)
        if self.live and (not self._out.link or now - self._heard_at > SILENT_S):
            self._lose("silent" if self._out.link else "overflow")
        if late := now - self._heard_at > LATE_S:
            self._tell_late()
        if not self._told_stale and (late or not bus) and not self.live:
            self._told_stale = True
            error = unavailable(f"session {self.id}: its instance does not answer; what you see may be old").event()
            for watcher in self._watchers.values():
                watcher.send({**error, "session": self.id})

    def moved(self, session: Any) -> None:
        """This instance owns the session now: hand the sockets over."""
        for watcher in self._end(draining("the session has moved: come back")):
            watcher.rejoin(session, self.history.last, self.history.epoch)

    def leave(self) -> None:
        """Nobody here uses it."""
        self._end(draining())

    def close(self, error: WireError) -> None:
        """The session is gone for everybody."""
        for watcher in self._end(error):
            watcher.left(self.id, error)

    # Listener

    def heard(self, message: bytes) -> None:
        found = unpack(message)
        if found is None or found.head["f"] < self._fence:
            return
        self._heard_at = time.monotonic()
        if self.live:
            self._in_order(found)
        elif len(self._buffer) < BUFFER_MOST:
            self._buffer.append(found)
            for item, part in zip(found.head["items"], found.parts, strict=True):
                if item[0] == "where" and item[1] == self.link:
                    self._answered(item[2], part)

    def gap(self) -> None:
        if self.live:
            self._lose("reconnect")

    # Inside

    def _in_order(self, message: Message) -> None:
        head = message.head
        if head["x"] != self._export:
            self._lose("moved")
        elif head["n"] == self._number + 1:
            self._number += 1
            for item, part in zip(head["items"], message.parts, strict=True):
                self._take(item, part)
                if not self.live:
                    return
        elif head["n"] > self._number:
            self._buffer.append(message)
            self._lose("gap")

    def _take(self, item: list[Any], part: bytes) -> None:
        kind, *rest = item
        if kind == "event":
            event = orjson.loads(part)
            if event["offset"] == self.history.last + 1:
                self._durable(event, part)
            elif event["offset"] > self.history.last:
                self._lose("gap")
        elif kind in ("show", "interim", "token"):
            self._show(kind, rest[0], orjson.loads(part), part)
        elif kind == "gone":
            error = WireError(rest[0], rest[1], close=CloseCode(rest[2]))
            if error.close == CloseCode.DRAINING:
                self._out.link = ""
                self._lose("moved")
            else:
                self.close(error)
        elif kind != "beat" and rest[0] == self.link:
            self._for_us(kind, rest[1], rest[2:], part)

    def _for_us(self, kind: str, name: Any, rest: list[Any], part: bytes) -> None:
        if kind == "taken":
            if self._out.taken(name):
                self._told_late.clear()
        elif kind == "where":
            self._answered(name, part)
        elif kind == "to":
            event = orjson.loads(part)
            sender = self._names.get(name)
            if event["type"] == "ack" and name in self._sources:
                source = self._sources[name].source
                self.acked[source] = max(event["seq"], self.acked.get(source, 0))
            if sender is not None:
                sender.send(event)
        elif kind == "shut" and (source_ := self._sources.get(name)) is not None:
            source_.shut(WireError(rest[0], rest[1], close=CloseCode(rest[2])))

    def _durable(self, event: dict[str, Any], payload: bytes) -> None:
        self._mirror.fold(event)
        publication = Publication(event, payload=payload)
        self.history.append(publication.frame)
        self._hub.publish(session_topic(self.id), publication)

    def _show(self, kind: str, key: str, event: dict[str, Any], payload: bytes) -> None:
        if kind != "interim" or self._watchers:
            self._mirror.show(event)
        topic = interim_topic(self.id) if kind == "interim" else session_topic(self.id)
        self._hub.publish(topic, Publication(event, key=key, token=kind == "token", payload=payload))

    async def _catch_up(self) -> bool:
        """Ask where the session is, read what is missing, take what came meanwhile. Raises as `_where`, `read`."""
        request, position = await self._where(whole=True)
        mine = ["where", self.link, request]
        place = next(index for index, message in enumerate(self._buffer) if mine in message.head["items"])
        head = self._buffer[place].head
        numbers = [message.head["n"] for message in self._buffer[: place + 1] if message.head["n"] > self._number]
        if head["x"] == self._export and numbers == list(range(self._number + 1, head["n"] + 1)):
            # Nothing was lost: go on where we were.
            self._go_on()
            return self.live
        same = position["epoch"] == self.history.epoch and position["offset"] >= self.history.last
        same = same and self.history.last >= position["first"] - 1
        after = self.history.last if same else position["first"] - 1
        payloads = await self._bus.read(log_of(self.id, position["epoch"]), after, position["offset"])
        self._wanting = len(payloads) != position["offset"] - after
        if self._wanting:
            self._buffer.clear()
            return False
        events = await parsed(payloads)
        if self.closed:
            return False
        self._adopt(position, list(zip(events, payloads, strict=True)), same=same)
        message = self._buffer[place]
        items = message.head["items"]
        cut = 1 + items.index(mine)
        self._export, self._fence, self._number = head["x"], head["f"], head["n"] - 1
        rest = Message({**message.head, "items": items[cut:]}, message.parts[cut:])
        self._buffer[: place + 1] = [rest]
        self._go_on()
        return self.live

    def _go_on(self) -> None:
        buffer, self._buffer = self._buffer, []
        self.live, self._told_stale = True, False
        self._heard_at = time.monotonic()
        for place, message in enumerate(buffer):
            self._in_order(message)
            if not self.live:
                self._buffer = buffer[place:]
                return

    def _adopt(self, position: dict[str, Any], missed: list[tuple[dict[str, Any], bytes]], *, same: bool) -> None:
        """Something was missed: the truth is what the owner says."""
        before = (self.history.last, self.history.epoch)
        self.team, self.seller = position["team"], position["seller"]
        self.acked, self._listed = position["acked"], position["listed"]
        for source in list(self._sources.values()):
            source.shut(draining("the instance that runs the session was out of reach: come back"))
        if same:
            for event, payload in missed:
                self._durable(event, payload)
        else:
            self.history = History(position["epoch"], [(name, end) for name, end in position["past"]])
            self.history.first = position["first"]
            self._mirror = Mirror()
            for event, payload in missed:
                self._mirror.fold(event)
                self.history.append(Publication(event, payload=payload).frame)
        pieces = self._mirror.correct(position["volatile"])
        if not same:
            for watcher in list(self._watchers.values()):
                watcher.rejoin(self, *before)
            return
        for newest in filter(None, (self._mirror.metrics, self._mirror.presence)):
            self._hub.publish(session_topic(self.id), Publication(newest, key=f"{self.id}:{newest['type']}"))
        for card, text, start in pieces:
            token = {"type": "token", "session": self.id, "at": position["at"], "card": card, "start": start}
            publication = Publication({**token, "text": text}, key=f"{self.id}:token:{card}", token=True)
            self._hub.publish(session_topic(self.id), publication)

    async def _where(self, *, whole: bool) -> tuple[str, dict[str, Any]]:
        """The request's name, and where the owner is, once everything it said before is here. Raises `TimeoutError`, `_Refused`."""
        request = secrets.token_urlsafe(6)
        answer = self._asked[request] = asyncio.get_running_loop().create_future()
        self._out.add("where", request, whole, self._wanting)
        try:
            async with asyncio.timeout(ASK_S):
                return request, await answer
        finally:
            self._asked.pop(request, None)

    def _answered(self, request: str, part: bytes) -> None:
        future = self._asked.get(request)
        if future is not None and not future.done():
            position = orjson.loads(part)
            self.acked, self.seller = position["acked"], position["seller"] or self.seller
            future.set_result(position)

    def _relink(self, owner: str) -> None:
        """Begin a new link: what the last one had not taken is given up, and whoever waits for it told."""
        given_up = self._out.close()
        self._out = Outgoing(self.id, owner, secrets.token_urlsafe(6), self._bus)
        self._export, self._number, self._fence = "", 0, 0
        self._buffer.clear()
        for source in list(self._sources.values()):
            source.shut(draining("the session has moved: come back"))
        self._sources.clear()
        for kind, name, *rest in given_up:
            sender = self._names.get(name)
            if sender is not None and kind == "ping":
                sender.send({"type": "pong", "t": rest[0]})
            elif sender is not None and kind == "input":
                sender.send(unavailable("the session has moved: send it again if it did not arrive").event())
        for name in self._watchers:
            self._out.add("watch", name)

    def _lose(self, why: str) -> None:
        """Something may be missing: ask again."""
        self.live = False
        telemetry.RESYNCS.labels(why).inc()
        self._lost(self)

    def _tell_late(self) -> None:
        """Finals wait for an owner that is silent: say so, once."""
        for kind, name, *rest in self._out.untaken:
            source = self._sources.get(name)
            if kind == "input" and rest[0] == "Heard" and rest[1]["final"] and source and name not in self._told_late:
                self._told_late.add(name)
                source.send(unavailable("the instance that runs the session is out of reach: acks are late").event())

    def _end(self, error: WireError) -> list[Watcher]:
        self.closed, self.live = True, False
        self._out.close()
        self._bus.unlisten(events_of(self.id))
        for source in list(self._sources.values()):
            source.shut(error)
        self._sources.clear()
        watchers, self._watchers = list(self._watchers.values()), {}
        return watchers
