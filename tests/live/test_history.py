"""What is over: finished calls searched and counted, their figures as they went, and what managers note."""

from typing import Any

import httpx
import pytest

from coach.http.figures import Count
from coach.store import past
from tests.conftest import Serve
from tests.talk import SECRET, Live, Talker, token, turn

TOO_MUCH = "honestly it is way too expensive for us"
COLLEAGUE = "and I would have to ask my wife about that first"


async def finish(live: Live, session: str, *lines: str, outcome: str | None = "won", **hello: Any) -> Talker:
    """A call in which the client says these lines, over and stored."""
    call = await live.join(session, **hello)
    for number, line in enumerate(lines, 1):
        await call.say(turn(number, line))
    await call.send({"type": "end", **({"outcome": outcome} if outcome else {})})
    await call.until("ended")
    await live.coach.writer.flushed()
    return call


async def found(http: httpx.AsyncClient, **query: Any) -> list[str]:
    """Ids of the finished calls that fit, over all pages."""
    names: list[str] = []
    while True:
        page = (await http.get("/api/history", params=query)).json()
        names += [call["id"] for call in page["calls"]]
        if page["next"] is None:
            return names
        query["after"] = page["next"]


async def test_history_finds_calls_by_what_was_said_and_by_how_they_ended(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        await finish(live, "one", TOO_MUCH, metadata={"seller": "Łucja Żak"})
        await finish(live, "two", "bitte ŻÓŁĆ, 100% sure_thing", outcome="lost", metadata={"seller": "Grace"})
        await finish(live, "three", COLLEAGUE, outcome=None, pack="saas", metadata={"seller": "Grace"})
        await live.join("running")
        assert await found(http) == ["three", "two", "one"]
        assert await found(http, limit=1) == ["three", "two", "one"]
        assert await found(http, text="TOO expensive") == ["one"]
        assert await found(http, text="żółć") == ["two"]
        assert await found(http, text="100% sure_") == ["two"]
        assert await found(http, text="100_ sure") == []
        assert await found(http, seller="łucja") == ["one"]
        assert await found(http, seller="grace", outcome="none") == ["three"]
        assert await found(http, outcome="lost") == ["two"]
        assert await found(http, pack="saas", language="en") == ["three"]
        assert await found(http, objection="price") == ["one"]
        one = (await http.get("/api/history", params={"text": "expensive"})).json()["calls"][0]
        assert one["objections"] == [{"category": "price", "status": "confirmed"}]
        assert (one["line"]["utterance"], one["line"]["text"]) == ("u1", TOO_MUCH)
        began = one["started_at"]
        assert await found(http, since=began, until=began + 1, seller="łucja") == ["one"]
        assert await found(http, until=began) == []


async def test_a_search_goes_on_where_it_stopped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "SEARCHED", 2)
    async with serve() as live, live.http() as http:
        for number in range(5):
            await finish(live, f"call-{number}", TOO_MUCH if number in (0, 3) else COLLEAGUE)
        page = (await http.get("/api/history", params={"text": "expensive"})).json()
        assert ([call["id"] for call in page["calls"]], page["searched"]) == (["call-3"], 2)
        assert page["next"] is not None
        assert await found(http, text="expensive") == ["call-3", "call-0"]
        assert await found(http, text="expensive", limit=1) == ["call-3", "call-0"]


