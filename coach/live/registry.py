"""The live sessions of this process: opened, found, unloaded when nobody is there, ended when nobody comes back.

A session that another instance owns is found as its replica; one whose owner is gone is taken over.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import structlog

from coach import telemetry
from coach.auth import Principal
from coach.bus.base import Bus, BusAway, log_of
from coach.clock import now_ms
from coach.live.hub import Hub
from coach.live.locks import Locks
from coach.live.maker import Maker, fresh_epoch
from coach.live.ownership import Ownership, Unknown
from coach.live.ports import LiveSession, Shared, Watcher
from coach.live.relay import Relay
from coach.live.replica import Replica
from coach.live.runner import Runner
from coach.live.walls import Walls
from coach.packs.knowledge import Knowledge
from coach.session.inputs import EndAsked, Recovered, TimerDue
from coach.store import queries
from coach.store.database import READ_ERRORS, Database
from coach.store.writer import EraseError
from coach.wire.client import HelloFrame
from coach.wire.codes import CloseCode, WireError, draining, internal, misuse

LOAD_S = 3.0
"""How long a hello waits for the database before the client is sent away to come back later."""
OWNER_S = 4.0
"""How long it waits for an owner: a dead one is found out and replaced within 3 s."""
AGAIN_S = 0.05
AGAIN_MOST_S = 0.4
AWAITED_S = 2.0
"""How often it is looked whether a session has begun elsewhere that a dashboard here waits for; news come sooner."""
UNLOAD_S = 2.0
SWEEP_S = 1.0
IDLE_SWEEP_S = 60.0

_log = structlog.get_logger()


class Awaiting(Watcher, Protocol):
    """A dashboard that watches a session which does not exist yet."""

    def started(self, session: LiveSession) -> None:
        """The session has begun."""
        ...


class Registry:
    """Owner of the runners. One runner a session, whatever happens at once."""

    def __init__(
        self,
        shared: Shared,
        database: Database,
        knowledge: dict[str, Knowledge],
        bus: Bus,
        *,
        alone: bool,
        unload_s: float,
        idle_s: float,
        most: int,
    ) -> None:
        self._shared = shared
        self._database = database
        self._knowledge = knowledge
        self._made = Maker(shared, knowledge)
        self._unload_s = unload_s
        self._idle_s = idle_s
        self._most = most
        self._runners: dict[str, Runner] = {}
        self._locks = Locks()
        """One loader, unloader or eraser of a session at a time."""
        self._awaited: dict[str, set[Awaiting]] = {}
        self._mending: set[str] = set()
        self._bus = bus
        self.walls = Walls(bus, shared.hub, self.live, shared.spawn)
        self.relay = Relay(
            bus,
            shared.hub,
            self.get,
            self._mend,
            self._begun,
            self._erase_for,
            lambda session: self.ownership.let_go(session),
            lambda: self.ownership.hurry(),
            self.walls,
        )
        self.ownership = Ownership(bus, self.live, self._busy, self.relay.replicas.keys, self._adopt, alone=alone)

    @property
    def hub(self) -> Hub:
        """Where the sessions publish."""
        return self._shared.hub

    def live(self) -> Iterator[Runner]:
        """The runners in memory, ended calls included."""
        return iter(tuple(self._runners.values()))

    def get(self, session: str) -> Runner | None:
        """The runner if it is in memory."""
        return self._runners.get(session)

    async def open(self, session: str, principal: Principal, hello: HelloFrame) -> LiveSession:
        """The session for a conversation socket; a new one if there is none.

        Raises `WireError`: unknown pack (4000), another team's or seller's session (4003), no database or no owner
        (4101).
        """
        knowledge = self._knowledge.get(hello.pack)
        if knowledge is None:
            raise misuse(f"pack: `{hello.pack}` is not one of {', '.join(sorted(self._knowledge))}")
        live = await self._load(session, lambda: self._made.begin(session, principal, hello, knowledge))
        assert live is not None
        live.admit(principal)
        return live

    async def find(self, session: str) -> LiveSession | None:
        """The session, loaded if it was stored; None if it does not exist. Raises `WireError` (4101)."""
        return await self._load(session, None)

    def expect(self, session: str, watcher: Awaiting) -> None:
        """Have `watcher.started` called when this session begins."""
        self._awaited.setdefault(session, set()).add(watcher)

    def forget(self, session: str, watcher: Awaiting) -> None:
        """Take an `expect` back."""
        waiting = self._awaited.get(session)
        if waiting is not None:
            waiting.discard(watcher)
            if not waiting:
                del self._awaited[session]

    async def erase(self, session: str) -> bool:
        """Delete all that is stored of a session, and close it; whether its words are gone from the disk already.

        Raises `EraseError`: then it goes on as it was.
        """
        replica = self.relay.replicas.get(session)
        if replica is not None and session not in self._runners:
            try:
                gone = await self.relay.erase(session, replica.owner)
            except BusAway:
                gone = None
            if gone is None:
                raise EraseError("the session's owner did not erase it")
            return gone
        async with self._locks.of(session):
            runner = self._runners.get(session)
            gone = await self._shared.writer.erase(session, runner.journal if runner else None)
            if runner is not None:
                for epoch in (runner.history.epoch, *(name for name, _ in runner.history.past)):
                    self._bus.expire(log_of(session, epoch), 0)
                runner.close(WireError("session_ended", "the session was erased", close=CloseCode.FORBIDDEN))
                await self.ownership.release([session])
        return gone

    def drop(self, runner: Runner, error: WireError) -> None:
        """A runner has closed itself."""
        if self._runners.get(runner.id) is runner:
            del self._runners[runner.id]
        telemetry.SESSIONS.set(len(self._runners))
        self.relay.gone(runner.id, error)
        self.walls.gone(runner)
        self.ownership.let_go(runner.id)

    def moved(self, runner: Runner) -> None:
        """Another instance has taken a session: its dashboards here go on with a replica."""
        self._shared.spawn(self._reunite(runner), "reunite")

    async def sweep(self) -> None:
        """Unload and end idle sessions, for ever. Its task is owned by the app."""
        stored_next = time.monotonic() + min(IDLE_SWEEP_S, self._idle_s)
        awaited_next = time.monotonic() + AWAITED_S
        while True:
            await asyncio.sleep(min(SWEEP_S, self._unload_s / 4, self._idle_s / 4))
            now = time.monotonic()
            for runner in self.live():
                if not runner.ended and not runner.sources and now - runner.last_conversation >= self._idle_s:
                    runner.post(EndAsked(None))
                if not runner.sources and not runner.watchers and now - runner.last_socket >= self._unload_s:
                    await self._unload(runner)
            if self._awaited and now >= awaited_next:
                awaited_next = now + AWAITED_S
                for session in await self.ownership.begun(self._awaited):
                    self._begun(session)
            if now >= stored_next:
                stored_next = now + min(IDLE_SWEEP_S, self._idle_s)
                await self._end_stored()

    async def drain(self) -> None:
        """Store everything, close every conversation socket, keep the epochs. Cancelling leaves the rest unstored."""
        for runner in self.live():
            runner.hush()
        # Each by itself: while calls go on, the writer as a whole may never be idle.
        self._shared.writer.hurry()
        for runner in self.live():
            await runner.journal.all_stored()
        self.relay.draining = True
        for runner in self.live():
            runner.part(draining())
            # Only now nothing more can come: from here on the stored row may say so.
            runner.hush()
            runner.settle()
        await self._shared.writer.flushed()
        stored = list(self.live())
        for runner in stored:
            runner.close(draining())
        await self.ownership.release([runner.id for runner in stored])
        await self.ownership.leave()

    async def _load(self, session: str, begin: Callable[[], Runner] | None) -> LiveSession | None:
        """The session, from here, from its owner or from the database; without `begin` only if it exists."""
        runner = self._runners.get(session)
        if runner is not None and session not in self._locks and not (runner.doubted or self.ownership.slept):
            return runner
        deadline, pause = time.monotonic() + OWNER_S, AGAIN_S
        while True:
            async with self._locks.of(session):
                found, known = await self._look(session, begin)
            if known:
                return found
            if time.monotonic() > deadline:
                raise WireError(
                    "unavailable",
                    "the instance that runs the session does not answer: come back",
                    close=CloseCode.OVERLOADED,
                    retry_after_ms=1_000,
                )
            await asyncio.sleep(pause)
            pause = min(AGAIN_MOST_S, 2 * pause)

    async def _look(self, session: str, begin: Callable[[], Runner] | None) -> tuple[LiveSession | None, bool]:
        """One try to find the session, and whether that is final. Holds the session's lock."""
        runner = self._runners.get(session)
        if runner is not None:
            return runner, await self._sure(runner)
        if self.relay.draining:
            raise draining()
        replica = self.relay.replicas.get(session)
        if replica is not None and await replica.fresh():
            return replica, True
        try:
            owner = await self.ownership.owner(session)
            if owner is None and (begin is not None or await self._left(session) is not None):
                owner = await self.ownership.claim(session)
        except Unknown:
            left = await self._left(session)
            if left is not None and not left:
                # Somebody may run it: that can only be told when the bus is back, or the owners have spoken.
                return None, False
            owner = await self.ownership.claim_if_heard(session) if begin is not None or left is not None else None
        if owner is None:
            return None, True
        if owner != self._bus.instance:
            replica = self.relay.replica(session)
            return replica, await replica.join(owner)
        return await self._take(session, begin), True

    async def _sure(self, runner: Runner) -> bool:
        """Whether a session is still ours; a zombie must not welcome anybody. Raises `WireError` (4101)."""
        if self.ownership.slept:
            self.ownership.wake()
        if runner.doubted:
            try:
                async with asyncio.timeout(LOAD_S):
                    await runner.sure()
            except TimeoutError:
                raise _no_database() from None
        return not runner.closed

    async def _take(self, session: str, begin: Callable[[], Runner] | None) -> Runner | None:
        """Run the session here. Raises `WireError`."""
        runner: Runner | None = None
        stored: queries.StoredSession | None = None
        try:
            self._make_room()
            async with asyncio.timeout(LOAD_S):
                stored = await queries.claim(self._database, session, fresh_epoch())
            runner = self._made.restore(stored) if stored is not None else begin() if begin is not None else None
        except READ_ERRORS:
            raise _no_database() from None
        except WireError:
            raise
        except Exception as error:
            # One session's bad rows must not end a task of all. The reason may quote them: speech.
            _log.error("registry.corrupt_session", error=type(error).__name__)
            raise internal() from None
        finally:
            if runner is None:
                await self.ownership.release([session])
        if runner is None:
            return None
        self._runners[session] = runner
        telemetry.SESSIONS.set(len(self._runners))
        replica = self.relay.drop(session)
        if replica is not None:
            replica.moved(runner)
        for watcher in self._awaited.pop(session, ()):
            watcher.started(runner)
        if stored is not None:
            # Not sooner: whoever watched it elsewhere is welcomed by the owner that closes what was open.
            if stored.crashed:
                runner.post(Recovered())
            runner.post(TimerDue())
        if runner.closed:
            raise internal()
        self.walls.begun(runner)
        if runner.new:
            self.relay.began(session)
        return runner

    def _make_room(self) -> None:
        """Let an ended call go that nobody looks at, if the memory is full. Raises `WireError` (4101)."""
        if len(self._runners) < self._most:
            return
        for runner in self._runners.values():
            if runner.ended and runner.journal.settled and not runner.sources and not runner.watchers:
                runner.close(draining("the session was unloaded"))
                return
        raise WireError("overloaded", "too many calls on this instance: come back later", close=CloseCode.OVERLOADED)

    def _busy(self, session: str) -> bool:
        """Whether the session is here, or on its way."""
        return session in self._runners or session in self._locks

    async def _left(self, session: str) -> bool | None:
        """Whether a stored session was left clean (or has ended); None if it was never stored. Raises `WireError`."""
        try:
            async with asyncio.timeout(LOAD_S):
                return await queries.left(self._database, session)
        except READ_ERRORS:
            raise _no_database() from None

    async def _adopt(self, session: str) -> bool:
        """Take a dead instance's session over; whether it is in good hands."""
        try:
            async with self._locks.of(session):
                if self.relay.draining:
                    return False
                if session not in self._runners and await self.ownership.claim(session) == self._bus.instance:
                    await self._take(session, None)
        except (WireError, Unknown):
            return False
        return True

    def _mend(self, replica: Replica) -> None:
        """A replica has lost its owner: find it again, or take over."""
        if replica.id not in self._mending:
            self._mending.add(replica.id)
            self._shared.spawn(self._find_again(replica), "mend")

    async def _find_again(self, replica: Replica) -> None:
        try:
            while not (replica.closed or replica.live or self.relay.draining) and replica.wanted:
                if not self._bus.available:
                    await asyncio.sleep(AGAIN_MOST_S)
                    continue
                try:
                    if await self._load(replica.id, None) is None:
                        replica.close(draining("the session is gone"))
                except WireError:
                    await asyncio.sleep(AGAIN_MOST_S)
        finally:
            self._mending.discard(replica.id)

    async def _reunite(self, runner: Runner) -> None:
        live: LiveSession | None = None
        try:
            live = await self._load(runner.id, None)
        except WireError:
            _log.warning("registry.not_found_again")
        for watcher in tuple(runner.watchers):
            if live is not None:
                watcher.rejoin(live, runner.history.last, runner.history.epoch)
            else:
                watcher.left(runner.id, draining("the session is gone"))

    def _begun(self, session: str) -> None:
        """A session has begun on another instance: perhaps somebody here waits for it."""
        if session in self._awaited:
            self._shared.spawn(self._meet(session), "meet")

    async def _meet(self, session: str) -> None:
        try:
            live = await self._load(session, None)
        except WireError:
            return
        if live is not None:
            for watcher in self._awaited.pop(session, ()):
                watcher.started(live)

    def _erase_for(self, session: str, answer: Callable[[bool | None], None]) -> None:
        self._shared.spawn(self._erase_and_tell(session, answer), "erase")

    async def _erase_and_tell(self, session: str, answer: Callable[[bool | None], None]) -> None:
        try:
            answer(await self.erase(session) if session in self._runners else None)
        except EraseError:
            answer(None)

    async def _unload(self, runner: Runner) -> None:
        """Store the session clean and let it go; if the database is away it stays."""
        if not self._shared.writer.available:
            return
        async with self._locks.of(runner.id):
            runner.hush()
            runner.settle()
            try:
                async with asyncio.timeout(UNLOAD_S):
                    await runner.journal.all_stored()
            except TimeoutError:
                pass
            if runner.journal.settled and not runner.sources and not runner.watchers:
                runner.close(draining("the session was unloaded"))
                await self.ownership.release([runner.id])
            elif not runner.closed:
                runner.reopen()

    async def _end_stored(self) -> None:
        """End calls that were left, unloaded, longer than a session may idle."""
        try:
            names = await queries.idle(self._database, now_ms() - round(1000 * self._idle_s))
        except READ_ERRORS:
            _log.warning("registry.idle_sweep_failed")
            return
        for name in names:
            if name in self._runners:
                continue
            try:
                runner = await self.find(name)
            except WireError:
                continue
            if isinstance(runner, Runner) and not runner.ended:
                runner.post(EndAsked(None))


def _no_database() -> WireError:
    return WireError("unavailable", "the database is away: come back", close=CloseCode.OVERLOADED, retry_after_ms=2_000)
