"""Calls under load: sellers and bridges that talk, dashboards that watch, each writing its history."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.history import Log, Stopped
from tests.faults.recorder import Caller, Dashboard, Recorder

LINES = (
    "honestly it is way too expensive for us",
    "we already work with somebody else",
    "how soon could you deliver it",
    "I need to talk to my wife about it first",
    "that sounds good to me",
    "I am not sure that we need this at all",
    "can we try it for a weekend",
    "send me something by mail and I will look at it",
)
PAUSE_S = 0.2
"""Between two finals of one voice, on average."""
FINALS = (20, 60)
AT_ONCE = 20
PATIENCE_S = 60.0
"""Everything is stored and delivered by then, faults being over; else it is a finding."""


@dataclass(slots=True)
class Call:
    """One conversation with everybody in it."""

    session: str
    seller: Caller
    bridge: Caller | None
    dashboards: list[Dashboard]
    finals: int

    @property
    def clients(self) -> list[Recorder]:
        """All of them."""
        return [self.seller, *([self.bridge] if self.bridge else []), *self.dashboards]

    @property
    def logs(self) -> list[Log]:
        """Of all of them."""
        return [
            self.seller.log,
            *([self.bridge.log] if self.bridge else []),
            *(log for dashboard in self.dashboards for log in dashboard.logs),
        ]


@dataclass(slots=True)
class Load:
    """So many calls at a time, one after another, until `stop`. `run` returns when the last one is over."""

    pick: Callable[[], str]
    seed: int
    slots: int
    calls: list[Call] = field(default_factory=list)
    live: set[Recorder] = field(default_factory=set)
    """Clients of calls that go on: to be cut."""
    _stopping: bool = False

    def stop(self) -> None:
        """Begin no more calls; those under way come to their end."""
        self._stopping = True

    async def run(self) -> None:
        """Talk. Cancelling is safe."""
        async with asyncio.TaskGroup() as group:
            for slot in range(self.slots):
                group.create_task(self._slot(slot), name=f"slot {slot}")

    async def look_again(self) -> None:
        """Everybody of every call comes back once the faults are over: what a crash took back is told, and done again.

        An `ended` that was heard is not stored yet: no ack stands for it.
        """
        for first in range(0, len(self.calls), AT_ONCE):
            async with asyncio.TaskGroup() as group:
                for call in self.calls[first : first + AT_ONCE]:
                    group.create_task(self._again(call), name=f"again {call.session}")

    async def _again(self, call: Call) -> None:
        clients: list[Caller | Dashboard] = [call.seller, *call.dashboards]
        async with asyncio.TaskGroup() as group:
            for client in clients:
                client.come_back()
                group.create_task(client.run(), name=f"client of {call.session}")
            for client in clients:
                await _wait(client, lambda client=client: client.current and client.over, "`ended` afterwards")  # type: ignore[misc]
            for client in clients:
                await client.leave()

    async def _slot(self, slot: int) -> None:
        chance = random.Random(f"{self.seed}/{slot}")
        number = 0
        await asyncio.sleep(chance.uniform(0, 1))
        while not self._stopping:
            number += 1
            await self._call(f"s{slot}-{number}", chance)

    async def _call(self, session: str, chance: random.Random) -> None:
        seed = f"{self.seed}/{session}"
        call = Call(
            session,
            Caller(self.pick, session, seed=seed),
            Caller(self.pick, session, seed=seed, source="bridge", role="source") if chance.random() < 0.5 else None,
            [Dashboard(self.pick, session, seed=seed) for _ in range(chance.choice((1, 1, 2)))],
            chance.randint(*FINALS),
        )
        self.calls.append(call)
        self.live.update(call.clients)
        async with asyncio.TaskGroup() as group:
            for client in call.clients:
                group.create_task(client.run(), name=f"client of {session}")
            voices = [caller for caller in (call.seller, call.bridge) if caller is not None]
            async with asyncio.TaskGroup() as talk:
                for caller in voices:
                    talk.create_task(self._talk(caller, call.finals, random.Random(f"{seed}/{caller.log.source}")))
            for caller in voices:
                await _wait(caller, lambda caller=caller: caller.acked == caller.sent, "acks")  # type: ignore[misc]
            await call.seller.end()
            await _wait(call.seller, lambda: call.seller.over, "`ended`")
            for dashboard in call.dashboards:
                await _wait(dashboard, lambda dashboard=dashboard: dashboard.over, "`ended`")  # type: ignore[misc]
            for client in call.clients:
                await client.leave()
        self.live.difference_update(call.clients)

    async def _talk(self, caller: Caller, finals: int, chance: random.Random) -> None:
        for _ in range(finals):
            if self._stopping or caller.stopped:
                return
            speaker = "client" if chance.random() < 0.7 else "seller"
            await caller.say(f"{chance.choice(LINES)} {caller.sent + 1}", speaker, interims=chance.randint(0, 2))
            await asyncio.sleep(chance.uniform(0, 2 * PAUSE_S))


async def _wait(client: Caller | Dashboard, condition: Callable[[], bool], what: str) -> None:
    try:
        await client.until(condition, PATIENCE_S)
    except TimeoutError:
        logs = [client.log] if isinstance(client, Caller) else client.logs
        for log in logs:
            log.entries.append(Stopped(asyncio.get_running_loop().time(), f"no {what} in {PATIENCE_S:.0f} s"))
