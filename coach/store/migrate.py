"""The schema, brought up to date: by `coach migrate`, and by `coach serve` when it starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from coach.store.database import Database, reason


class DatabaseAway(Exception):
    """The database cannot be written: not there, locked, full or read-only."""


_LOCK = 0x636F616368
"""The advisory lock of a migration: "coach" in ASCII."""
_MIGRATIONS = Path(__file__).parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for this project, on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS))
    made.attributes["connection"] = connection
    return made


async def upgrade(database: Database, revision: str = "head") -> tuple[str | None, str | None]:
    """Migrate up; (revision before, revision after). In one transaction that holds SQLite's write lock, or a lock
    of its own: two processes that start at once do it one after the other. Raises `DatabaseAway`."""

    def run(connection: Connection) -> tuple[str | None, str | None]:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        before = MigrationContext.configure(connection).get_current_revision()
        if before != head() or revision != "head":
            command.upgrade(config(connection), revision)
        return before, MigrationContext.configure(connection).get_current_revision()

    try:
        async with database.migrator.begin() as connection:
            return await connection.run_sync(run)
    except Exception as error:
        if not database.away(error):
            raise
        raise DatabaseAway(f"DATABASE_URL: {database.name}: {reason(error)}") from None


def head() -> str | None:
    """The newest revision there is."""
    return ScriptDirectory.from_config(config()).get_current_head()


async def downgrade(database: Database, revision: str) -> None:
    """Migrate down to `revision` (`base`: an empty database)."""
    async with database.migrator.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), revision))


async def revision(database: Database) -> str | None:
    """The schema's revision, found in a transaction that could write; None: there is none yet. Raises `READ_ERRORS`."""
    async with database.writer.begin() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
