"""Engines: where the data is, and how SQLite is opened. The only place that reads `DATABASE_URL`."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from coach.settings import SettingsError

BUSY_MS = 500
"""How long a write waits for another process's lock before it counts as unavailable."""


_SCRATCH = "coach-memory-"


@dataclass(frozen=True, slots=True)
class Database:
    """Two engines on one database: SQLite has one writer at a time, and readers must not wait for it."""

    reader: AsyncEngine
    writer: AsyncEngine
    stored: Literal["database", "memory"]
    """What an ack may say."""
    scratch: Path | None = None

    async def close(self) -> None:
        """Close all connections; with `memory`, forget everything."""
        await self.reader.dispose()
        await self.writer.dispose()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def open_database(url: str) -> Database:
    """The database at `url`. Opens no connection yet.

    Raises `SettingsError` for a URL that cannot be used.
    """
    if url == "memory":
        _forget_the_dead()
        scratch = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-"))
        file = URL.create("sqlite+aiosqlite", database=str(scratch / "coach.db"))
        return Database(_sqlite(file, "OFF", write=False), _sqlite(file, "OFF", write=True), "memory", scratch)
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("DATABASE_URL: must be `sqlite:///FILE` or `memory`") from None
    if parsed.database == ":memory:":
        raise SettingsError("DATABASE_URL: for a database in memory say `memory`")
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise SettingsError(
            f"DATABASE_URL: `{parsed.drivername}` is not supported yet; use `sqlite:///FILE` or `memory`"
        )
    path = Path(parsed.database).expanduser()
    folder = path.resolve().parent
    if not folder.is_dir():
        raise SettingsError(f"DATABASE_URL: there is no folder {folder}")
    file = parsed.set(drivername="sqlite+aiosqlite", database=str(path))
    # FULL: an ack means the disk has it, not only the page cache.
    return Database(_sqlite(file, "FULL", write=False), _sqlite(file, "FULL", write=True), "database")


def _forget_the_dead() -> None:
    """Scratch of processes that were killed: `memory` must not outlive them for long."""
    for path in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*"):
        owner = path.name.removeprefix(_SCRATCH).partition("-")[0]
        try:
            os.kill(int(owner), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(path, ignore_errors=True)
        except PermissionError:
            pass


def _sqlite(url: URL, synchronous: str, *, write: bool) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=1 if write else 4, max_overflow=0, connect_args={"timeout": BUSY_MS / 1000}
    )

    @event.listens_for(engine.sync_engine, "connect")
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

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
