"""SQLite: one file, one writer at a time, readers that do not wait for it."""

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_MS = 500
"""How long a write waits for another process's lock before it counts as unavailable."""
READERS = 4

AWAY = (OperationalError, InterfaceError, sqlite3.OperationalError, OSError)
"""The database does not answer, for whatever is written; anything else is the fault of what is written."""


def engine(url: URL, synchronous: str, *, write: bool) -> AsyncEngine:
    """An engine on the file of `url`. `synchronous`: SQLite's PRAGMA; FULL means that a commit is on the disk."""
    made = create_async_engine(
        url, pool_size=1 if write else READERS, max_overflow=0, connect_args={"timeout": BUSY_MS / 1000}
    )

    @event.listens_for(made.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # The driver's own BEGIN comes late and is deferred: a writer that upgrades its lock may deadlock.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            f"busy_timeout = {BUSY_MS}",
            "foreign_keys = ON",
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(made.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return made


async def empty_log(writer: AsyncEngine) -> bool:
    """Empty the write-ahead log, where deleted pages live on; False if a reader holds it up."""
    try:
        async with writer.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            cursor = await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = await cursor.fetchone()
            await cursor.close()
    except (SQLAlchemyError, sqlite3.Error, OSError):
        return False
    return row is not None and row[0] == 0
