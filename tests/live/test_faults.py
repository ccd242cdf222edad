"""What breaks around a call: a locked or full database, a reader that stalls, a crash, a stop."""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from coach.client import CallClient
from coach.demo.player import Call, play
from coach.sockets import peer
from coach.store.batch import Journal
from tests.conftest import Serve
from tests.store.test_fence import ROW
from tests.talk import SECRET, Event, Live, Talker, interim, token, turn

TOO_MUCH = "honestly it is way too expensive for us"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process's write lock on the database."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        database.execute("ROLLBACK")
        database.close()


async def test_locked_database_makes_acks_late_and_loses_nothing(serve: Serve, tmp_path: Path) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "hello"))
        with locked(tmp_path / "coach.db"):
            await call.send(turn(2, TOO_MUCH))
            error = await call.until("error")
            assert (error["code"], error["fatal"]) == ("unavailable", False) and error["retry_after_ms"] > 0
            assert [e["category"] for e in call.of("objection")] == ["price"], "coaching goes on"
            await call.send(turn(3, "and one more"))
            await call.ping()
            fresh = await live.join("other")
            assert fresh.welcome["offset"] == 0
            async with live.http() as http:
                health = (await http.get("/health")).json()
                assert (health["status"], health["database"]["state"]) == ("degraded", "unavailable")
            assert not [e for e in call.of("ack") if e["seq"] > 1]
            assert len(call.of("error")) == 1
        await call.until(lambda e: e["type"] == "ack" and e["seq"] == 3)
        with sqlite3.connect(tmp_path / "coach.db") as database:
            assert database.execute("SELECT seq FROM utterances ORDER BY seq").fetchall() == [(1,), (2,), (3,)]


async def test_drain_stores_at_once_when_the_database_is_back(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.store.writer.RETRY_FIRST_S", 60.0)
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "hello"))
        with locked(tmp_path / "coach.db"):
            await call.send(turn(2, TOO_MUCH))
            await call.until("error")
        async with asyncio.timeout(4):
            await live.coach.drain()
        assert await call.closed() == 4200
        assert call.of("ack")[-1]["seq"] == 2


class Restless:
    """A call that always has something more to store."""

    def __init__(self, live: Live) -> None:
        self.journal = Journal(self, "restless", 1, new=True, wake=live.coach.writer.submit)
        self.journal.touch()

    def row(self) -> dict[str, Any]:
        return dict(ROW)

    def stored(self, acked: dict[str, int]) -> None:
        self.journal.touch()

    def unavailable(self, retry_after_ms: int) -> None: ...
    def fenced(self) -> None: ...
    def broken(self) -> None: ...


async def test_drain_keeps_the_epochs_while_the_writer_is_never_idle(serve: Serve) -> None:
    async with serve(drain_s=1.5) as live:
        call = await live.join()
        await call.say(turn(1, "hello"))
        restless = Restless(live)
        await live.coach.drain()
        assert await call.closed() == 4200
        restless.journal.close()
    async with serve() as live:
        again = await live.join(after=call.durable()[-1]["offset"], epoch=call.welcome["epoch"])
        assert again.welcome["epoch"] == call.welcome["epoch"]


async def test_dashboard_that_cannot_be_answered_is_told_to_come_back(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.live.registry.LOAD_S", 0.5)
    async with serve() as live:
        for session in ("one", "two"):
            await (await live.join(session)).say(turn(1, "hello"))
    async with serve(hello_timeout_s=0.2) as live:
        await live.join("two")
        early = await live.watch("two")
        with locked(tmp_path / "coach.db"):
            late = await live.connect("/watch")
            await late.send({"type": "watch", "sessions": ["one", "two"]})
            assert await late.closed() == 4101, "not 4000, not 4008: it did nothing wrong"
            await early.send({"type": "watch", "sessions": ["one", "two"]})
            error = await early.until("error")
            assert (error["code"], error["session"], error["fatal"]) == ("unavailable", "one", False)
            assert (await early.until("welcome"))["session"] == "two", "trouble with one is not the other's"


async def test_full_queue_refuses_a_final_which_is_then_not_taken(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.store.batch.FINALS_MOST", 3)
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "line 1"))
        with locked(tmp_path / "coach.db"):
            for number in range(2, 8):
                await call.send(turn(number, f"line {number}"))
            refused = await call.until(lambda e: e["type"] == "error" and "seq" in e)
            assert refused["code"] == "unavailable"
            first = refused["seq"]
        await call.until(lambda e: e["type"] == "ack" and e["seq"] == first - 1)
        await call.say(turn(first, f"line {first}"))


