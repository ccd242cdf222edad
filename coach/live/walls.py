"""Team walls across instances: lines, raised hands and ends travel only to where somebody looks at that team's wall."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from coach.bus.base import ALL, Bus, BusAway, wall_of
from coach.bus.message import pack, unpack
from coach.live.hub import Hub, wall_topic
from coach.live.ports import Spawn
from coach.live.runner import Runner
from coach.wire.burst import Burst
from coach.wire.publication import Publication

ANNOUNCE_S = 5.0
WANTED_S = 15.0
"""Whoever has not said for this long that it looks at a wall does not any more."""


class Walls:
    """Which teams' walls are looked at here and elsewhere, and the lines of the others' sessions."""

    def __init__(self, bus: Bus, hub: Hub, live: Callable[[], Iterable[Runner]], spawn: Spawn) -> None:
        self.name = bus.instance
        self._bus = bus
        self._hub = hub
        self._live = live
        self._spawn = spawn
        self._lookers: dict[str, int] = {}
        self._lines: dict[str, dict[str, Publication]] = {}
        self._wanted: dict[str, dict[str, float]] = {}
        self._exports: dict[str, _Export] = {}
        self._ears: dict[str, _Ear] = {}
        self._next = 0.0
        self._now = asyncio.get_running_loop().time
        self.importing = False
        """Whether what is being published came from another instance."""

    def join(self, team: str) -> None:
        """A dashboard here looks at the team's wall."""
        self._lookers[team] = self._lookers.get(team, 0) + 1
        if self._lookers[team] == 1:
            self._ears[team] = _Ear(self, team)
            self._spawn(self._listen(team), "wall")

    def leave(self, team: str) -> None:
        """It does not any more."""
        self._lookers[team] -= 1
        if not self._lookers[team]:
            del self._lookers[team], self._ears[team]
            self._lines.pop(team, None)
            self._bus.unlisten(wall_of(team))

    def lines(self, team: str) -> Iterator[Publication]:
        """The newest line of each live call of the team, wherever it runs."""
        here = set()
        for runner in self._live():
            if runner.team == team:
                here.add(runner.id)
                if not runner.ended:
                    yield Publication(runner.line(), key=f"{runner.id}:wall")
        for session, line in self._lines.get(team, {}).items():
            if session not in here:
                yield line

    def begun(self, runner: Runner) -> None:
        """A session is in memory here: its line is new, or comes from another instance now."""
        topic = wall_topic(runner.team)
        if self._hub.has(topic) and not runner.ended:
            self._hub.publish(topic, Publication(runner.line(), key=f"{runner.id}:wall"))

    def gone(self, runner: Runner) -> None:
        """It has left memory."""
        export = self._exports.get(runner.team)
        if export is not None:
            export.say(["gone", runner.id], b"")

    def wanted(self, instance: str, teams: list[str]) -> None:
        """Another instance looks at these teams' walls: tell it every line when it begins to."""
        for team in teams:
            known = self._wanted.setdefault(team, {})
            if instance not in known:
                export = self._exports.get(team)
                if export is None:
                    export = self._exports[team] = _Export(self, self._bus, team)
                    self._hub.subscribe(wall_topic(team), export)
                for runner in self._live():
                    if runner.team == team and not runner.ended:
                        export.deliver(Publication(runner.line(), key=f"{runner.id}:wall"))
            known[instance] = self._now() + WANTED_S

    def announce(self) -> None:
        """Tell everybody which walls are looked at here."""
        self._next = self._now() + ANNOUNCE_S
        if self._lookers:
            head = {"k": "wall", "i": self._bus.instance, "teams": list(self._lookers)}
            self._bus.publish(ALL, pack(head))

    def tick(self, _now: float) -> None:
        """Announce again, and forget who does not."""
        now = self._now()
        if now >= self._next:
            self.announce()
        for team, instances in list(self._wanted.items()):
            for instance in [name for name, until in instances.items() if until < now]:
                del instances[instance]
            if not instances:
                del self._wanted[team]
                self._hub.unsubscribe(wall_topic(team), self._exports.pop(team))

    def show(self, team: str, item: list[Any], payload: bytes) -> None:
        """Something of another instance's session."""
        lines = self._lines.setdefault(team, {})
        if item[0] == "gone":
            lines.pop(item[1], None)
            return
        event = orjson.loads(payload)
        publication = Publication(event, key=item[1], payload=payload)
        if event["type"] == "session":
            lines[event["session"]] = publication
        elif event["type"] == "ended":
            lines.pop(event["session"], None)
        self.importing = True
        try:
            self._hub.publish(wall_topic(team), publication)
        finally:
            self.importing = False

    async def _listen(self, team: str) -> None:
        try:
            ear = self._ears.get(team)
            if ear is not None:
                await self._bus.listen(wall_of(team), ear)
        except BusAway:
            return
        self.announce()


class _Ear:
    """Listens to a team's wall."""

    def __init__(self, walls: Walls, team: str) -> None:
        self._walls = walls
        self._team = team

    def heard(self, message: bytes) -> None:
        found = unpack(message)
        if found is not None and found.head["i"] != self._walls.name:
            for item, part in zip(found.head["items"], found.parts, strict=True):
                self._walls.show(self._team, item, part)

    def gap(self) -> None:
        self._walls.announce()


class _Export:
    """This instance's part of a team's wall, for the others."""

    def __init__(self, walls: Walls, bus: Bus, team: str) -> None:
        self._walls = walls
        self._bus = bus
        self._team = team
        self._items: list[list[Any]] = []
        self._parts: list[bytes] = []

    def deliver(self, publication: Publication) -> None:
        if not self._walls.importing:
            self.say(["line", publication.key], publication.payload)

    def begin(self, burst: Burst) -> bool:
        """Never: each line goes on with whose it is."""
        return False

    def say(self, item: list[Any], payload: bytes) -> None:
        """Queue something; what comes in one tick leaves as one message."""
        if not self._items:
            asyncio.get_running_loop().call_soon(self._leave)
        self._items.append(item)
        self._parts.append(payload)

    def _leave(self) -> None:
        message = pack({"i": self._bus.instance, "items": self._items}, self._parts)
        self._items, self._parts = [], []
        self._bus.publish(wall_of(self._team), message)
