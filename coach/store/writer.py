"""The one writer: group commit of whatever all sessions have to store.

While a commit runs, the next group gathers, so the number of commits adapts to the disk. A group is one
transaction; each session's part is conditional on its owner's number, so that a stale owner stores nothing.
When the database is away the group waits and is tried again: nothing is dropped, and nothing else waits for it.
"""

import asyncio
import time
from collections.abc import Iterable
from functools import cache
from typing import Any

import structlog
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from coach import telemetry
from coach.store import tables
from coach.store.batch import Batch, Journal
from coach.store.database import READ_ERRORS, Database

RETRY_FIRST_S = 0.2
RETRY_MOST_S = 5.0
GROUP_MOST = 200
ROWS_MOST = 500
"""Sessions and rows in one commit (one session's rows are never split): keeps a commit short."""

CHECKPOINT_TRIES = 10
CHECKPOINT_PAUSE_S = 0.2
LOG_RETRY_S = 1.0

_log = structlog.get_logger()


class EraseError(Exception):
    """A session could not be erased from the disk: try again."""


class StoreWriter:
    """Owns the write connection. `run` is its task; `submit` may be called from any place in the loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dirty: dict[Journal, None] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._hurry = asyncio.Event()
        self._erase: list[tuple[str, Journal | None, asyncio.Future[bool]]] = []
        self._stopping = False
        self._log_full = False
        """Whether erased words may still stand in the write-ahead log."""
        self.available = True
        """Whether the last write went through: what `/health` says."""
        self.error: str | None = None

    def submit(self, journal: Journal) -> None:
        """This journal has something to store. Never waits."""
        if not journal.closed:
            self._dirty[journal] = None
            self._idle.clear()
            self._wake.set()

    async def erase(self, session: str, journal: Journal | None) -> bool:
        """Delete a session in turn with the writes; whether it is gone from the disk too.

        If not, somebody reads the database's log, and it goes as soon as they let it. Its journal is closed in the
        same step, so that nothing writes it anew.

        Raises `EraseError` if the database refuses. Cancelling leaves it to happen later.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._erase.append((session, journal, done))
        self._idle.clear()
        self._wake.set()
        return await asyncio.shield(done)

    def hurry(self) -> None:
        """Try what waits for the database now, not when it is due."""
        self._hurry.set()

    async def flushed(self) -> None:
        """Waits until everything submitted is stored, which is tried at once. Cancel it to give up waiting."""
        self.hurry()
        await self._idle.wait()

    def stop(self) -> None:
        """`run` returns after one last try to store what waits."""
        self._stopping = True
        self._wake.set()
        self._hurry.set()

    async def run(self) -> None:
        """Store until stopped. Cancelling is safe between commits; within one, the database rolls it back."""
        delay = RETRY_FIRST_S
        while not (self._stopping and not self._dirty and not self._erase):
            await self._woken()
            while self._dirty or self._erase:
                if await self._round():
                    delay = RETRY_FIRST_S
                    continue
                if self._stopping:
                    return
                delay = RETRY_FIRST_S if await self._hurried(delay) else min(RETRY_MOST_S, 2 * delay)
            self._idle.set()

    async def _hurried(self, delay: float) -> bool:
        """Waits for the next try; whether somebody who leaves soon has cut the wait short."""
        try:
            async with asyncio.timeout(delay):
                await self._hurry.wait()
        except TimeoutError:
            return False
        self._hurry.clear()
        return True

    async def _woken(self) -> None:
        """Waits for work; while the log should be emptied, that is tried again every now and then."""
        while self._log_full and not self._wake.is_set():
            try:
                async with asyncio.timeout(LOG_RETRY_S):
                    await self._wake.wait()
            except TimeoutError:
                await self._empty_log()
        await self._wake.wait()
        self._wake.clear()

    async def _round(self) -> bool:
        """One commit; whether the database took it."""
        if self._erase:
            return await self._erase_one()
        group = self._take()
        if not group:
            return True
        began = time.perf_counter()
        try:
            refused = await self._store([batch for _, batch in group])
        except Exception as error:
            if not self._database.away(error):
                return await self._one_by_one(group)
            self._failed(error, group)
            return False
        telemetry.COMMIT_SECONDS.observe(time.perf_counter() - began)
        self._recovered()
        for journal, batch in group:
            self._settle(journal, batch, fenced=batch.session in refused)
        return True

    def _take(self) -> list[tuple[Journal, Batch]]:
        """The next group. A session that cannot be dumped is left out, and only that one."""
        group: list[tuple[Journal, Batch]] = []
        rows = 0
        for journal in list(self._dirty)[:GROUP_MOST]:
            if group and rows + journal.size > ROWS_MOST:
                break
            del self._dirty[journal]
            if journal.closed:
                continue
            rows += journal.size
            try:
                group.append((journal, journal.take()))
            except Exception as error:
                _log.error("store.session_broken", error=type(error).__name__)
                journal.close()
                journal.owner.broken()
        return group

    async def _store(self, batches: list[Batch]) -> set[str]:
        return await self._database.transact(lambda connection: store(connection, batches))

    async def _one_by_one(self, group: list[tuple[Journal, Batch]]) -> bool:
        """One session's batch contradicts the database: find it, so that the others are stored."""
        for place, (journal, batch) in enumerate(group):
            try:
                refused = await self._store([batch])
            except Exception as error:
                if self._database.away(error):
                    self._failed(error, group[place:])
                    return False
                _log.error("store.session_broken", error=type(error).__name__)
                journal.close()
                journal.owner.broken()
            else:
                self._settle(journal, batch, fenced=bool(refused))
        return True

    @staticmethod
    def _settle(journal: Journal, batch: Batch, *, fenced: bool) -> None:
        if fenced:
            journal.close()
            journal.owner.fenced()
            return
        journal.written()
        acked: dict[str, int] = {}
        for final in batch.finals:
            acked[final.source] = max(final.seq, acked.get(final.source, 0))
        journal.owner.stored(acked)

    async def _erase_one(self) -> bool:
        """Delete the session that was asked for first, and empty the log that its words still stand in."""
        session, journal, done = self._erase.pop(0)
        try:
            async with self._database.writer.begin() as connection:
                await connection.execute(delete(tables.sessions).where(tables.sessions.c.id == session))
        except READ_ERRORS as error:
            if not done.done():
                done.set_exception(EraseError(type(error).__name__))
            return True
        if journal is not None:
            journal.close()
        self._log_full = True
        for _ in range(CHECKPOINT_TRIES):
            if await self._empty_log():
                break
            await asyncio.sleep(CHECKPOINT_PAUSE_S)
        if not done.done():
            done.set_result(not self._log_full)
        return True

    async def _empty_log(self) -> bool:
        """Have what was deleted leave the disk; a reader can hold it up."""
        self._log_full = not await self._database.forget_deleted()
        return not self._log_full

    def _failed(self, error: Exception, group: Iterable[tuple[Journal, Batch]]) -> None:
        # The exception's text may hold a statement's parameters: speech. Its type and the driver's reason do not.
        reason = str(getattr(error, "orig", None) or type(error).__name__)
        if self.available:
            _log.error("store.unavailable", reason=reason)
        self.available, self.error = False, reason
        telemetry.STORE_FAILURES.inc()
        for journal, batch in group:
            journal.put_back(batch)
            self._dirty[journal] = None
            journal.owner.unavailable(int(1000 * RETRY_MOST_S))

    def _recovered(self) -> None:
        if not self.available:
            _log.info("store.available")
        self.available, self.error = True, None


