"""HTTP beside the sockets."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Serve
from tests.talk import turn

CANARY = "zebracanary"
TOO_MUCH = f"honestly {CANARY} it is way too expensive for us"


async def test_sessions_and_events_are_those_of_the_wire(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        call = await live.join(metadata={"seller": "Anna"})
        await call.say(turn(1, TOO_MUCH))
        await call.say(turn(2, "what would it cost per month"))
        listed = (await http.get("/api/sessions")).json()["sessions"]
        assert [(s["id"], s["seller"], s["status"]) for s in listed] == [("call", "Anna", "live")]
        one = (await http.get("/api/sessions/call")).json()
        assert one["state"]["objections"][0]["category"] == "price"
        everything = (await http.get("/api/sessions/call/events")).json()
        assert everything["events"] == call.durable()
        page = (await http.get("/api/sessions/call/events", params={"after": 1, "limit": 2})).json()["events"]
        assert page == call.durable()[1:3]
        await call.send({"type": "end", "outcome": "won"})
        over = await call.until("ended")
        assert (await http.get("/api/sessions/call")).json()["ended_at"] == over["at"]
        assert (await http.get("/api/sessions", params={"status": "live"})).json() == {"sessions": []}
        ended = (await http.get("/api/sessions", params={"status": "ended"})).json()["sessions"]
        assert [s["outcome"] for s in ended] == ["won"]


async def test_nothing_there_is_a_page_for_a_browser_and_json_for_others(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        assert (await http.get("/absent")).json()["error"]["code"] == "not_found"
        page = await http.get("/absent", headers={"accept": "text/html,*/*"})
        assert (page.status_code, "<a href=/>" in page.text) == (404, True)
        docs = await http.get("/docs", headers={"accept": "text/html"})
        assert "<a href=/>" in docs.text


async def test_erased_session_leaves_no_trace(serve: Serve, tmp_path: Path) -> None:
    async with serve() as live, live.http() as http:
        call = await live.join()
        watcher = await live.watch("call")
        for number in range(1, 30):
            await call.say(turn(number, f"{TOO_MUCH} {number}"))
        files = [path for path in tmp_path.iterdir() if path.name.startswith("coach.db")]
        assert any(CANARY.encode() in path.read_bytes() for path in files)
        assert (await http.delete("/api/sessions/call")).status_code == 204
        assert await call.closed() == 4003
        await watcher.until("error")
        assert not any(CANARY.encode() in path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        assert (await http.get("/api/sessions/call")).status_code == 404
        assert (await live.join()).welcome["offset"] == 0


async def test_erasing_under_a_backup_finishes_when_the_backup_does(serve: Serve, tmp_path: Path) -> None:
    async with serve() as live, live.http() as http:
        call = await live.join()
        await call.say(turn(1, TOO_MUCH))
        backup = sqlite3.connect(tmp_path / "coach.db", isolation_level=None)
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM events").fetchall()
        assert (await http.delete("/api/sessions/call")).status_code == 202
        assert await call.closed() == 4003
        assert (await http.get("/api/sessions/call")).status_code == 404
        backup.close()
        while any(CANARY.encode() in path.read_bytes() for path in tmp_path.glob("coach.db*")):
            await http.get("/health")


async def test_nothing_leaks_into_metrics_or_logs(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=1", log_level="debug") as live:
        call = await live.join(metadata={"lead": CANARY})
        await call.say(turn(1, TOO_MUCH))
        await call.send(f'{{"type":"{CANARY}"}}')
        await call.send({"type": "ask", "text": CANARY})
        await call.send({"type": "end"})
        await call.until("ended")
        async with live.http() as http:
            figures = (await http.get("/metrics")).text
        assert "coach_frames_total" in figures and CANARY not in figures
    assert CANARY not in "".join(capsys.readouterr())


async def test_analyze_finds_the_same_as_live(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        call = await live.join(language="auto")
        lines = ["hello there", TOO_MUCH, "could I take it for a test drive", "okay then the price is fine"]
        for number, line in enumerate(lines, 1):
            await call.say(turn(number, line))
        body = {"turns": [{"speaker": "client", "text": line} for line in lines]}
        found = (await http.post("/api/analyze", json=body)).json()

        def names(events: list[dict[str, Any]], key: str) -> list[tuple[str, str, str]]:
            return [(e["utterance"], e[key], e["quote"]) for e in events if e["status"] in ("confirmed", "handled")]

        live_objections = {e["id"]: e for e in call.of("objection")}.values()
        live_signals = {e["id"]: e for e in call.of("signal")}.values()
        assert names([o for t in found["turns"] for o in t["objections"]], "category") == names(
            list(live_objections), "category"
        )
        assert names([s for t in found["turns"] for s in t["signals"]], "kind") == names(list(live_signals), "kind")
        alone = (await http.post("/api/analyze", json={"text": TOO_MUCH})).json()
        assert alone["turns"][0]["objections"][0]["category"] == "price"


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (b"{", 400, "JSON"),
        (b"{}", 422, "text"),
        (b'{"text":""}', 422, "text"),
        (b'{"text":"x","pack":"boats"}', 422, "pack"),
        (b'{"turns":[{"speaker":"dog","text":"x"}]}', 422, "speaker"),
        (b"x" * (5 << 20), 413, "larger"),
    ],
)
async def test_bad_bodies_are_named(serve: Serve, body: bytes, status: int, word: str) -> None:
    async with serve() as live, live.http() as http:
        answer = await http.post("/api/analyze", content=body)
        assert answer.status_code == status
        assert word in answer.json()["error"]["message"]


async def test_bad_queries_and_unknown_paths_are_named(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        for path, status in (
            ("/api/sessions?limit=0", 422),
            ("/api/sessions?status=dead", 422),
            ("/api/sessions?colour=red", 422),
            ("/api/sessions/nobody", 404),
            ("/api/sessions/call/events?after=x", 404),
            ("/nothing", 404),
            ("/assets/../settings.py", 404),
        ):
            answer = await http.get(path)
            assert answer.status_code == status or path.endswith("after=x")
            assert answer.status_code >= 400 and "message" in answer.json()["error"]


async def test_health_ready_and_documents(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        health = (await http.get("/health")).json()
        assert (health["status"], health["database"]) == ("ok", {"state": "ok", "stored": "database"})
        assert (await http.get("/ready")).status_code == 200
        document = (await http.get("/docs")).json()
        assert document["openapi"].startswith("3.1") and "/api/analyze" in document["paths"]
        schemas = document["components"]["schemas"]
        for path, model in (("/api/history", "HistoryPage"), ("/api/figures", "Figures")):
            answer = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            assert answer["$ref"].rpartition("/")[2] == model and model in schemas
        page = await http.get("/docs", headers={"accept": "text/html"})
        assert "/api/sessions" in page.text
        sockets = (await http.get("/docs/asyncapi.json")).json()
        assert sockets["asyncapi"] == "3.0.0" and "TranscriptFrame" in sockets["components"]["messages"]
        live.coach.services.draining = True
        assert (await http.get("/ready")).status_code == 503
        live.coach.services.draining = False


async def test_pages_are_served_with_a_strict_policy(serve: Serve) -> None:
    async with serve() as live, live.http() as http:
        for path in ("/", "/dashboard", "/embed.html", "/widget.js"):
            answer = await http.get(path)
            assert answer.status_code == 200
            assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["access-control-allow-origin"] == "*"
