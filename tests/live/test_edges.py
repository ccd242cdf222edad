"""A bug, or bad luck, in one place stays there. Each test names what once got further."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from coach.client import CallClient
from coach.session.effects import Prompt
from coach.session.inputs import Heard
from coach.session.session import Session
from coach.session.state import Identity
from coach.suggest.base import Completion
from coach.suggest.scripted import ScriptedProvider
from tests.conftest import Serve
from tests.live.test_faults import locked
from tests.talk import SECRET, interim, token, turn

TOO_MUCH = "honestly it is way too expensive for us"


async def test_erased_id_of_another_team_is_not_overheard(serve: Serve) -> None:
    """A dashboard stayed on the topic of an erased session and heard the next team's call of the same id."""
    async with serve(jwt_secret=SECRET) as live:
        north = await live.connect("/watch")
        await north.send({"type": "watch", "sessions": ["call"], "token": token("coach", team="north")})
        first = await live.join("call", token=token(team="north"))
        await first.say(turn(1, "hello"))
        async with live.http(token("admin", team="north")) as http:
            assert (await http.delete("/api/sessions/call")).status_code == 204
        assert await first.closed() == 4003
        await north.until("error")
        count = len(north.heard)
        south = await live.join("call", token=token(team="south", sub="ben"))
        await south.say(turn(1, TOO_MUCH))
        await north.ping()
        assert [e["type"] for e in north.heard[count:]] == ["pong"]
        assert south.of("presence") == []


async def test_erasing_while_unloading_does_not_freeze_the_server(serve: Serve) -> None:
    """Unloading waited for a journal that nobody would store any more, without ever yielding."""
    async with serve(session_unload_s=0.05) as live, live.http() as http:
        for number in range(10):
            call = await live.join(f"call-{number}")
            await call.say(turn(1, "hello"))
            await call.socket.close()
            await http.delete(f"/api/sessions/call-{number}")
        assert (await http.get("/health")).status_code == 200


async def test_times_beyond_a_week_are_refused(serve: Serve) -> None:
    """Sums of such times did not fit the store's integers, and the one writer died of it."""
    async with serve() as live:
        call = await live.join()
        await call.send(turn(1, "hello", end_ms=2**53 - 1))
        error = await call.until("error")
        assert error["code"] == "bad_frame" and "end_ms" in error["message"]


