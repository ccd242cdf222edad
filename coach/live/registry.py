"""The live sessions of this process: opened, found, unloaded when nobody is there, ended when nobody comes back."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import orjson
import structlog

from coach import telemetry
from coach.auth import Principal
from coach.clock import now_ms
from coach.live.history import History
from coach.live.hub import Hub
from coach.live.ports import LiveSession, Shared, Watcher
from coach.live.runner import Runner
from coach.packs.knowledge import Knowledge
from coach.session import state as states
from coach.session.inputs import EndAsked, Recovered, TimerDue
from coach.session.session import Session
from coach.session.state import Identity
from coach.session.view import View
from coach.store import queries
from coach.store.database import READ_ERRORS, Database
from coach.wire.client import HelloFrame
from coach.wire.codes import CloseCode, WireError, draining, internal, misuse
from coach.wire.publication import text_frame

LOAD_S = 3.0
"""How long a hello waits for the database before the client is sent away to come back later."""
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
        *,
        unload_s: float,
        idle_s: float,
        most: int,
    ) -> None:
        self._shared = shared
        self._database = database
        self._knowledge = knowledge
        self._unload_s = unload_s
        self._idle_s = idle_s
        self._most = most
        self._runners: dict[str, Runner] = {}
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._awaited: dict[str, set[Awaiting]] = {}

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

    async def open(self, session: str, principal: Principal, hello: HelloFrame) -> Runner:
        """The session's runner for a conversation socket; a new session if there is none.

        Raises `WireError`: unknown pack (4000), another team's or seller's session (4003), no database (4101).
        """
        knowledge = self._knowledge.get(hello.pack)
        if knowledge is None:
            raise misuse(f"pack: `{hello.pack}` is not one of {', '.join(sorted(self._knowledge))}")
        runner = await self._load(session, lambda: self._begin(session, principal, hello, knowledge))
        assert runner is not None
        runner.admit(principal)
        return runner

    async def find(self, session: str) -> Runner | None:
        """The session's runner, loaded if it was stored; None if it does not exist. Raises `WireError` (4101)."""
        return await self._load(session, lambda: None)

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
        async with self._lock(session):
            runner = self._runners.get(session)
            gone = await self._shared.writer.erase(session, runner.journal if runner else None)
            if runner is not None:
                runner.close(WireError("session_ended", "the session was erased", close=CloseCode.FORBIDDEN))
        return gone

    def drop(self, session: str) -> None:
        """A runner has closed itself."""
        self._runners.pop(session, None)
        telemetry.SESSIONS.set(len(self._runners))

    async def sweep(self) -> None:
        """Unload and end idle sessions, for ever. Its task is owned by the app."""
        stored_next = time.monotonic() + min(IDLE_SWEEP_S, self._idle_s)
        while True:
            await asyncio.sleep(min(SWEEP_S, self._unload_s / 4, self._idle_s / 4))
            now = time.monotonic()
            for runner in self.live():
                if not runner.ended and not runner.sources and now - runner.last_conversation >= self._idle_s:
                    runner.post(EndAsked(None))
                if not runner.sources and not runner.watchers and now - runner.last_socket >= self._unload_s:
                    await self._unload(runner)
            if now >= stored_next:
                stored_next = now + min(IDLE_SWEEP_S, self._idle_s)
                await self._end_stored()

    async def drain(self) -> None:
        """Store everything, close every conversation socket, keep the epochs. Cancelling leaves the rest unstored."""
        for runner in self.live():
            runner.hush()
        await self._shared.writer.flushed()
        for runner in self.live():
            runner.part(draining())
            # Only now nothing more can come: from here on the stored row may say so.
            runner.hush()
            runner.settle()
        await self._shared.writer.flushed()

    async def _load(self, session: str, begin: Callable[[], Runner | None]) -> Runner | None:
        runner = self._runners.get(session)
        if runner is not None and session not in self._locks:
            return runner
        async with self._lock(session):
            runner = self._runners.get(session)
            if runner is not None:
                return runner
            self._make_room()
            try:
                async with asyncio.timeout(LOAD_S):
                    stored = await queries.claim(self._database, session, _epoch())
            except READ_ERRORS:
                raise WireError(
                    "unavailable", "the database is away: come back", close=CloseCode.OVERLOADED, retry_after_ms=2_000
                ) from None
            try:
                runner = begin() if stored is None else self._restore(stored)
            except ValueError:
                # The reason may quote what was stored: speech.
                _log.error("registry.corrupt_session")
                raise internal() from None
            if runner is not None:
                self._runners[session] = runner
                telemetry.SESSIONS.set(len(self._runners))
                for watcher in self._awaited.pop(session, ()):
                    watcher.started(runner)
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

    def _begin(self, session: str, principal: Principal, hello: HelloFrame, knowledge: Knowledge) -> Runner:
        ui_language = hello.ui_language or (hello.language if hello.language != "auto" else "en")
        identity = self._identity(
            session, principal.team, hello.pack, hello.language, ui_language, now_ms(), hello.metadata
        )
        # An admin who joins first does not lock the seller out; without tokens everybody is the seller.
        owns = principal.role == "seller" or (hello.role == "seller" and principal.expires_at is None)
        seller = principal.subject if owns else ""
        runner = Runner(Session(identity, knowledge), self._shared, History(_epoch()), seller, fence=1, new=True)
        runner.journal.touch()
        return runner

    def _restore(self, stored: queries.StoredSession) -> Runner:
        row = stored.row
        view = View()
        history = History(row["epoch"], [(name, end) for name, end in row["epochs"]])
        for payload in stored.events:
            view.apply(orjson.loads(payload))
            history.append(text_frame(payload))
        core = states.load(row["core"])
        # A pack that is gone must not keep a call from being read.
        knowledge = self._knowledge.get(row["pack"]) or self._knowledge["general"]
        identity = self._identity(
            row["id"], row["team"], row["pack"], row["language"], row["ui_language"], row["started_at"], row["metadata"]
        )
        runner = Runner(
            Session(identity, knowledge, core, view),
            self._shared,
            history,
            row["seller"],
            fence=row["owner"],
            new=False,
            acked=stored.acked,
            active_at=row["active_at"],
        )
        if stored.crashed:
            runner.post(Recovered())
        runner.post(TimerDue())
        return runner

    def _identity(
        self,
        session: str,
        team: str,
        pack: str,
        language: Any,
        ui_language: Any,
        started_at: int,
        metadata: dict[str, Any],
    ) -> Identity:
        models = self._shared.models
        provider = models.providers[0] if models.providers else None
        return Identity(
            session,
            team,
            pack,
            language,
            ui_language,
            started_at,
            provider.name if provider else None,
            provider.model if provider else None,
            metadata,
            models.judge_share if metadata.get("judge") is not False else 0.0,
            models.budget_usd,
        )

    async def _unload(self, runner: Runner) -> None:
        """Store the session clean and let it go; if the database is away it stays."""
        if not self._shared.writer.available:
            return
        async with self._lock(runner.id):
            runner.hush()
            runner.settle()
            try:
                async with asyncio.timeout(UNLOAD_S):
                    await runner.journal.all_stored()
            except TimeoutError:
                pass
            if runner.journal.settled and not runner.sources and not runner.watchers:
                runner.close(draining("the session was unloaded"))
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
            if runner is not None and not runner.ended:
                runner.post(EndAsked(None))

    @asynccontextmanager
    async def _lock(self, session: str) -> AsyncIterator[None]:
        """One loader, unloader or eraser of a session at a time; the entry goes with its last user."""
        lock, users = self._locks.get(session, (asyncio.Lock(), 0))
        self._locks[session] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[session]
            if users == 1:
                del self._locks[session]
            else:
                self._locks[session] = (lock, users - 1)


def _epoch() -> str:
    return secrets.token_urlsafe(6)
