"""Recording clients of one test, and the checker's verdict on all that they saw."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from tests.faults import truth
from tests.faults.checker import Finding, Verdict, check
from tests.faults.history import Entry, Heard, Sent, Welcomed
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
            await _wait(caller, lambda caller=caller: caller.acked == caller.sent, within_s)  # type: ignore[misc]
        sellers = [caller for caller in self.callers if caller.log.role == "seller"]
        for caller in sellers:
            await caller.end()
        everybody: list[Caller | Dashboard] = [*sellers, *self.dashboards]
        for each in everybody:
            await _wait(each, lambda each=each: each.over, within_s)  # type: ignore[misc]
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


async def _wait(client: Caller | Dashboard, condition: Callable[[], bool], within_s: float) -> None:
    try:
        await client.until(condition, within_s)
    except TimeoutError:
        logs = [client.log] if isinstance(client, Caller) else client.logs
        said = "; ".join(
            f"{log.client}: … {[_short(entry) for entry in [e for e in log.entries if not isinstance(e, Sent)][-12:]]}"
            for log in logs
        )
        state = f"{client.acked} of {client.sent} acked" if isinstance(client, Caller) else ""
        raise TimeoutError(f"{state} {said}") from None


def _short(entry: Entry) -> str:
    if isinstance(entry, Heard):
        return f"{entry.event['type']} {entry.event['offset']}"
    if isinstance(entry, Welcomed):
        return f"welcomed at {entry.offset} of {entry.epoch}, resumed {entry.resumed}, acked {entry.acked}"
    return str(entry)


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