def store(connection: Connection, batches: list[Batch]) -> set[str]:
    """Write the batches in the open transaction; ids of the sessions that another owner has.

    One statement a table, whatever the number of sessions: the statements cost more than the rows.
    """
    refused = _refused(connection, batches)
    kept = [batch for batch in batches if batch.session not in refused]
    new = [{"id": batch.session, **batch.row} for batch in kept if batch.new]
    _run(connection, insert(tables.sessions), new)
    _run(connection, _UPDATE_SESSION, [_bound(batch.row, _id=batch.session) for batch in kept if not batch.new])
    finals = [(b.session, final) for b in kept for final in b.finals]
    events = [(b.session, stored) for b in kept for stored in b.events]
    _run(
        connection,
        insert(tables.utterances),
        [{"session_id": session, "source": f.source, "seq": f.seq, **f.fields} for session, f in finals],
    )
    _run(
        connection,
        insert(tables.events),
        [
            {"session_id": session, **{name: e.event[name] for name in ("offset", "type", "at")}, "payload": e.payload}
            for session, e in events
        ],
    )
    dialect = connection.dialect.name
    _run(connection, _insert_feedback(dialect), [{"session_id": b.session, **f} for b in kept for f in b.feedback])
    _run(connection, insert(tables.verdicts), [{"session_id": b.session, **v} for b in kept for v in b.verdicts])
    _profiles(connection, kept)
    _strategies(connection, [(session, stored.event) for session, stored in events])
    return refused


