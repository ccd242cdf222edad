"""`coach migrate`."""

import asyncio

import typer

from coach.settings import load
from coach.store.database import open_database
from coach.store.migrate import upgrade


def migrate() -> None:
    """Bring the database's schema up to date."""
    asyncio.run(_migrate(load().database_url))


async def _migrate(url: str) -> None:
    database = open_database(url)
    try:
        before, after = await upgrade(database)
    finally:
        await database.close()
    typer.echo(f"schema {after}: " + ("was up to date" if before == after else f"migrated from {before or 'nothing'}"))
