"""Erasing tells who asked what the database said."""

import asyncio
from pathlib import Path

import pytest

from coach.store.database import open_database
from coach.store.migrate import upgrade
from coach.store.writer import EraseError, StoreWriter

pytestmark = pytest.mark.timeout(20)


async def test_a_database_that_cannot_be_read_refuses_and_the_writer_goes_on(tmp_path: Path) -> None:
    """The driver's own error comes where a connection is made: it ended the writer, and the server with it."""
    file = tmp_path / "coach.db"
    database = open_database(f"sqlite:///{file}")
    await upgrade(database)
    await database.close()
    for part in tmp_path.glob("coach.db*"):
        part.write_bytes(b"not a database, whatever its name says" * 200)
    writer = StoreWriter(database)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(writer.run())
        for _ in range(2):
            with pytest.raises(EraseError):
                async with asyncio.timeout(5):
                    await writer.erase("call", None)
        assert not task.done()
        task.cancel()
    await database.close()
