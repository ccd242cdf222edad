"""One owner: what an earlier owner still writes is refused."""

from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from coach.store import queries
from coach.store.batch import Batch, StoredEvent
from coach.store.database import open_database
from coach.store.migrate import upgrade
from coach.store.tables import sessions, verdicts
from coach.store.writer import store

ROW: dict[str, Any] = {
    "team": "north",
    "seller": "anna",
    "pack": "general",
    "language": "en",
    "ui_language": "en",
    "metadata": {},
    "status": "live",
    "outcome": None,
    "started_at": 1,
    "active_at": 2,
    "ended_at": None,
    "epoch": "one",
    "epochs": [],
    "offset": 1,
    "owner": 1,
    "clean": False,
    "core": b"{}",
}


def event(offset: int) -> StoredEvent:
    return StoredEvent({"type": "whisper", "offset": offset, "at": 5}, b'{"type":"whisper"}')


async def test_batch_of_an_earlier_owner_is_refused_whole(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/coach.db")
    try:
        await upgrade(database)
        async with database.writer.begin() as connection:
            refused = await connection.run_sync(store, [Batch("call", ROW, 1, True, events=[event(1)])])
        assert refused == set()
        taken = await queries.claim(database, "call", "two")
        assert taken is not None and (taken.row["owner"], taken.row["epoch"]) == (2, "two")
        assert taken.row["epochs"] == [["one", 1]] and len(taken.events) == 1
        async with database.writer.begin() as connection:
            zombie = Batch("call", {**ROW, "offset": 2}, 1, False, events=[event(2)])
            other = Batch("fresh", ROW, 1, True, events=[event(1)])
            refused = await connection.run_sync(store, [zombie, other])
        assert refused == {"call"}
        again = await queries.claim(database, "call", "three")
        assert again is not None and len(again.events) == 1
        assert "fresh" in [row["id"] for row in await queries.many(database, "north")]
    finally:
        await database.close()


async def test_clean_session_keeps_its_epoch(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/coach.db")
    try:
        await upgrade(database)
        async with database.writer.begin() as connection:
            await connection.run_sync(store, [Batch("call", {**ROW, "clean": True}, 1, True)])
        taken = await queries.claim(database, "call", "two")
        assert taken is not None and (taken.row["epoch"], taken.row["epochs"]) == ("one", [])
        crashed = await queries.claim(database, "call", "three")
        assert crashed is not None and crashed.row["epoch"] == "three"
    finally:
        await database.close()


async def test_verdicts_are_kept_with_their_session_and_go_with_it(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/coach.db")
    found = {"objections": [{"category": "price", "quote": "too expensive"}], "signals": []}
    row = {"source": "main", "utterance": "u1", "provider": "openai", "model": "m", "verdict": found, "at": 7}
    try:
        await upgrade(database)
        async with database.writer.begin() as connection:
            await connection.run_sync(store, [Batch("call", ROW, 1, True, verdicts=[row])])
        async with database.reader.connect() as connection:
            kept = (await connection.execute(select(verdicts))).mappings().all()
        assert [dict(each) for each in kept] == [{"session_id": "call", **row}]
        async with database.writer.begin() as connection:
            await connection.execute(delete(sessions))
        async with database.reader.connect() as connection:
            assert (await connection.execute(select(verdicts))).first() is None
    finally:
        await database.close()
