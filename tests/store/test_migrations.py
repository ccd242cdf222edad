"""The schema: up, down, and the same as the tables in the code."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from coach.store.database import Database
from coach.store.migrate import config, downgrade, revision, upgrade
from coach.store.tables import metadata

HEAD = ScriptDirectory.from_config(config()).get_current_head()


async def tables(database: Database) -> set[str]:
    async with database.reader.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return set(names) - {"alembic_version"}


async def test_up_down_up(empty: Database) -> None:
    assert await revision(empty) is None
    assert await upgrade(empty) == (None, HEAD)
    assert await tables(empty) == set(metadata.tables)
    assert await upgrade(empty) == (HEAD, HEAD)
    await downgrade(empty, "base")
    assert await tables(empty) == set()
    assert (await upgrade(empty))[1] == await revision(empty) == HEAD


async def test_migrations_give_the_tables_of_the_code(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.reader.connect() as connection:
        assert await connection.run_sync(differences) == []
