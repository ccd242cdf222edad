"""Reads. Nothing here writes but `claim`, which takes a stored session over."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from coach.store.database import Database
from coach.store.tables import events, sessions, utterances

PAGE = 200
_LISTED = (
    "id",
    "team",
    "seller",
    "metadata",
    "pack",
    "language",
    "status",
    "outcome",
    "started_at",
    "ended_at",
    "active_at",
)


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it was left: its row, its durable events (oldest first) and its acked finals."""

    row: dict[str, Any]
    events: list[bytes]
    acked: dict[str, int]
    """Highest stored `seq` of each source."""
    crashed: bool
    """Whether its last owner went without storing everything that it had published."""


async def claim(database: Database, session: str, epoch: str) -> StoredSession | None:
    """Take a stored session over, raising the fence; None if it was never stored.

    A session that was left clean keeps its epoch; after a crash it gets `epoch`, and the old one is
    remembered with the last offset that was stored. Raises `SQLAlchemyError` when the database is away.
    """
    async with database.reader.connect() as reader:
        known = (await reader.execute(select(sessions.c.status).where(sessions.c.id == session))).scalar()
    if known is None:
        return None
    # Fence and read in one transaction: what an earlier owner stores after it is refused, before it is seen.
    async with (database.claimer if known == "live" else database.reader).begin() as connection:
        found = await connection.execute(select(sessions).where(sessions.c.id == session).with_for_update())
        row = dict(found.mappings().one())
        crashed = row["status"] == "live" and not row["clean"]
        if crashed:
            row["epochs"] = [*row["epochs"], [row["epoch"], row["offset"]]]
            row["epoch"] = epoch
        if row["status"] == "live":
            row["owner"] += 1
            changed = {name: row[name] for name in ("owner", "epoch", "epochs")}
            await connection.execute(update(sessions).where(sessions.c.id == session).values(**changed, clean=False))
        stored = await connection.execute(
            select(events.c.payload).where(events.c.session_id == session).order_by(events.c.offset)
        )
        payloads = [bytes(payload) for (payload,) in stored]
        highest = await connection.execute(
            select(utterances.c.source, func.max(utterances.c.seq))
            .where(utterances.c.session_id == session)
            .group_by(utterances.c.source)
        )
        acked = {source: int(seq) for source, seq in highest}
    return StoredSession(row, payloads, acked, crashed)


async def left(database: Database, session: str) -> bool | None:
    """Whether a session was left clean, or has ended: nobody runs it; None if it was never stored."""
    query = select(sessions.c.status, sessions.c.clean).where(sessions.c.id == session)
    async with database.reader.connect() as reader:
        found = (await reader.execute(query)).first()
    return None if found is None else found.status == "ended" or bool(found.clean)


async def whose(database: Database, session: str) -> tuple[str, str] | None:
    """Team and seller of a session; None if it was never stored."""
    query = select(sessions.c.team, sessions.c.seller).where(sessions.c.id == session)
    async with database.reader.connect() as reader:
        found = (await reader.execute(query)).first()
    return None if found is None else (found.team, found.seller)


async def many(
    database: Database, team: str, *, status: str | None = None, before: int | None = None, limit: int = PAGE
) -> list[dict[str, Any]]:
    """A team's sessions, newest first, at most `limit` that started before `before` (Unix ms)."""
    query = select(*(sessions.c[name] for name in _LISTED)).where(sessions.c.team == team)
    if status is not None:
        query = query.where(sessions.c.status == status)
    if before is not None:
        query = query.where(sessions.c.started_at < before)
    async with database.reader.connect() as reader:
        rows = await reader.execute(query.order_by(sessions.c.started_at.desc(), sessions.c.id).limit(limit))
        return [dict(row) for row in rows.mappings()]


async def idle(database: Database, before: int, limit: int = PAGE) -> list[str]:
    """Live sessions in which nothing happened since `before` (Unix ms)."""
    query = select(sessions.c.id).where(sessions.c.status == "live", sessions.c.active_at < before).limit(limit)
    async with database.reader.connect() as reader:
        return [name for (name,) in await reader.execute(query)]
