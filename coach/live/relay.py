"""What arrives at this instance from the others, and what it shows of theirs: exports and replicas, by session."""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from coach.bus.base import ALL, RENEW_S, Bus, BusAway, inbox
from coach.bus.message import Message, pack, unpack
from coach.live.export import BEAT_S, LINK_S, Export
from coach.live.hub import Hub
from coach.live.replica import Replica
from coach.live.runner import Runner
from coach.live.walls import Walls
from coach.wire.codes import WireError

KEEP_S = 10.0
"""A replica without sockets is kept for this long."""
ERASE_S = 10.0


class Relay:
    """Hears this instance's inbox, and what is said to all. Its task is owned by the app."""

    def __init__(
        self,
        bus: Bus,
        hub: Hub,
        runner: Callable[[str], Runner | None],
        mend: Callable[[Replica], None],
        begun: Callable[[str], None],
        erase: Callable[[str, Callable[[bool | None], None]], None],
        not_here: Callable[[str], None],
        reconnected: Callable[[], None],
        walls: Walls,
    ) -> None:
        self.replicas: dict[str, Replica] = {}
        self.draining = False
        self._bus = bus
        self._hub = hub
        self._runner = runner
        self._mend = mend
        self._begun = begun
        self._erase = erase
        self._not_here = not_here
        self._reconnected = reconnected
        self._walls = walls
        self._exports: dict[str, Export] = {}
        self._answers: dict[str, asyncio.Future[bool | None]] = {}
        self._hears = False
        self._away_at = float("-inf")

    async def run(self) -> None:
        """Beat, send again, let go of what nobody uses, for ever."""
        next_beat = time.monotonic()
        while True:
            if not self._hears:
                await self.open()
            await asyncio.sleep(RENEW_S)
            now = time.monotonic()
            self._tick(now)
            if now >= next_beat:
                next_beat = now + BEAT_S
                self._beat()

    async def open(self) -> None:
        """Hear what is meant for this instance, as soon as the bus lets it."""
        try:
            await self._bus.listen(inbox(self._bus.instance), self)
            await self._bus.listen(ALL, self)
            self._hears = True
        except BusAway:
            pass

    def replica(self, session: str) -> Replica:
        """The replica of a session that another instance owns."""
        replica = self.replicas.get(session)
        if replica is None or replica.closed:
            replica = self.replicas[session] = Replica(session, self._bus, self._hub, self._mend)
        return replica

    def drop(self, session: str) -> Replica | None:
        """Take the replica out: it is another's session no more."""
        return self.replicas.pop(session, None)

    def began(self, session: str) -> None:
        """Tell whoever waits elsewhere that a session has begun here."""
        self._bus.publish(ALL, pack({"k": "began", "i": self._bus.instance, "s": session}))

    def gone(self, session: str, error: WireError) -> None:
        """A session has left this instance."""
        export = self._exports.pop(session, None)
        if export is not None:
            export.close(error)

    async def erase(self, session: str, owner: str) -> bool | None:
        """Have the owner erase a session: whether its words are off the disk; None if it could not.

        Raises `BusAway` if there is no answer.
        """
        request = secrets.token_urlsafe(6)
        answer: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._answers[request] = answer
        head = {"k": "erase", "s": session, "i": self._bus.instance, "r": request}
        self._bus.publish(inbox(owner), pack(head))
        try:
            async with asyncio.timeout(ERASE_S):
                return await answer
        except TimeoutError:
            raise BusAway from None
        finally:
            del self._answers[request]

    # Listener

    def heard(self, message: bytes) -> None:
        found = unpack(message)
        if found is not None and found.head.get("i") != self._bus.instance:
            self._understood(found)

    def gap(self) -> None:
        self._hears = True
        self._reconnected()
        for export in self._exports.values():
            export.spoiled()
        self._walls.announce()

    def _understood(self, message: Message) -> None:
        head = message.head
        match head["k"]:
            case "do":
                self._do(head)
            case "shows":
                for session, link in head["links"]:
                    export = self._exports.get(session)
                    if export is None or not export.take(link, head["i"], -1, []):
                        self._refuse(head["i"], session, link)
            case "no":
                replica = self.replicas.get(head["s"])
                if replica is not None:
                    replica.refused(head["l"])
            case "began":
                self._begun(head["s"])
            case "wall":
                self._walls.wanted(head["i"], head["teams"])
            case "erase":
                self._erase(head["s"], lambda gone: self._tell(head, {"k": "erased", "r": head["r"], "gone": gone}))
            case "erased":
                answer = self._answers.get(head["r"])
                if answer is not None and not answer.done():
                    answer.set_result(head["gone"])

    def _do(self, head: dict[str, Any]) -> None:
        session = head["s"]
        runner = self._runner(session)
        if runner is None or runner.closed or self.draining:
            if runner is None:
                self._not_here(session)
            self._refuse(head["i"], session, head["l"])
            return
        export = self._exports.get(session)
        if export is None:
            if head["n"] != 1:
                self._refuse(head["i"], session, head["l"])
                return
            export = self._exports[session] = Export(runner, self._bus, self._hub)
        if not export.take(head["l"], head["i"], head["n"], head["ops"]):
            self._refuse(head["i"], session, head["l"])

    def _refuse(self, instance: str, session: str, link: str) -> None:
        self._bus.publish(inbox(instance), pack({"k": "no", "i": self._bus.instance, "s": session, "l": link}))

    def _tell(self, asked: dict[str, Any], head: dict[str, Any]) -> None:
        self._bus.publish(inbox(asked["i"]), pack({"i": self._bus.instance, **head}))

    def _tick(self, now: float) -> None:
        if not self._bus.available:
            self._away_at = now
        for session, replica in list(self.replicas.items()):
            replica.tick(now, bus=self._bus.available)
            if replica.closed:
                self.drop(session)
            elif not replica.wanted and now - replica.used_at > KEEP_S:
                self.drop(session)
                replica.leave()
        for session, export in list(self._exports.items()):
            export.beat(now)
            if now - self._away_at > LINK_S:
                for name, link in list(export.links.items()):
                    if now - link.heard_at > LINK_S:
                        export.drop(name)
            if not export.links:
                del self._exports[session]
                export.close()
        self._walls.tick(now)

    def _beat(self) -> None:
        """Tell every owner which of its sessions are shown here."""
        shown: dict[str, list[tuple[str, str]]] = {}
        for session, replica in self.replicas.items():
            if replica.link:
                shown.setdefault(replica.owner, []).append((session, replica.link))
        for owner, links in shown.items():
            self._bus.publish(inbox(owner), pack({"k": "shows", "i": self._bus.instance, "links": links}))
