"""What managers note on a call. A note lives as long as its call."""

from typing import Any

from sqlalchemy import delete, func, insert, select

from coach.store.database import Database
from coach.store.tables import notes, sessions

NOTES_MOST = 200
"""On one call."""
_SHOWN = (notes.c.id, notes.c.author, notes.c.text, notes.c.offset, notes.c.at)


class TooManyNotes(Exception):
    """The call has as many notes as it may have."""


async def of_call(database: Database, session: str, team: str) -> list[dict[str, Any]] | None:
    """The call's notes, oldest first; None if the team has no such call. Raises `READ_ERRORS`."""
    async with database.reader.connect() as reader:
        if (await reader.execute(_team_of(session))).scalar() != team:
            return None
        rows = await reader.execute(select(*_SHOWN).where(notes.c.session_id == session).order_by(notes.c.id))
        # SQLAlchemy quotes `offset`, and names it so.
        return [{str(name): value for name, value in row.items()} for row in rows.mappings()]


async def add(database: Database, session: str, team: str, note: dict[str, Any]) -> dict[str, Any] | None:
    """Store a note (`author`, `text`, `offset`, `at`) and give it its id; None if the team has no such call.

    Raises `TooManyNotes`, `READ_ERRORS`.
    """
    async with database.writer.begin() as writer:
        if (await writer.execute(_team_of(session))).scalar() != team:
            return None
        count = await writer.execute(select(func.count()).where(notes.c.session_id == session))
        if count.scalar_one() >= NOTES_MOST:
            raise TooManyNotes
        stored = await writer.execute(insert(notes).values(session_id=session, **note).returning(notes.c.id))
        return {"id": stored.scalar_one(), **note}


async def remove(database: Database, session: str, team: str, note: int) -> bool:
    """Take a note away; whether it was there. Raises `READ_ERRORS`."""
    async with database.writer.begin() as writer:
        if (await writer.execute(_team_of(session))).scalar() != team:
            return False
        gone = await writer.execute(delete(notes).where(notes.c.id == note, notes.c.session_id == session))
        return bool(gone.rowcount)


def _team_of(session: str) -> Any:
    return select(sessions.c.team).where(sessions.c.id == session)
