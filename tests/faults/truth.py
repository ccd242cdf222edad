"""What the database holds, read past the code under test."""

import contextlib
import sqlite3
from typing import Any

import asyncpg
import orjson

from tests.faults.history import Stored

_SESSIONS = "SELECT id, epoch, epochs FROM sessions"
_FINALS = "SELECT session_id, source, seq, text FROM utterances"
_EVENTS = 'SELECT session_id, "offset", payload FROM events ORDER BY session_id, "offset"'


async def read(url: str) -> dict[str, Stored]:
    """Every session by its id. `url`: `sqlite:///FILE`, or a PostgreSQL where `postgres` is the superuser."""
    if url.startswith("sqlite:///"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            rows = [file.execute(query).fetchall() for query in (_SESSIONS, _FINALS, _EVENTS)]
    else:
        # Rows are hidden from whoever names no team.
        connection = await asyncpg.connect(url, user="postgres")
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                rows = [await connection.fetch(query) for query in (_SESSIONS, _FINALS, _EVENTS)]
        finally:
            await connection.close()
    sessions, finals, events = rows
    stored = {
        name: Stored(epoch, [(past, end) for past, end in _json(epochs)], [], []) for name, epoch, epochs in sessions
    }
    for name, source, seq, text in finals:
        stored[name].finals.append((source, seq, text))
    for name, offset, payload in events:
        stored[name].events.append((offset, orjson.loads(payload)))
    return stored


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, (str, bytes)) else value
