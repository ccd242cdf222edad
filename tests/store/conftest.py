"""The same tests on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coach.store.database import Database, open_database
from coach.store.migrate import upgrade
from tests.services import fresh_database


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A database without a schema."""
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path}/coach.db")
        yield database
        await database.close()
        return
    async with fresh_database(request.getfixturevalue("postgres")) as url:
        database = open_database(url)
        yield database
        await database.close()


@pytest.fixture
async def database(empty: Database) -> Database:
    """A database with the schema."""
    await upgrade(empty)
    return empty
