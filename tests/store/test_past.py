"""What is over, read on both databases the same."""

from typing import Any

import orjson

from coach.store import notes, past
from coach.store.batch import Batch, StoredEvent, StoredFinal
from coach.store.database import Database
from coach.store.past import Place, Wanted
from coach.store.writer import store
from tests.store.test_fence import ROW


def finished(session: str, started_at: int, *texts: str, **row: Any) -> Batch:
    """A call that is over, with its summary."""
    finals = [
        StoredFinal(
            "main", seq, {"utterance": f"u{seq}", "speaker": "client", "text": text, "language": "pl", **_TIMES}
        )
        for seq, text in enumerate(texts, 1)
    ]
    last = [
        {"type": "summary", "offset": 1, "at": 5, "objections": [], "session": session},
        {"type": "ended", "offset": 2, "at": 5},
    ]
    over = {"status": "ended", "ended_at": started_at + 9, "offset": 2, "clean": True}
    events = [StoredEvent(event, orjson.dumps(event)) for event in last]
    batch = Batch(session, {**ROW, **over, "started_at": started_at, **row}, 1, True, finals, events)
    batch.metrics = {"churn_risk": 10.5, "at": started_at}
    return batch


_TIMES = {"start_ms": 0, "end_ms": 1, "at": 5}


async def keep(database: Database, *batches: Batch) -> None:
    async with database.writer.begin() as connection:
        assert await connection.run_sync(store, list(batches)) == set()


async def ids(database: Database, after: Place | None = None, limit: int = 10, **wanted: Any) -> list[str]:
    return [call.id for call in await past.finished(database, Wanted("north", **wanted), after, limit)]


async def test_finished_calls_are_found_newest_first_and_in_pages(database: Database) -> None:
    await keep(
        database,
        finished("a", 100),
        finished("b", 200, metadata={"seller": "Łucja Żak"}, outcome="won"),
        finished("c", 200, language="de"),
        finished("d", 300, team="south"),
        Batch("live", ROW, 1, True),
    )
    assert await ids(database) == ["b", "c", "a"]
    assert await ids(database, limit=1) == ["b"]
    assert await ids(database, Place(200, "b")) == ["c", "a"]
    assert await ids(database, seller="łucja żak") == ["b"]
    assert await ids(database, seller="ANNA") == ["c", "a"]
    assert await ids(database, seller="%") == []
    assert await ids(database, outcome="none", language="en") == ["a"]
    assert await ids(database, since=150, until=250) == ["b", "c"]
    calls = [call async for some in past.counted(database, Wanted("north")) for call in some]
    assert [(call.id, call.summary["session"]) for call in calls] == [("b", "b"), ("c", "c"), ("a", "a")]


async def test_the_first_line_with_the_text_is_found_whatever_its_case(database: Database) -> None:
    await keep(
        database, finished("a", 1, "dzień dobry", "TO ZA DUŻO", "za dużo, naprawdę"), finished("b", 2, "100 % pewne_go")
    )
    found = await past.lines(database, ["a", "b"], "za dużo")
    assert [(name, line["utterance"]) for name, line in found.items()] == [("a", "u2")]
    assert list(await past.lines(database, ["a", "b"], "100 % pewne_")) == ["b"]
    assert await past.lines(database, ["a", "b"], "100 _") == {}


async def test_figures_as_they_went_are_the_teams(database: Database) -> None:
    await keep(database, finished("a", 1))
    later = finished("a", 2)
    await keep(database, Batch("a", later.row, 1, False, metrics={"churn_risk": 20.0, "at": 7}))
    # The same millisecond again: the newest figures stay.
    await keep(database, Batch("a", later.row, 1, False, metrics={"churn_risk": 30.0, "at": 7}))
    assert await past.figures(database, "a", "north") == [{"at": 1, "churn_risk": 10.5}, {"at": 7, "churn_risk": 30.0}]
    assert await past.figures(database, "a", "south") is None


async def test_notes_are_the_teams(database: Database) -> None:
    await keep(database, finished("a", 1))
    fields = {"author": "ewa", "text": "Zażółć", "offset": None, "at": 5}
    made = await notes.add(database, "a", "north", fields)
    assert made == {"id": 1, **fields}
    assert await notes.add(database, "a", "south", fields) is None
    assert await notes.of_call(database, "a", "north") == [made]
    assert await notes.of_call(database, "a", "south") is None
    assert not await notes.remove(database, "a", "south", 1)
    assert await notes.remove(database, "a", "north", 1)
    assert await notes.of_call(database, "a", "north") == []
