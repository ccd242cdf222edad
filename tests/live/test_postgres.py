"""A server on PostgreSQL: calls are kept, and a database that is away costs a call nothing."""

import asyncio

import pytest

from coach.store import postgres as engines
from tests.conftest import Serve
from tests.services import Postgres
from tests.talk import turn

TOO_DEAR = "Honestly, that's far too expensive for us."


async def test_call_is_kept_and_resumed_by_the_next_process(serve: Serve, postgres_url: str) -> None:
    async with serve(database_url=postgres_url) as live:
        seller = await live.join()
        events = await seller.say(turn(1, TOO_DEAR))
        assert {"transcript", "objection", "card"} <= {e["type"] for e in events}
        assert seller.of("ack") == [{**seller.of("ack")[0], "seq": 1, "stored": "database"}]
        offset, epoch = seller.durable()[-1]["offset"], seller.welcome["epoch"]
    async with serve(database_url=postgres_url) as live:
        again = await live.join(after=0, epoch=epoch)
        assert again.welcome["resumed"] and again.welcome["acked"] == 1
        await again.ping()
        assert [e["offset"] for e in again.durable()][: offset + 1] == list(range(1, offset + 1))
        await again.send({"type": "end", "outcome": "won"})
        await again.until("ended")
        async with live.http() as http:
            assert (await http.delete("/api/sessions/call")).status_code == 204
            assert (await http.get("/api/sessions/call")).status_code == 404


async def test_database_that_goes_and_comes_back(serve: Serve, postgres: Postgres, postgres_url: str) -> None:
    async with serve(database_url=postgres_url) as live:
        seller = await live.join()
        await seller.say(turn(1, "Hello there."))
        await asyncio.to_thread(postgres.stop)
        await seller.send(turn(2, TOO_DEAR))
        await seller.until("card")
        late = await seller.until("error")
        assert late["code"] == "unavailable" and not late["fatal"]
        await seller.ping()
        assert [e["seq"] for e in seller.of("ack")] == [1]
        await asyncio.to_thread(postgres.start)
        assert (await seller.until("ack"))["seq"] == 2
        assert len(seller.of("error")) == 1


async def test_database_that_hangs(
    serve: Serve, postgres: Postgres, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "ANSWER_S", 0.3)
    monkeypatch.setattr(engines, "CONNECT_S", 0.3)
    async with serve(database_url=postgres_url) as live:
        seller = await live.join()
        await seller.say(turn(1, "Hello there."))
        postgres.pause()
        try:
            await seller.send(turn(2, TOO_DEAR))
            await seller.until("card")
            assert (await seller.until("error"))["code"] == "unavailable"
        finally:
            postgres.resume()
        assert (await seller.until("ack"))["seq"] == 2
