"""The schema, brought up to date: by `coach migrate`, and by `coach serve` when it starts."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from coach.store.database import Database


class DatabaseAway(Exception):
    """The database cannot be written: locked, full or read-only."""


_MIGRATIONS = Path(__file__).parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for this project, on `connection`."""
    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS))
    made.attributes["connection"] = connection
    return made


async def upgrade(database: Database, revision: str = "head") -> tuple[str | None, str | None]:
    """Migrate up; (revision before, revision after). In one transaction, which holds SQLite's write lock:
    two processes that start at once do it one after the other. Raises `DatabaseAway`."""

    def run(connection: Connection) -> tuple[str | None, str | None]:
        before = MigrationContext.configure(connection).get_current_revision()
        if before != ScriptDirectory.from_config(config()).get_current_head() or revision != "head":
            command.upgrade(config(connection), revision)
        return before, MigrationContext.configure(connection).get_current_revision()

    try:
        async with database.writer.begin() as connection:
            return await connection.run_sync(run)
    except OperationalError as error:
        raise DatabaseAway(f"DATABASE_URL: {error.orig}") from None


async def downgrade(database: Database, revision: str) -> None:
    """Migrate down to `revision` (`base`: an empty database)."""
    async with database.writer.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(config(sync), revision))
