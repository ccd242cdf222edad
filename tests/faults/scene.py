"""Recording clients of one test, and the checker's verdict on all that they saw."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.faults import truth
from tests.faults.checker import Finding, Verdict, check
from tests.faults.recorder import Caller, Dashboard, Recorder

WITHIN_S = 20.0


class Scene:
    """Clients by session; `pick` names a server for each of their connections."""

    def __init__(self, pick: Callable[[], str], group: asyncio.TaskGroup) -> None:
        self.callers: list[Caller] = []
        self.dashboards: list[Dashboard] = []
        self._pick = pick
        self._group = group

    async def caller(self, session: str = "call", pick: Callable[[], str] | None = None, **options: Any) -> Caller:
        """One that was welcomed."""
        made = Caller(pick or self._pick, session, **options)
        self.callers.append(made)
        await self._join(made)
        return made

    async def dashboard(self, *sessions: str, pick: Callable[[], str] | None = None) -> Dashboard:
        """One that was welcomed."""
        made = Dashboard(pick or self._pick, *(sessions or ("call",)))
        self.dashboards.append(made)
        await self._join(made)
        return made

    async def over(self, within_s: float = WITHIN_S) -> None:
        """Everything is acked, every call ends, and everybody has heard of it and leaves. Raises `TimeoutError`."""
        for caller in self.callers:
            await caller.until(lambda caller=caller: caller.acked == caller.sent, within_s)  # type: ignore[misc]
        sellers = [caller for caller in self.callers if caller.log.role == "seller"]
        for caller in sellers:
            await caller.end()
        for each in (*sellers, *self.dashboards):
            await each.until(lambda each=each: each.over, within_s)  # type: ignore[misc]
        for client in (*self.callers, *self.dashboards):
            await client.leave()

    async def verdict(self, database: str) -> Verdict:
        """On every session, by what is stored."""
        stored = await truth.read(database)
        logs = [caller.log for caller in self.callers] + [log for each in self.dashboards for log in each.logs]
        verdict = Verdict()
        for session in {log.session for log in logs}:
            verdict += check(session, [log for log in logs if log.session == session], stored[session])
        return verdict

    async def _join(self, client: Recorder) -> None:
        self._group.create_task(client.run(), name="recorder")
        await client.until(lambda: client.current, WITHIN_S)


@contextlib.asynccontextmanager
async def scene(pick: Callable[[], str]) -> AsyncIterator[Scene]:
    """Clients for the block; those that are still there leave."""
    async with asyncio.TaskGroup() as group:
        made = Scene(pick, group)
        try:
            yield made
        finally:
            for client in (*made.callers, *made.dashboards):
                await client.leave()


NONE: list[Finding] = []