async def test_bug_in_one_session_closes_it_and_no_other(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Session.handle

    def handle(self: Session, event: Any, now_ms: int) -> Any:
        if getattr(event, "text", "") == "boom":
            raise RuntimeError("a bug")
        return real(self, event, now_ms)

    monkeypatch.setattr(Session, "handle", handle)
    async with serve() as live:
        good, bad = await live.join("good"), await live.join("bad")
        await bad.say(turn(1, "kept"))
        await bad.send(turn(2, "boom"))
        assert await bad.closed() == 4101
        await good.say(turn(1, "still here"))
        again = await live.join("bad")
        assert [e["text"] for e in again.welcome["state"]["transcript"]] == ["kept"]
        await again.say(turn(2, "and on"))


async def test_session_that_cannot_be_dumped_does_not_stop_the_writer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Session.dump

    def dump(self: Session) -> bytes:
        if self.identity.session == "bad":
            raise TypeError("a bug")
        return real(self)

    monkeypatch.setattr(Session, "dump", dump)
    async with serve() as live:
        bad = await live.join("bad")
        assert await bad.closed() == 4101
        await (await live.join("good")).say(turn(1, "stored"))


async def test_stored_session_that_does_not_load_is_one_sessions_trouble(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serve() as live:
        await (await live.join("call")).say(turn(1, "zebracanary"))
    with sqlite3.connect(tmp_path / "coach.db") as database:
        database.execute("UPDATE sessions SET core = ?", (b'{"offset": "zebracanary"}',))
    async with serve(session_idle_s=0.1, session_unload_s=0.1) as live:
        call = await live.connect("/ws/call")
        await call.send({"type": "hello"})
        assert await call.closed() == 4101
        await (await live.join("other")).say(turn(1, "works"))
    assert "zebracanary" not in "".join(capsys.readouterr())


async def test_seller_of_another_call_does_not_get_in_as_a_source(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET) as live:
        await live.join("call", token=token(sub="anna"))
        eve = await live.connect("/ws/call")
        await eve.send({"type": "hello", "role": "source", "source": "x", "token": token(sub="eve")})
        assert await eve.closed() == 4003


async def test_provider_that_fails_to_close_ends_its_suggestion_only(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(self: object, prompt: Prompt, completion: Completion) -> AsyncGenerator[str]:
        try:
            while True:
                yield "word " * 100
        finally:
            raise RuntimeError("cannot close")

    monkeypatch.setattr(ScriptedProvider, "stream", stream)
    async with serve(providers=["scripted"]) as live:
        call = await live.join()
        await call.send(turn(1, TOO_MUCH))
        end = await call.until(lambda e: e["type"] == "suggestion" and e["status"] != "started")
        assert end["status"] == "done"
        await call.say(turn(2, "still here"))


async def test_crashed_task_says_goodbye_and_stops_the_server(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sockets got 1006 instead of a code, because the drain went down with the task."""
    with pytest.raises(ExceptionGroup) as raised:
        async with serve() as live:
            call = await live.join()

            async def crash() -> bool:
                raise RuntimeError("a bug of the writer")

            monkeypatch.setattr(live.coach.writer, "_round", crash)
            await call.send(turn(1, "hello"))
            assert await call.closed() == 4200
    assert "ServerFailed" in repr(raised.value.exceptions)


async def test_fast_replay_is_slowed_by_the_server_and_loses_nothing(serve: Serve) -> None:
    async with serve(frames_per_second=20) as live:
        async with CallClient(live.ws, "fast", {"role": "source"}) as client:
            for number in range(1, 121):
                await client.final({k: v for k, v in turn(number, f"line {number}").items() if k != "seq"})
            async with asyncio.timeout(20):
                await client.all_acked()
        state = (await live.join("fast", source="late")).welcome["state"]
        assert [e["seq"] for e in state["transcript"]] == list(range(1, 121))


async def test_odd_words_and_card_ids_are_only_odd(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "\uff9e ͏ 😀 ﷽"))
        for card in ("c²", "c١", "c" + "9" * 100):
            await call.send({"type": "cancel", "card": card})
            assert (await call.until("error"))["code"] == "bad_frame"


async def test_interims_come_at_most_ten_a_second_and_none_after_the_end(serve: Serve) -> None:
    """The limit held per utterance only, and a throttled interim came after `ended`."""
    async with serve() as live:
        call = await live.join()
        watcher = await live.watch("call")
        for number in range(1, 61):
            await call.send(interim(number, "one two"))
        await call.send({"type": "end"})
        await call.until("ended")
        await watcher.until("ended")
        assert len(watcher.of("transcript")) <= 3
        await asyncio.sleep(0.25)  # what must not come has no event to wait for
        await watcher.ping()
        assert watcher.heard[-2]["type"] == "ended"


async def test_every_source_is_told_that_its_acks_are_late(serve: Serve, tmp_path: Path) -> None:
    """It was told once a session, even when nobody waited for an ack at that moment."""
    async with serve() as live:
        call, phone = await live.join(), await live.join(source="phone", role="source")
        await call.say(turn(1, "hello"))
        with locked(tmp_path / "coach.db"):
            await call.send({"type": "raise_hand"})
            await call.until("raise_hand")
            while live.coach.writer.available:
                await call.ping()
            await call.send(turn(2, "later"))
            assert (await call.until("error"))["code"] == "unavailable"
            await phone.send(turn(1, "later still"))
            assert (await phone.until("error"))["code"] == "unavailable"
        await call.until("ack")
        await phone.until("ack")


async def test_whisper_while_the_database_is_away_keeps_the_dashboard(serve: Serve, tmp_path: Path) -> None:
    async with serve(session_unload_s=0.05) as live:
        call = await live.join("gone")
        await call.say(turn(1, "hello"))
        await call.socket.close()
        wall = await live.watch()
        while live.coach.registry.get("gone") is not None:
            await wall.ping()
        with locked(tmp_path / "coach.db"):
            await wall.send({"type": "whisper", "session": "gone", "text": "hi"})
            error = await wall.until("error")
            assert (error["code"], error["fatal"]) == ("unavailable", False)


async def test_floods_below_the_application_are_closed(serve: Serve) -> None:
    async with serve() as live:
        good = await live.join("good")
        pings, pieces = await live.join("pings"), await live.join("pieces")
        with contextlib.suppress(ConnectionClosed):
            for _ in range(500):
                await pings.socket.ping()
        assert await pings.closed() == 4113

        async def fragments() -> AsyncGenerator[str]:
            for _ in range(200):
                yield " "

        with contextlib.suppress(ConnectionClosed):
            await pieces.socket.send(fragments())
        assert await pieces.closed() == 4113
        await good.say(turn(1, "undisturbed"))


async def test_request_that_never_completes_is_let_go(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.http.protocol.HEADERS_S", 0.2)
    async with serve() as live:
        host, port = live.address.removeprefix("http://").split(":")
        for begin in (b"", b"GET /ws/call HTTP/1.1\r\nHost: x\r\nX: "):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(begin)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(5):
                    assert await reader.read() == b""
            writer.close()
        reader, writer = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(ConnectionError):
            writer.write(b"GET / HTTP/1.1\r\n")
            for _ in range(64):
                writer.write(b"X-Filler: " + b"x" * 16_000 + b"\r\n")
                await writer.drain()
            assert await reader.read() == b""
        writer.close()


def test_a_long_call_costs_as_much_a_frame_as_a_short_one(packs: dict[str, Any]) -> None:
    """Every frame walked all objections of the call."""
    session = Session(Identity("call", "north", "general", "en", "en", 0), packs["general"])

    def seconds(numbers: range) -> float:
        began = time.perf_counter()
        for n in numbers:
            session.handle(Heard("main", f"u{n}", "client", TOO_MUCH, True, n, n, None, n), n * 1000)
        return time.perf_counter() - began

    early = min(seconds(range(1 + 50 * k, 51 + 50 * k)) for k in range(4))
    seconds(range(201, 2_001))
    late = min(seconds(range(2_001 + 50 * k, 2_051 + 50 * k)) for k in range(4))
    assert late < 3 * early
