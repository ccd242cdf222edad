"""Which instance runs a session: one lease an instance, one entry a session, and whoever finds a lease gone takes over.

The bus only says whom to ask. Who may write is the database's fence, raised by `queries.claim`; so an instance whose
bus is away goes on with what it has, and one that was paused is refused when it writes.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import Any, Protocol

import structlog

from coach import telemetry
from coach.bus.base import LEASE_S, RENEW_S, Bus, BusAway

KEEP_S = 600.0
"""Entries are written again long before they expire."""
CHUNK = 500
ADOPT_AGAIN_S = 0.5
ADOPT_AGAIN_MOST_S = 8.0
"""How long a dead instance's sessions that could not be taken wait for the next try: doubled each time."""
AT_ONCE = 16
"""Sessions taken over at a time: as many as the database reads at once, and a few."""

_log = structlog.get_logger()


class Held(Protocol):
    """A session that this instance runs."""

    @property
    def id(self) -> str:
        """The session's id."""
        ...

    def doubt(self) -> None:
        """Another instance has the entry: let the database decide."""
        ...


class Unknown(Exception):
    """Who owns the session cannot be known now."""


class Ownership:
    """Leases and entries of this instance. Its tasks are owned by the app."""

    def __init__(
        self,
        bus: Bus,
        held: Callable[[], Iterable[Held]],
        busy: Callable[[str], bool],
        here_first: Callable[[], Collection[str]],
        adopt: Callable[[str], Coroutine[Any, Any, bool]],
        *,
        alone: bool,
    ) -> None:
        self._bus = bus
        self._held = held
        self._busy = busy
        self._here_first = here_first
        self._adopt = adopt
        self._alone = alone
        self._dead: set[str] = set()
        self._again: dict[str, tuple[float, float]] = {}
        """Dead instances whose sessions could not all be taken: when they are tried again, and the pause after that."""
        self._news = asyncio.Event()
        self._loose: set[str] = set()
        """Sessions that have left this instance, whose entries may still name it."""
        self._settled_at = 0.0
        self._behind = False
        """Whether entries may be missing that are ours."""
        self._beat_at = time.monotonic()
        self._keep_at = time.monotonic() + KEEP_S

    @property
    def slept(self) -> bool:
        """Whether this process stood still for longer than its lease: others may run its sessions by now."""
        return not self._alone and time.monotonic() - self._beat_at > LEASE_S

    def wake(self) -> None:
        """Let the database decide about every session that is here."""
        self._beat_at = time.monotonic()
        for session in self._held():
            session.doubt()

    async def begin(self) -> None:
        """Take the lease, if the bus answers."""
        try:
            await self._renew()
        except BusAway:
            self._behind = True

    async def renew(self) -> None:
        """Keep the lease, for ever."""
        while True:
            await asyncio.sleep(RENEW_S)
            if self.slept:
                self.wake()
            self._beat_at = time.monotonic()
            try:
                await self._renew()
            except BusAway:
                self._behind = True

    async def look(self) -> None:
        """Write entries again that were lost, and take over from the dead, for ever."""
        while True:
            await self._pause()
            try:
                if self._behind or time.monotonic() > self._keep_at:
                    await self._write_entries()
                await self._let_go()
                if not await self._settled():
                    # The bus was away, with every lease: whose was not renewed yet is not dead.
                    continue
                self._dead = {name for name in await self._bus.dead() if name != self._bus.instance}
                self._again = {name: again for name, again in self._again.items() if name in self._dead}
                for instance in self._dead:
                    if time.monotonic() >= self._again.get(instance, (0.0, 0.0))[0]:
                        await self._take_over(instance)
            except BusAway:
                continue

    async def owner(self, session: str) -> str | None:
        """The live owner, this instance included; None if there is none. Raises `Unknown`."""
        try:
            found = (await self._bus.owners([session])).get(session)
            if found is None and not await self._settled():
                raise Unknown
            return None if found is not None and await self._gone(found) else found
        except BusAway:
            raise Unknown from None

    async def begun(self, sessions: Iterable[str]) -> list[str]:
        """Those of the sessions that another instance owns; none if the bus is away."""
        try:
            owners = await self._bus.owners(sessions)
        except BusAway:
            return []
        return [session for session, owner in owners.items() if owner != self._bus.instance]

    async def _settled(self) -> bool:
        """Whether who has no lease or entry is dead or free: if the bus was away for long, our own lease was gone too."""
        if self._alone:
            return True
        try:
            await self._renew()
        except BusAway:
            return False
        return time.monotonic() >= self._settled_at

    async def claim(self, session: str) -> str:
        """Own the session unless a living instance does; the owner after that. Raises `Unknown`."""
        try:
            found = (await self._bus.owners([session])).get(session)
            over = found if found is not None and await self._gone(found) else None
            if over is not None:
                telemetry.TAKEOVERS.inc()
            return (await self._bus.claim([session], over))[session]
        except BusAway:
            raise Unknown from None

    async def claim_if_heard(self, session: str) -> str:
        """As `claim`, of a session that nobody runs: it is ours if the bus is away, and the entry comes later."""
        try:
            return await self.claim(session)
        except Unknown:
            self._behind = True
            return self._bus.instance

    async def release(self, sessions: Collection[str]) -> None:
        """Own them no more; if the bus is away, the entries are found dead later."""
        try:
            await self._bus.release(sessions)
        except BusAway:
            _log.warning("ownership.not_released", sessions=len(sessions))

    def hurry(self) -> None:
        """The bus is back, perhaps with everything forgotten: say at once what is ours."""
        self._behind = True
        self._news.set()

    def let_go(self, session: str) -> None:
        """Release it soon, unless it comes back. Never waits."""
        self._loose.add(session)

    async def leave(self) -> None:
        """This instance goes: what it still has may be taken at once."""
        try:
            if await self._bus.owned(self._bus.instance):
                return
            await self._bus.bury(self._bus.instance)
        except BusAway:
            pass

    async def _gone(self, owner: str) -> bool:
        """Whether an entry names no living instance: a dead one, or one that is forgotten but for this entry.

        Raises `BusAway`, `Unknown`.
        """
        if owner == self._bus.instance:
            return False
        if owner in self._dead:
            return True
        if await self._bus.alive(owner):
            return False
        if not await self._settled():
            raise Unknown
        return True

    async def _renew(self) -> None:
        if not await self._bus.renew():
            self._behind = True
            if not self._alone:
                # The bus was away for long, or has forgotten: owners get one lease's time to say what is theirs.
                self._settled_at = time.monotonic() + LEASE_S

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(RENEW_S):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.clear()

    async def _let_go(self) -> None:
        """Release what has left. Raises `BusAway`."""
        loose = [session for session in self._loose if not self._busy(session)]
        if loose:
            await self._bus.release(loose)
        self._loose.clear()

    async def _write_entries(self) -> None:
        """Say again what this instance has. Raises `BusAway`."""
        self._behind, self._keep_at = False, time.monotonic() + KEEP_S
        held = {session.id: session for session in self._held()}
        names = list(held)
        for start in range(0, len(names), CHUNK):
            for name, owner in (await self._bus.claim(names[start : start + CHUNK])).items():
                if owner != self._bus.instance:
                    held[name].doubt()

    async def _take_over(self, instance: str) -> None:
        """Adopt a dead instance's sessions, those shown here first. Raises `BusAway`."""
        names = await self._bus.owned(instance)
        owners = await self._bus.owners(names)
        orphans = [name for name in names if owners.get(name) == instance]
        random.shuffle(orphans)
        here = self._here_first()
        orphans.sort(key=lambda name: name not in here)
        left = 0
        for start in range(0, len(orphans), AT_ONCE):
            async with asyncio.TaskGroup() as tasks:
                adopted = [tasks.create_task(self._adopt(name)) for name in orphans[start : start + AT_ONCE]]
            left += sum(not task.result() for task in adopted)
        if orphans:
            _log.warning("ownership.took_over", sessions=len(orphans), left=left)
        if left:
            _, pause = self._again.get(instance, (0.0, ADOPT_AGAIN_S))
            pause = min(ADOPT_AGAIN_MOST_S, 2 * pause)
            # Spread, so that instances that are full do not try together.
            self._again[instance] = (time.monotonic() + random.uniform(pause / 2, pause), pause)
        else:
            await self._bus.bury(instance)
