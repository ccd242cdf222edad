"""The schema: up, down, and the same as the tables in the code."""

import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from coach.store.database import open_database
from coach.store.migrate import downgrade, upgrade
from coach.store.tables import metadata


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as database:
        found = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return found - {"alembic_version"}


async def test_up_down_up(tmp_path: Path) -> None:
    file = tmp_path / "coach.db"
    database = open_database(f"sqlite:///{file}")
    try:
        assert await upgrade(database) == (None, "0002")
        assert tables(file) == set(metadata.tables)
        assert await upgrade(database) == ("0002", "0002")
        await downgrade(database, "base")
        assert tables(file) == set()
        assert (await upgrade(database))[1] == "0002"
    finally:
        await database.close()


async def test_migrations_give_the_tables_of_the_code(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/coach.db")

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    try:
        await upgrade(database)
        async with database.reader.connect() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await database.close()