def _refused(connection: Connection, batches: list[Batch]) -> set[str]:
    """Sessions whose row is another owner's. The rows stay locked until the commit: nobody can come between."""
    names = [batch.session for batch in batches]
    found = connection.execute(
        select(tables.sessions.c.id, tables.sessions.c.owner)
        .where(tables.sessions.c.id.in_(names))
        .order_by(tables.sessions.c.id)  # one order for all instances: no deadlock
        .with_for_update()
    )
    owners = {name: owner for name, owner in found}
    return {b.session for b in batches if owners.get(b.session) != (None if b.new else b.expected_owner)}


def _run(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def _bound(values: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """Values as parameters of an UPDATE, apart from the keys of its WHERE."""
    return {**{f"new_{name}": value for name, value in values.items()}, **keys}


def _profiles(connection: Connection, batches: list[Batch]) -> None:
    """Newest archetype and metrics of each session, and the metrics as they went."""
    profiles, metrics, measured = [], [], []
    for batch in batches:
        row = {"session_id": batch.session, "at": batch.row["active_at"], "profile": {}, "metrics": {}}
        newest = next((e.event for e in reversed(batch.events) if e.event["type"] == "archetype"), None)
        if newest is not None:
            kept = {name: newest[name] for name in ("ranking", "stable", "disc", "big_five", "evidence")}
            profiles.append({**row, "archetype": newest["stable"], "profile": kept})
        if batch.metrics is not None:
            metrics.append({**row, "metrics": batch.metrics})
            figures = {name: value for name, value in batch.metrics.items() if name != "at"}
            measured.append({"session_id": batch.session, "at": batch.metrics["at"], "figures": figures})
    dialect = connection.dialect.name
    _run(connection, _upsert_profile(dialect, "archetype", "profile", "at"), profiles)
    _run(connection, _upsert_profile(dialect, "metrics", "at"), metrics)
    _run(connection, _upsert_measurement(dialect), measured)


# Putting one of these statements together takes longer than it runs.
@cache
def _insert_feedback(dialect: str) -> Any:
    return _insert(dialect, tables.feedback).on_conflict_do_nothing(index_elements=["key"])


@cache
def _upsert_profile(dialect: str, *changed: str) -> Any:
    statement = _insert(dialect, tables.profiles)
    return statement.on_conflict_do_update(
        index_elements=["session_id"], set_={name: statement.excluded[name] for name in changed}
    )


@cache
def _upsert_measurement(dialect: str) -> Any:
    # Two commits may fall into one millisecond.
    statement = _insert(dialect, tables.measurements)
    return statement.on_conflict_do_update(
        index_elements=["session_id", "at"], set_={"figures": statement.excluded["figures"]}
    )


def _insert(dialect: str, table: Table) -> Any:
    """An INSERT that may say what happens on a conflict, in the database's own words."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _strategies(connection: Connection, events: list[tuple[str, dict[str, Any]]]) -> None:
    """Cards, how they ended, and their model text."""
    opened, closed, suggested = [], [], []
    for session, event in events:
        if event["type"] == "card" and event["status"] == "open":
            opened.append(
                {
                    "session_id": session,
                    "card": event["id"],
                    "trigger": event["trigger"]["type"],
                    "label": event["trigger"]["id"],
                    "variant": event["variant"],
                    "opened_at": event["at"],
                }
            )
        elif event["type"] == "card":
            why = {"closed_at": event["at"], "why": event["why"]}
            closed.append(_bound(why, _session=session, _card=event["id"]))
        elif event["type"] == "suggestion":
            text = {"suggestion": {name: event[name] for name in _SUGGESTION}}
            suggested.append(_bound(text, _session=session, _card=event["card"]))
    _run(connection, insert(tables.strategies), opened)
    _run(connection, _update_strategy("closed_at", "why"), closed)
    _run(connection, _update_strategy("suggestion"), suggested)


@cache
def _update_strategy(*changed: str) -> Any:
    where = tables.strategies.c
    return (
        update(tables.strategies)
        .where(where.session_id == bindparam("_session"), where.card == bindparam("_card"))
        .values({name: bindparam(f"new_{name}") for name in changed})
    )


_SUGGESTION = ("status", "provider", "model", "text", "timing", "usage")
_UPDATE_SESSION = (
    update(tables.sessions)
    .where(tables.sessions.c.id == bindparam("_id"))
    .values({column.name: bindparam(f"new_{column.name}") for column in tables.sessions.c if column.name != "id"})
)
