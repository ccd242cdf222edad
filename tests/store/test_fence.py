"""One owner: what an earlier owner still writes is refused."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError

from coach.store import queries, tables
from coach.store.batch import Batch, Journal, StoredEvent
from coach.store.database import Database, open_database
from coach.store.migrate import upgrade
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


async def test_batch_of_an_earlier_owner_is_refused_whole(database: Database) -> None:
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


class Owner:
    """Of a journal that is written by hand."""

    def row(self) -> dict[str, Any]:
        return ROW

    def stored(self, acked: dict[str, int]) -> None: ...
    def unavailable(self, retry_after_ms: int) -> None: ...
    def fenced(self) -> None: ...
    def broken(self) -> None: ...


async def test_feedback_that_is_written_again_is_there_once(database: Database) -> None:
    journal = Journal(Owner(), "call", 1, new=True, wake=lambda _: None)
    journal.touch()
    for card in ("c1", "c1", "c2"):
        async with database.writer.begin() as connection:
            await connection.run_sync(store, [journal.take()])
        journal.written()
        journal.rated({"card": card, "rating": 1, "used": None, "comment": None, "at": 5})
    batch = journal.take()
    for _ in range(2):
        async with database.writer.begin() as connection:
            await connection.run_sync(store, [batch])
    async with database.reader.connect() as connection:
        cards = (await connection.execute(select(tables.feedback.c.card))).scalars().all()
    assert sorted(cards) == ["c1", "c1", "c2"]


async def test_clean_session_keeps_its_epoch(database: Database) -> None:
    async with database.writer.begin() as connection:
        await connection.run_sync(store, [Batch("call", {**ROW, "clean": True}, 1, True)])
    taken = await queries.claim(database, "call", "two")
    assert taken is not None and (taken.row["epoch"], taken.row["epochs"]) == ("one", [])
    crashed = await queries.claim(database, "call", "three")
    assert crashed is not None and crashed.row["epoch"] == "three"


async def test_verdicts_are_kept_with_their_session_and_go_with_it(database: Database) -> None:
    found = {"objections": [{"category": "price", "quote": "too expensive"}], "signals": []}
    row = {"source": "main", "utterance": "u1", "provider": "openai", "model": "m", "verdict": found, "at": 7}
    async with database.writer.begin() as connection:
        await connection.run_sync(store, [Batch("call", ROW, 1, True, verdicts=[row])])
    async with database.reader.connect() as connection:
        kept = (await connection.execute(select(tables.verdicts))).mappings().all()
    assert [dict(each) for each in kept] == [{"session_id": "call", **row}]
    async with database.writer.begin() as connection:
        await connection.execute(delete(tables.sessions))
    async with database.reader.connect() as connection:
        assert (await connection.execute(select(tables.verdicts))).first() is None


async def test_newest_profile_and_metrics_are_kept_beside_each_other(database: Database) -> None:
    names = ("ranking", "stable", "disc", "big_five", "evidence")
    archetype: dict[str, Any] = {"type": "archetype", "offset": 1, "at": 5, **dict.fromkeys(names, []), "stable": None}
    first = Batch("call", ROW, 1, True, events=[StoredEvent(archetype, b"{}")], metrics={"churn_risk": 1, "at": 5})
    later = Batch("call", ROW, 1, False, metrics={"churn_risk": 2, "at": 5})
    for batch in (first, later):
        async with database.writer.begin() as connection:
            await connection.run_sync(store, [batch])
    async with database.reader.connect() as connection:
        rows = (await connection.execute(select(tables.profiles.c.profile, tables.profiles.c.metrics))).all()
    assert [tuple(row) for row in rows] == [({**dict.fromkeys(names, []), "stable": None}, {"churn_risk": 2, "at": 5})]


async def test_of_two_owners_that_begin_the_same_session_one_is_refused(postgres_url: str) -> None:
    """Both see no row, both insert: the database lets one through, and the other one learns that it has no session."""
    mine, rival = open_database(postgres_url), open_database(postgres_url)
    anna, ben = (Batch("call", {**ROW, "seller": name}, 1, True) for name in ("anna", "ben"))
    try:
        await upgrade(mine)
        async with asyncio.TaskGroup() as group, mine.writer.begin() as connection:
            await connection.run_sync(store, [anna])
            late = group.create_task(_fails(rival, ben), name="ben")
            await _blocked(mine)
        assert late.result()
        async with rival.writer.begin() as connection:
            assert await connection.run_sync(store, [ben]) == {"call"}
        assert [row["seller"] for row in await queries.many(mine, "north")] == ["anna"]
    finally:
        await mine.close()
        await rival.close()


async def _fails(database: Database, batch: Batch) -> bool:
    with pytest.raises(IntegrityError):
        async with database.writer.begin() as connection:
            await connection.run_sync(store, [batch])
    return True


async def _blocked(database: Database) -> None:
    """Waits until somebody waits for a lock in this database."""
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(5), database.reader.connect() as connection:
        while not (await connection.execute(waits)).scalar():
            await connection.rollback()
