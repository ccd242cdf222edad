"""Engines: where the data is. The only place that reads `DATABASE_URL`."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from coach.settings import SettingsError
from coach.store import postgres, sqlite

FORMS = "`sqlite:///FILE`, `postgresql://USER:PASSWORD@HOST/DATABASE` or `memory`"
READ_ERRORS = (SQLAlchemyError, sqlite3.Error, OSError, TimeoutError)
"""What a database raises that is away: a driver's own errors pass where a connection is made."""
_SCRATCH = "coach-memory-"
_T = TypeVar("_T")


def reason(error: BaseException) -> str:
    """What the driver says, without SQLAlchemy's words around it."""
    return str(getattr(error, "orig", None) or error) or type(error).__name__


@dataclass(frozen=True, slots=True)
class Database:
    """Engines on one database: SQLite has one writer at a time, and readers must not wait for it."""

    reader: AsyncEngine
    writer: AsyncEngine
    migrator: AsyncEngine
    stored: Literal["database", "memory"]
    """What an ack may say."""
    committer: sqlite.Committer | None = None
    """Of SQLite."""
    scratch: Path | None = None

    @property
    def shared(self) -> bool:
        """Whether several processes may write to it at once."""
        return self.writer.dialect.name == "postgresql"

    @property
    def claimer(self) -> AsyncEngine:
        """Where sessions are taken over: in turn with the writes on SQLite, beside them on PostgreSQL."""
        return self.reader if self.shared else self.writer

    @property
    def kind(self) -> str:
        """`sqlite`, `postgresql` or `memory`."""
        return "memory" if self.stored == "memory" else self.writer.dialect.name

    @property
    def name(self) -> str:
        """The URL without its password, to be shown."""
        if self.stored == "memory":
            return "memory"
        return self.writer.url.set(drivername=self.writer.dialect.name).render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """Where a database of one machine is kept; None: elsewhere, or nowhere."""
        name = None if self.shared or self.scratch is not None else self.writer.url.database
        return Path(name) if name else None

    async def transact(self, work: Callable[[Connection], _T]) -> _T:
        """What `work` gives, in one committed transaction, in turn with all other writes.

        Raises what `work` and the driver raise, rolled back. Cancelled, a commit of SQLite may still happen.
        """
        if self.committer is None:
            async with self.writer.begin() as connection:
                return await connection.run_sync(work)
        # The writer's only connection, taken and not used, is the turn.
        async with self.writer.connect():
            return await self.committer.transact(work)

    def away(self, error: BaseException) -> bool:
        """Whether an error means that the database does not answer, not that what was written is wrong."""
        return postgres.is_away(error) if self.shared else isinstance(error, sqlite.AWAY)

    async def forget_deleted(self) -> bool:
        """Have deleted rows leave the disk; False if somebody who reads holds it up: try again.

        PostgreSQL's own vacuum does it there, in its time.
        """
        return True if self.shared else await sqlite.empty_log(self.writer)

    async def close(self) -> None:
        """Close all connections; with `memory`, forget everything."""
        if self.committer is not None:
            await self.committer.close()
        await self.reader.dispose()
        await self.writer.dispose()
        await self.migrator.dispose()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def is_shared(url: str) -> bool:
    """Whether several processes may use the database at `url` at once: PostgreSQL only."""
    return url.startswith(("postgres:", "postgresql:", "postgresql+"))


def open_database(url: str) -> Database:
    """The database at `url`. Opens no connection yet.

    Raises `SettingsError` for a URL that cannot be used.
    """
    if url == "memory":
        _forget_the_dead()
        scratch = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-"))
        file = URL.create("sqlite", database=str(scratch / "coach.db"))
        return _sqlite(file, "OFF", "memory", scratch)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError(f"DATABASE_URL: must be {FORMS}") from None
    if is_shared(url):
        if not parsed.database:
            raise SettingsError("DATABASE_URL: names no database: postgresql://USER:PASSWORD@HOST/DATABASE")
        return Database(
            postgres.engine(parsed, write=False),
            postgres.engine(parsed, write=True),
            postgres.engine(parsed, write=True, patient=True),
            "database",
        )
    if parsed.database == ":memory:":
        raise SettingsError("DATABASE_URL: for a database in memory say `memory`")
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise SettingsError(f"DATABASE_URL: `{parsed.drivername}` is not supported; use {FORMS}")
    path = Path(parsed.database).expanduser()
    folder = path.resolve().parent
    if not folder.is_dir():
        raise SettingsError(f"DATABASE_URL: there is no folder {folder}")
    # FULL: an ack means the disk has it, not only the page cache.
    return _sqlite(parsed.set(database=str(path)), "FULL", "database")


def _sqlite(
    file: URL, synchronous: str, stored: Literal["database", "memory"], scratch: Path | None = None
) -> Database:
    writer = sqlite.engine(file, synchronous, write=True)
    reader = sqlite.engine(file, synchronous, write=False)
    return Database(reader, writer, writer, stored, sqlite.Committer(file, synchronous), scratch)


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
