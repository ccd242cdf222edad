"""SQLite: one file, one writer at a time, readers that do not wait for it."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_MS = 500
"""How long a write waits for another process's lock before it counts as unavailable."""
READERS = 4

AWAY = (OperationalError, InterfaceError, sqlite3.OperationalError, OSError)
"""The database does not answer, for whatever is written; anything else is the fault of what is written."""

_T = TypeVar("_T")
_CONNECT = {"timeout": BUSY_MS / 1000}


def engine(url: URL, synchronous: str, *, write: bool) -> AsyncEngine:
    """An engine on the file of `url`. `synchronous`: SQLite's PRAGMA; FULL means that a commit is on the disk."""
    made = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"), pool_size=1 if write else READERS, max_overflow=0, connect_args=_CONNECT
    )
    _prepare(made.sync_engine, synchronous, write=write)
    return made


class Committer:
    """Runs whole transactions in one thread of its own.

    The asynchronous driver takes a turn of the loop for each statement: a commit of a dozen statements would wait
    for a dozen turns of whatever else the loop does.
    """

    def __init__(self, url: URL, synchronous: str) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite+pysqlite"), pool_size=1, max_overflow=0, connect_args=_CONNECT
        )
        _prepare(self._engine, synchronous, write=True)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")

    async def transact(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` gives, committed. Raises what it raises, rolled back. Cancelled, it still runs to its end."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def close(self) -> None:
        """Let the running transaction end, and close the connection."""
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()

    def _run(self, work: Callable[[Connection], _T]) -> _T:
        with self._engine.begin() as connection:
            return work(connection)


def _prepare(engine: Engine, synchronous: str, *, write: bool) -> None:
    @event.listens_for(engine, "connect")
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

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


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