async def test_database_that_is_full_is_unavailable_until_there_is_room(serve: Serve, tmp_path: Path) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "hello"))
        await live.coach.database.transact(fill)
        for number in range(2, 12):
            await call.send(turn(number, f"line {number} " + "word " * 1500))
        assert (await call.until("error"))["code"] == "unavailable"
        await live.coach.database.transact(empty)
        await call.until(lambda e: e["type"] == "ack" and e["seq"] == 11)


def fill(writer: Connection) -> None:
    """Make the file as large as it may get."""
    pages = writer.exec_driver_sql("PRAGMA page_count").scalar_one()
    writer.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def empty(writer: Connection) -> None:
    writer.exec_driver_sql("PRAGMA max_page_count = 100000")


async def stalled(live: Live, session: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A dashboard that says hello and then never reads, with buffers as small as they get."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    host, port = live.address.removeprefix("http://").split(":")
    await asyncio.get_running_loop().sock_connect(raw, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
    writer.write(
        f"GET /watch HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    writer.write(watching(session))
    await writer.drain()
    return reader, writer


def watching(session: str) -> bytes:
    """A `watch` on the wire."""
    payload = orjson.dumps({"type": "watch", "sessions": [session]})
    return bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload


def acked(seq: int, kind: str = "ack") -> Callable[[Event], bool]:
    return lambda event: event["type"] == kind and event["seq"] >= seq


async def test_dashboard_that_stops_reading_is_freed_and_slows_nobody(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.sockets.transport.CLOSE_GRACE_S", 0.3)
    async with serve(stall_s=1.0) as live:
        call = await live.join()
        _, writer = await stalled(live, "call")
        await call.until("presence")
        good = await live.watch("call")
        wires = {peer.wire for peer in live.coach.services.peers}
        number = 0
        while len(live.coach.services.peers) > 2:
            last = number + 12
            for number in range(number + 1, last + 1):  # noqa: B020  the range is made before
                await call.send(turn(number, "w" * 7_900))
            async with asyncio.TaskGroup() as both:
                both.create_task(call.until(acked(last)))
                both.create_task(good.until(acked(last, "transcript")))
            assert number < 4_000
        assert [e["seq"] for e in good.of("transcript")] == list(range(1, number + 1))
        slow = wires - {peer.wire for peer in live.coach.services.peers}
        while not all(wire.disconnected for wire in slow):
            await call.ping()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_dashboard_that_watches_again_and_again_without_reading_queues_few_states(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.sockets.transport.CLOSE_GRACE_S", 0.3)
    welcomed: list[str] = []
    welcome = peer.Peer.welcome

    def counted(self: peer.Peer, session: str, *state: Any, **more: Any) -> None:
        welcomed.append(self.kind)
        welcome(self, session, *state, **more)

    monkeypatch.setattr(peer.Peer, "welcome", counted)
    async with serve(stall_s=1.0) as live:
        call = await live.join()
        for number in range(1, 61):
            await call.say(turn(number, "w" * 7_900))
        _, writer = await stalled(live, "call")
        writer.write(watching("call") * 50)
        while welcomed.count("watch") == 0:
            await call.ping()
        while len(live.coach.services.peers) > 1:
            await call.ping()
        assert welcomed.count("watch") < 5
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_socket_that_never_says_hello_is_closed(serve: Serve) -> None:
    async with serve(hello_timeout_s=0.2) as live:
        talker = await live.connect("/ws/call")
        assert await talker.closed() == 4008


async def test_heartbeats_are_answered_by_pongs_and_silence_is_closed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.sockets.transport.CLOSE_GRACE_S", 0.3)
    async with serve(heartbeat_s=0.2) as live:
        call = await live.join()
        for _ in range(4):
            beat = await call.until("heartbeat")
            assert beat["offset"] == 0
        reader, writer = await stalled(live, "call")
        data = await reader.read()
        assert b"\x10\x69" in data[-64:], "a close frame with 4201"
        writer.close()


async def test_too_many_frames_are_refused_and_far_too_many_close(serve: Serve) -> None:
    async with serve(frames_per_second=20) as live:
        call = await live.join()
        assert call.welcome["limits"]["frames_per_s"] == 20
        for number in range(1, 45):
            await call.send(turn(number, "line"))
        error = await call.until("error")
        assert error["code"] == "rate_limited" and error["retry_after_ms"] > 0
        assert error["seq"] == len(call.of("transcript")) + 1
        with contextlib.suppress(ConnectionClosed):
            for number in range(45, 400):
                await call.send(turn(number, "line"))
        assert await call.closed() == 4113


async def test_same_source_again_replaces_the_older_socket(serve: Serve) -> None:
    async with serve() as live:
        old = await live.join()
        new = await live.join()
        assert await old.closed() == 4009
        await new.say(turn(1, "still here"))


async def test_too_many_connections_come_back_later(serve: Serve) -> None:
    async with serve(max_connections=1) as live:
        await live.join()
        late = await live.connect("/ws/other")
        assert await late.closed() == 4101


async def test_far_too_many_connections_are_refused_before_the_upgrade(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "REFUSED_SPARE", 0)
    async with serve(max_connections=1) as live:
        first = await live.join()
        with pytest.raises(InvalidStatus) as refused:
            await live.connect("/ws/other")
        assert refused.value.response.status_code == 503
        await first.say(turn(1, "still here"))


async def test_ended_call_makes_room_and_a_live_one_does_not(serve: Serve) -> None:
    async with serve(max_sessions=1) as live:
        call = await live.join("first")
        late = await live.connect("/ws/second")
        await late.send({"type": "hello"})
        assert await late.closed() == 4101
        await call.send({"type": "end"})
        await call.until("ended")
        await call.ping()
        await call.socket.close()
        runner = live.coach.registry.get("first")
        assert runner is not None
        await _until(lambda: not live.coach.services.peers and runner.journal.settled)
        second = await live.join("second")
        await second.say(turn(1, "room for me"))
        watcher = await live.watch("second")
        await watcher.send({"type": "watch", "sessions": ["first"]})
        assert (await watcher.until("error"))["code"] == "unavailable"


async def test_one_team_that_floods_leaves_the_others_alone(serve: Serve) -> None:
    async with serve(jwt_secret=SECRET, team_frames_per_second=10) as live:
        north = [await live.join(f"n{n}", token=token(sub=f"s{n}")) for n in range(4)]
        south = await live.join("south", token=token(team="south"))
        for number in range(1, 41):
            for call in north:
                await call.send({"type": "ping", "t": number})
        errors = [await call.until("error") for call in north[:2]]
        assert {e["code"] for e in errors} == {"rate_limited"} and not any(e["fatal"] for e in errors)
        await south.say(turn(1, "calm here"))
        assert not south.of("error")


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_stop_says_goodbye_and_closes_with_4200(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=200") as live:
        call, wall = await live.join(), await live.watch()
        await call.say(turn(1, TOO_MUCH))
        await call.until("token")
        async with asyncio.TaskGroup() as group:
            group.create_task(live.coach.drain())
            codes = [await call.closed(), await wall.closed()]
        assert codes == [4200, 4200]
        assert call.of("draining") and wall.of("draining")
        assert call.of("suggestion")[-1]["status"] == "truncated"


# A process of its own, for what kills a process


@contextlib.asynccontextmanager
async def process(folder: Path, port: int, **environ: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    """`coach serve` as a user runs it, ready to be killed."""
    given = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder}/coach.db",
        "COACH_FRAMES_PER_SECOND": "10000",
        **environ,
    }
    command = [sys.executable, "-m", "coach", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=given, cwd=folder, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE) as running:
        try:
            assert running.stdout is not None
            line = await asyncio.to_thread(running.stdout.readline)
            assert b"Coach is at" in line
            yield running
        finally:
            running.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def reached(client: CallClient, reconnects: int, acked: int) -> None:
    async with asyncio.timeout(30):
        await client._wait(lambda: client.reconnects >= reconnects and client.acked >= acked)


@pytest.mark.timeout(90)
async def test_kill_9_loses_no_acked_final_and_the_client_resumes(tmp_path: Path) -> None:
    port = free_port()
    lines = [
        turn_
        for n in range(1, 61)
        for turn_ in [
            {
                "speaker": "client" if n % 2 else "seller",
                "text": f"{TOO_MUCH} {n}",
                "start_ms": n * 100,
                "end_ms": n * 100 + 50,
            }
        ]
    ]
    call = Call.model_validate({"language": "en", "turns": lines, "outcome": "won"})
    async with asyncio.TaskGroup() as group:
        client = CallClient(f"ws://127.0.0.1:{port}", "crash", {"language": "en", "role": "source"})
        kills = 3
        playing: asyncio.Task[None] | None = None
        for round_ in range(kills):
            async with process(tmp_path, port) as running:
                if playing is None:
                    await client.__aenter__()
                    playing = group.create_task(play(client, call, 1.0))
                await reached(client, round_, 15 * (round_ + 1))
                running.send_signal(signal.SIGKILL)
        async with process(tmp_path, port):
            assert playing is not None
            await playing
            async with connect(f"ws://127.0.0.1:{port}/ws/crash") as raw:
                late = Talker(raw)
                await late.send({"type": "hello", "source": "late"})
                state = (await late.until("welcome"))["state"]
        await client.__aexit__(None, None, None)
    assert client.acked == 60 and client.reconnects >= kills
    assert [e["seq"] for e in state["transcript"]] == list(range(1, 61))
    with sqlite3.connect(tmp_path / "coach.db") as database:
        assert database.execute("SELECT count(*), count(DISTINCT seq), max(seq) FROM utterances").fetchone() == (
            60,
            60,
            60,
        )
        offsets = [row[0] for row in database.execute("SELECT offset FROM events ORDER BY offset")]
    assert offsets == list(range(1, len(offsets) + 1))


async def test_after_a_crash_an_old_client_is_told_and_findings_without_a_final_are_retracted(tmp_path: Path) -> None:
    port = free_port()
    url = f"ws://127.0.0.1:{port}/ws/crash"
    slow = {"COACH_PROVIDERS": "scripted", "COACH_SCRIPT": "first_ms=1,token_ms=500"}
    async with process(tmp_path, port, **slow) as running:
        async with connect(url) as raw:
            call = Talker(raw)
            await call.send({"type": "hello", "language": "en"})
            epoch = (await call.until("welcome"))["epoch"]
            await call.say(turn(1, "hello there"))
            first_ack = call.durable()[-1]["offset"]
            await call.send(interim(2, TOO_MUCH))
            await call.until("token")
            await call.say({**turn(2, "a word of the seller", "seller"), "utterance": "u9"})
            last = call.durable()[-1]["offset"]
            running.send_signal(signal.SIGKILL)
            with contextlib.suppress(ConnectionClosed):
                await call.until("never")
    async with process(tmp_path, port, **slow), connect(url) as raw:
        call = Talker(raw)
        await call.send({"type": "hello", "language": "en", "epoch": epoch, "after": first_ack})
        welcome = await call.until("welcome")
        assert welcome["resumed"] is True and welcome["epoch"] != epoch
        assert welcome["acked"] == 2
        events = [e for e in await call.ping() if "offset" in e]
        assert [e["offset"] for e in events] == list(range(first_ack + 1, welcome["offset"] + 1))
        assert [e["status"] for e in events if e["type"] == "objection"] == ["provisional", "retracted"]
        streamed = [e for e in events if e["type"] == "suggestion"]
        assert [e["status"] for e in streamed if e["card"] == streamed[-1]["card"]] == ["started", "truncated"]
    async with process(tmp_path, port), connect(url) as raw:
        call = Talker(raw)
        await call.send({"type": "hello", "epoch": epoch, "after": last + 1})
        welcome = await call.until("welcome")
        assert (welcome["resumed"], welcome["why"]) == (False, "epoch")


async def test_sigterm_exits_cleanly(tmp_path: Path) -> None:
    port = free_port()
    async with process(tmp_path, port) as running, connect(f"ws://127.0.0.1:{port}/ws/call") as raw:
        call = Talker(raw)
        await call.send({"type": "hello"})
        await call.until("welcome")
        running.send_signal(signal.SIGTERM)
        assert await call.closed() == 4200
        assert await asyncio.to_thread(running.wait, 10) == 0