async def test_figures_count_by_seller_by_objection_and_over_time(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        await finish(live, "one", TOO_MUCH, "okay then the price is fine", metadata={"seller": "Anna"})
        await finish(live, "two", TOO_MUCH, outcome="lost", metadata={"seller": "Grace"})
        await finish(live, "three", "hello there", outcome=None, metadata={"seller": "Grace"})
        figures = (await http.get("/api/figures")).json()
        assert figures["total"] == {"calls": 3, "won": 1, "next_step": 0, "lost": 1, "raised": 2, "handled": 1}
        assert [(s["seller"], s["calls"], s["won"], s["raised"]) for s in figures["sellers"]] == [
            ("Grace", 2, 0, 1),
            ("Anna", 1, 1, 1),
        ]
        price = figures["objections"][0]
        assert (price["category"], price["calls"], price["raised"], price["handled"], price["won"]) == (
            *("price", 2, 2, 1, 1),
        )
        assert figures["complete"] is True
        (day,) = figures["periods"]
        assert (day["calls"], day["objections"]) == (3, {"price": [2, 1]})
        assert (await http.get("/api/figures", params={"seller": "Anna"})).json()["total"]["calls"] == 1


def test_periods_begin_where_the_reader_is_and_have_no_gaps() -> None:
    summary: dict[str, Any] = {"objections": [], "metrics": {}}
    late = 1_795_649_400_000  # 2026-11-25 23:30 UTC, a Wednesday
    days = Count("day", 60)
    for at in (late, late - 3 * 86_400_000):
        days.add("anna", at, None, summary)
    counted = days.figures(complete=True).periods
    assert [(str(period.start), period.calls) for period in counted] == [
        ("2026-11-23", 1),
        ("2026-11-24", 0),
        ("2026-11-25", 0),
        ("2026-11-26", 1),
    ]
    weeks = Count("week", 0)
    weeks.add("anna", late, None, summary)
    assert str(weeks.figures(complete=True).periods[0].start) == "2026-11-23"


async def test_figures_of_a_call_are_kept_as_they_went(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        call = await finish(live, "one", "hello there", TOO_MUCH, "could I take it for a test drive")
        told = [
            {k: v for k, v in e.items() if k not in ("type", "session", "utterance", "source")}
            for e in call.of("metrics")
        ]
        kept = (await http.get("/api/sessions/one/metrics")).json()["metrics"]
        assert len(kept) > 1 and all(figures in told for figures in kept)
        assert kept[-1] == told[-1]
        assert (await http.get("/api/sessions/two/metrics")).status_code == 404


async def test_notes_live_as_long_as_their_call(serve: Serve, tmp_path: Any) -> None:
    async with serve() as live, live.http() as http:
        await finish(live, "one", TOO_MUCH)
        path = "/api/sessions/one/notes"
        made = (await http.post(path, json={"text": "zebracanary: ask for the budget first", "offset": 1})).json()
        assert (made["author"], made["offset"]) == ("anonymous", 1)
        other = (await http.post(path, json={"text": "well done"})).json()
        assert (await http.get(path)).json() == {"notes": [made, other]}
        assert (await http.delete(f"{path}/{other['id']}")).status_code == 204
        assert (await http.delete(f"{path}/{other['id']}")).status_code == 404
        assert (await http.delete(f"{path}/{2**70}")).status_code == 404
        assert (await http.delete("/api/sessions/one")).status_code == 204
        assert (await http.get(path)).status_code == 404
        assert (await http.post(path, json={"text": "too late"})).status_code == 404
        assert not any(b"zebracanary" in file.read_bytes() for file in tmp_path.iterdir() if file.is_file())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"{}", 422),
        (b'{"text":""}', 422),
        (b'{"text":"a\\u0000b"}', 422),
        (b'{"text":"x","offset":0}', 422),
        (b'{"text":"x","colour":"red"}', 422),
        (b'{"text":"' + b"x" * 3000 + b'"}', 422),
        (b" " * (65 << 10), 413),
    ],
)
async def test_bad_notes_are_named(serve: Serve, body: bytes, status: int) -> None:
    async with serve() as live, live.http() as http:
        answer = await http.post("/api/sessions/one/notes", content=body)
        assert answer.status_code == status and answer.json()["error"]["message"]


async def test_bad_questions_are_named(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        for path in (
            "history?limit=101",
            "history?outcome=maybe",
            "history?after=x",
            "history?text=",
            "history?text=a%00b",
            "history?colour=red",
            "figures?by=hour",
            "figures?text=x",
            "figures?utc_offset_min=5000",
            "figures?since=-1",
        ):
            answer = await http.get(f"/api/{path}")
            assert answer.status_code == 422 and answer.json()["error"]["message"], path


async def test_nobody_reads_or_writes_across_teams(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        await finish(live, "ours", TOO_MUCH, token=token("seller"))
        async with live.http(token("coach", sub="ewa")) as ours, live.http(token("coach", team="south")) as theirs:
            note = (await ours.post("/api/sessions/ours/notes", json={"text": "well done"})).json()
            assert note["author"] == "ewa"
            assert await found(ours) == ["ours"] and await found(theirs) == []
            assert (await theirs.get("/api/figures")).json()["total"]["calls"] == 0
            for path in ("metrics", "notes"):
                assert (await theirs.get(f"/api/sessions/ours/{path}")).status_code == 404
            assert (await theirs.post("/api/sessions/ours/notes", json={"text": "x"})).status_code == 404
            assert (await theirs.delete(f"/api/sessions/ours/notes/{note['id']}")).status_code == 404
            assert (await ours.get("/api/sessions/ours/notes")).json()["notes"] == [note]
        async with live.http(token("seller")) as seller, live.http() as nobody:
            for path in ("history", "figures", "sessions/ours/metrics", "sessions/ours/notes"):
                assert (await seller.get(f"/api/{path}")).status_code == 403
                assert (await nobody.get(f"/api/{path}")).status_code == 401
            assert (await seller.post("/api/sessions/ours/notes", json={"text": "x"})).status_code == 403
