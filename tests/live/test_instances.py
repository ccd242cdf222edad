"""Two instances, one Redis, one PostgreSQL: any socket on either, and either may go away."""

import asyncio
import contextlib
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from coach.bus.base import LEASE_S, BusAway
from tests.conftest import Serve
from tests.services import Redis
from tests.talk import Event, Live, interim, turn

pytestmark = pytest.mark.timeout(60)

TOO_MUCH = "honestly it is way too expensive for us"
SLOW = {"providers": ["scripted"], "script": "first_ms=1,token_ms=150"}
Instance = Callable[..., contextlib.AbstractAsyncContextManager[Live]]


@pytest.fixture
def instance(serve: Serve, redis: Redis, postgres_url: str) -> Instance:
    """`async with instance() as a`: one of several that share Redis and the database."""

    def start(**given: Any) -> contextlib.AbstractAsyncContextManager[Live]:
        return serve(database_url=postgres_url, redis_url=redis.url, **given)

    return start


@contextlib.asynccontextmanager
async def crashing(started: contextlib.AbstractAsyncContextManager[Live]) -> AsyncIterator[Live]:
    """An instance whose goodbye is not heard: no drain, nothing released."""
    async with started as live:
        try:
            yield live
        finally:
            live.coach.services.draining = True
            for peer in live.coach.services.peers:
                peer.wire.transport.abort()


def contiguous(events: list[Event]) -> bool:
    offsets = [event["offset"] for event in events]
    return offsets == list(range(offsets[0], offsets[0] + len(offsets))) if offsets else True


def acked(seq: int) -> Callable[[Event], bool]:
    return lambda event: event["type"] == "ack" and event["seq"] >= seq


async def test_dashboard_elsewhere_sees_the_same_events_in_the_same_order(instance: Instance) -> None:
    async with instance(providers=["scripted"], script="first_ms=1,token_ms=1") as a, instance() as b:
        call = await a.join()
        await call.say(turn(1, "good morning, this is about your car"))
        watcher = await b.watch("call")
        before = watcher.welcome["state"]["transcript"]
        assert [e["text"] for e in before] == ["good morning, this is about your car"]
        assert watcher.welcome["state"]["presence"]["watchers"] == 0
        assert (await call.until("presence"))["watchers"] == 1
        await call.say(interim(2, "well it is way too"))
        await call.say(turn(2, TOO_MUCH))
        await call.send({"type": "end", "outcome": "next_step"})
        await call.until("ended")
        await watcher.until("ended")
        first = watcher.welcome["offset"]
        assert watcher.durable() == [event for event in call.durable() if event["offset"] > first]
        card = next(e["id"] for e in watcher.of("card") if e["trigger"]["type"] == "objection")
        for talker in (call, watcher):
            pieces = [event for event in talker.of("token") if event["card"] == card]
            assert "".join(e["text"] for e in pieces) == next(
                e["text"] for e in talker.of("suggestion") if e["card"] == card and e["status"] != "started"
            )
        assert [e["text"] for e in watcher.of("transcript") if not e["final"]] == ["well it is way too"]
        late = await b.watch("call")
        assert late.welcome["ended"] is True and late.welcome["offset"] == call.durable()[-1]["offset"]


async def test_widget_elsewhere_is_coached_as_if_it_were_here(instance: Instance) -> None:
    """Acks and pongs that travel come behind the events that they promise."""
    async with instance() as a, instance() as b:
        owner = await a.join(source="phone", role="source")
        call = await b.join()
        assert call.welcome["acked"] == 0
        for number in range(1, 30):
            await call.send(interim(number, f"{TOO_MUCH} {number}"))
            await call.send({"type": "ping", "t": f"i{number}"})
            await call.send(turn(number, f"{TOO_MUCH} {number}"))
            await call.send({"type": "ping", "t": f"f{number}"})
        await call.until(lambda e: e["type"] == "pong" and e["t"] == "f29")
        await call.until(acked(29))
        assert contiguous(call.durable()) and call.durable()[0]["offset"] == 1
        place = {id(event): number for number, event in enumerate(call.heard)}
        finals = {e["seq"]: place[id(e)] for e in call.of("transcript")}
        assert sorted(finals) == list(range(1, 30))
        for event in call.of("pong"):
            if event["t"].startswith("f"):
                assert finals[int(event["t"][1:])] < place[id(event)]
        for event in call.of("ack"):
            assert finals[event["seq"]] < place[id(event)]
        assert [e for e in call.of("card") if e["status"] == "open"]
        assert "draining" not in {e["type"] for e in owner.heard}


async def test_errors_of_the_session_reach_the_socket_that_is_elsewhere(instance: Instance) -> None:
    async with instance() as a, instance() as b:
        await a.join(source="phone", role="source")
        call = await b.join()
        await call.say(turn(1, "good morning"))
        await call.send(turn(3, "too far"))
        gap = await call.until("error")
        assert (gap["code"], gap["expect"], gap["seq"]) == ("gap", 2, 3)
        await call.send(turn(1, "something else"))
        assert (await call.until("error"))["code"] == "conflict"
        await call.send({"type": "cancel", "card": "c9"})
        assert (await call.until("error"))["code"] == "bad_frame"
        await call.send(turn(1, "good morning"))
        await call.until(acked(1))
        await call.send({"type": "end"})
        await call.until("ended")
        await call.send(turn(2, "late"))
        assert (await call.until("error"))["code"] == "session_ended"


async def test_call_is_resumed_on_the_other_instance(instance: Instance) -> None:
    async with instance() as a, instance() as b:
        call = await a.join()
        await call.say(turn(1, "hello there"))
        await call.say(turn(2, TOO_MUCH))
        seen = call.durable()
        await call.socket.close()
        phone = await a.join(source="phone", role="source")
        await phone.say(turn(1, "too expensive, I told you"))
        again = await b.join(after=seen[-1]["offset"], epoch=call.welcome["epoch"])
        assert again.welcome["resumed"] is True and again.welcome["acked"] == 2
        missed = await again.ping()
        everything = seen + [event for event in missed if "offset" in event]
        assert [event["offset"] for event in everything] == list(range(1, again.welcome["offset"] + 1))
        await again.say(turn(3, "well then"))
        third = await a.join(after=1, epoch=call.welcome["epoch"])
        assert third.welcome["acked"] == 3
        assert await again.closed() == 4009, "the newer connection of a source wins, wherever it is"


async def test_presence_counts_dashboards_of_all_instances(instance: Instance) -> None:
    async with instance() as a, instance() as b:
        call = await a.join()
        here = await a.watch("call")
        one, two = await b.watch("call"), await b.watch("call")
        await call.until(lambda e: e["type"] == "presence" and e["watchers"] == 3)
        await here.until(lambda e: e["type"] == "presence" and e["watchers"] == 3)
        await two.socket.close()
        await one.until(lambda e: e["type"] == "presence" and e["watchers"] == 2)
        await one.send({"type": "unwatch", "sessions": ["call"]})
        await call.until(lambda e: e["type"] == "presence" and e["watchers"] == 1)


async def test_whisper_travels_and_is_before_the_pong(instance: Instance) -> None:
    async with instance() as a, instance() as b:
        call = await a.join()
        watcher = await b.watch("call")
        await watcher.send({"type": "whisper", "session": "call", "text": "offer the test drive"})
        await watcher.ping()
        assert [e["text"] for e in watcher.of("whisper")] == ["offer the test drive"]
        assert (await call.until("whisper"))["text"] == "offer the test drive"
        stranger = await b.watch()
        await stranger.send({"type": "whisper", "session": "call", "text": "and a discount"})
        await stranger.ping()
        assert (await call.until("whisper"))["text"] == "and a discount"


async def test_bridge_elsewhere_beside_the_widget_here(instance: Instance) -> None:
    async with instance() as a, instance() as b:
        call = await a.join(source="mic")
        bridge = await b.join(source="phone", role="source")
        assert bridge.welcome["state"] == {}
        await bridge.say(turn(1, TOO_MUCH))
        await call.say(turn(1, "I see", speaker="seller"))
        assert {e["source"] for e in call.of("transcript")} == {"phone", "mic"}
        assert {e["type"] for e in bridge.heard} == {"welcome", "ack"}
        newer = await b.join(source="phone", role="source")
        assert await bridge.closed() == 4009 and newer.welcome["acked"] == 1
        newest = await a.join(source="phone", role="source")
        assert await newer.closed() == 4009 and newest.welcome["acked"] == 1


async def test_wall_shows_the_calls_of_all_instances(instance: Instance) -> None:
    async with instance() as a, instance() as b:
        call = await a.join(metadata={"seller": "Anna"})
        wall = await b.watch()
        line = await wall.until("session")
        assert (line["session"], line["seller"]) == ("call", "Anna")
        second = await b.watch()
        assert (await second.until("session"))["session"] == "call"
        await call.say(turn(1, "good morning to you"))
        await wall.until(lambda e: e["type"] == "session" and e["last_line"] == "good morning to you")
        await a.join("fresh")
        await wall.until(lambda e: e["type"] == "session" and e["session"] == "fresh")
        await call.send({"type": "raise_hand"})
        await wall.until("raise_hand")
        await call.send({"type": "end", "outcome": "won"})
        assert (await wall.until("ended"))["outcome"] == "won"
        assert not {"transcript", "objection", "card"} & {e["type"] for e in wall.heard}


async def test_dashboard_waits_for_a_call_that_begins_elsewhere(instance: Instance) -> None:
    async with instance() as a, instance() as b:
        watcher = await b.watch("call")
        assert watcher.welcome["epoch"] == ""
        call = await a.join()
        welcome = await watcher.until("welcome")
        assert welcome["epoch"] == call.welcome["epoch"]
        await call.say(turn(1, "good morning"))
        await watcher.until("transcript")


async def test_http_reads_and_erases_a_session_that_runs_elsewhere(instance: Instance, redis: Redis) -> None:
    async with instance() as a, instance() as b:
        call = await a.join()
        await call.say(turn(1, "my name is Hortensia"))
        watcher = await b.watch("call")
        async with b.http() as http:
            found = (await http.get("/api/sessions/call")).json()
            assert found["state"]["transcript"][0]["text"] == "my name is Hortensia"
            events = (await http.get("/api/sessions/call/events?after=0")).json()
            assert [e["offset"] for e in events["events"]] == list(range(1, events["offset"] + 1))
            assert (await http.delete("/api/sessions/call")).status_code in (202, 204)
            assert (await http.get("/api/sessions/call")).status_code == 404
        assert await call.closed() == 4003
        gone = await watcher.until("error")
        assert (gone["session"], gone["fatal"]) == ("call", False)
        async with asyncio.timeout(5):
            while left := [key for key in await keys(redis) if b"{call}" in key]:
                await watcher.ping()
        assert not left


async def test_drained_owner_hands_over_and_the_epoch_stays(instance: Instance) -> None:
    async with instance() as b:
        async with instance() as a:
            call = await a.join()
            await call.say(turn(1, "hello there"))
            await call.say(turn(2, TOO_MUCH))
            watcher = await b.watch("call")
            await watcher.send({"type": "whisper", "session": "call", "text": "offer the test drive"})
            await watcher.until("whisper")
            elsewhere = await b.join(source="phone", role="source")
            await a.coach.drain()
            assert await call.closed() == 4200
        assert await elsewhere.closed() == 4200
        welcome = await watcher.until(lambda e: e["type"] == "welcome" and e is not watcher.welcome)
        assert (welcome["resumed"], welcome["epoch"]) == (True, call.welcome["epoch"])
        await watcher.ping()
        again = await b.join(after=call.durable()[-1]["offset"], epoch=call.welcome["epoch"])
        assert again.welcome["resumed"] is True and again.welcome["acked"] == 2
        await again.say(turn(3, "well then"))
        await watcher.until(lambda e: e["type"] == "transcript" and e["seq"] == 3)
        first = watcher.welcome["offset"]
        assert [e["offset"] for e in watcher.durable()] == list(range(first + 1, first + 1 + len(watcher.durable())))


async def test_dead_owner_is_replaced_and_a_streaming_suggestion_gets_its_one_end(instance: Instance) -> None:
    async with instance(**SLOW) as b:
        async with crashing(instance(**SLOW)) as a:
            call = await a.join()
            await call.say(turn(1, TOO_MUCH))
            await call.until("token")
            watcher = await b.watch("call")
            epoch, offset = call.welcome["epoch"], call.durable()[-1]["offset"]
        began = asyncio.get_running_loop().time()
        welcome = await watcher.until(lambda e: e["type"] == "welcome" and e is not watcher.welcome)
        assert welcome["epoch"] != epoch
        await watcher.until(lambda e: e["type"] == "suggestion" and e["status"] != "started")
        assert asyncio.get_running_loop().time() - began < 4, "the lease, a look and the restoring"
        await watcher.ping()
        assert contiguous(watcher.durable()), "what the new owner closed comes behind its welcome, and once"
        again = await b.join(after=offset, epoch=epoch)
        assert again.welcome["resumed"] is True and again.welcome["acked"] == 1
        events = await again.ping()
        everything = call.durable() + [event for event in events if "offset" in event]
        ends = [e for e in everything if e["type"] == "suggestion" and e["status"] != "started"]
        assert len(ends) == 1 and contiguous(everything)
        await again.say(turn(2, "are you there"))


async def test_owner_that_was_away_is_fenced(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """It renews no more, another takes over, and what it still writes is refused."""
    async with instance() as a, instance() as b:
        call = await a.join()
        await call.say(turn(1, "hello there"))
        mine = await a.watch("call")

        async def paused() -> bool:
            return True

        monkeypatch.setattr(a.coach.bus, "renew", paused)
        async with asyncio.timeout(10):
            while b.coach.registry.get("call") is None:
                await mine.ping()
        await call.send(turn(2, "the zombie speaks"))
        assert await call.closed() == 4200
        assert not [e for e in call.of("ack") if e["seq"] == 2], "what was refused is not acked"
        welcome = await mine.until(lambda e: e["type"] == "welcome" and e is not mine.welcome)
        assert welcome["epoch"] != call.welcome["epoch"]
        again = await b.join(after=call.durable()[0]["offset"], epoch=call.welcome["epoch"])
        assert again.welcome["acked"] == 1
        await again.say(turn(2, "the zombie speaks"))
        await mine.until(lambda e: e["type"] == "transcript" and e["seq"] == 2)


async def test_dashboard_of_a_fenced_owner_hears_every_event_once(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the new owner says while the old one finds it is not heard before the welcome, and again behind it."""
    async with instance() as a, instance() as b:
        call = await a.join()
        await call.say(turn(1, "hello there"))
        mine = await a.watch("call")

        async def paused() -> bool:
            return True

        monkeypatch.setattr(a.coach.bus, "renew", paused)
        async with asyncio.timeout(10):
            while b.coach.registry.get("call") is None:
                await mine.ping()
        phone = await b.join(source="phone", role="source")
        read = a.coach.bus.read

        async def read_slowly(log: str, after: int, upto: int) -> list[bytes]:
            events = await read(log, after, upto)
            await phone.say(turn(1, "said meanwhile"))
            buffered = a.coach.registry.relay.replicas["call"]._buffer
            async with asyncio.timeout(10):
                while not any(b"said meanwhile" in part for message in buffered for part in message.parts):
                    await asyncio.sleep(0)
            return events

        monkeypatch.setattr(a.coach.bus, "read", read_slowly)
        await call.send(turn(2, "the zombie speaks"))
        welcome = await mine.until(lambda e: e["type"] == "welcome" and e is not mine.welcome)
        await mine.ping()
        place = mine.heard.index(welcome)
        assert not [e for e in mine.heard[:place] if e.get("text") == "said meanwhile"]
        behind = [
            e["offset"] for e in mine.heard[place:] if "offset" in e and e["type"] not in ("welcome", "heartbeat")
        ]
        said = [e for e in welcome["state"].get("transcript", []) if e["text"] == "said meanwhile"]
        said += [e for e in mine.heard[place:] if e.get("text") == "said meanwhile"]
        assert len(said) == 1 and len(set(behind)) == len(behind)


async def test_owner_that_was_paused_welcomes_nobody_with_what_it_had(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hello that reached a zombie before its first write was welcomed with acks of long ago."""
    async with instance() as a, instance() as b:
        await (await a.join()).say(turn(1, "hello there"))

        async def paused() -> bool:
            return True

        monkeypatch.setattr(a.coach.bus, "renew", paused)
        async with asyncio.timeout(10):
            while b.coach.registry.get("call") is None:
                await asyncio.sleep(0.01)
        moved = await b.join()
        await moved.say(turn(2, "are you still there"))
        monkeypatch.setattr(a.coach.registry.ownership, "_beat_at", -10.0)
        back = await a.join()
        assert (back.welcome["epoch"], back.welcome["acked"]) == (moved.welcome["epoch"], 2)
        assert await moved.closed() == 4009


async def test_session_of_an_owner_that_everybody_has_forgotten_is_taken_over(instance: Instance) -> None:
    """Its entry was left behind: nobody could join for a day."""
    async with instance() as b:
        async with crashing(instance()) as a:
            call = await a.join()
            await call.say(turn(1, "hello there"))
            gone = a.coach.bus.instance
        # As when a paused owner claims while it is being buried.
        await b.coach.bus.bury(gone)
        async with asyncio.timeout(10):
            while await b.coach.bus.alive(gone) or gone in await b.coach.bus.dead():
                await b.coach.bus.bury(gone)
        again = await b.join(after=call.durable()[0]["offset"], epoch=call.welcome["epoch"])
        assert again.welcome["acked"] == 1
        await again.say(turn(2, "here I am again"))


@pytest.mark.parametrize("forgets", [True, False])
async def test_redis_restarted_in_mid_call_loses_and_doubles_nothing(
    instance: Instance, redis: Redis, monkeypatch: pytest.MonkeyPatch, forgets: bool
) -> None:
    """Leases run out while it is away: whoever is back first takes no living instance for dead."""
    async with instance() as a, instance() as b:
        call = await a.join()
        watcher = await b.watch("call")
        bridge = await b.join(source="phone", role="source")
        for number in range(1, 5):
            await call.say(turn(number, f"line {number}"))
        await bridge.say(turn(1, "from the bridge"))
        await asyncio.to_thread(redis.stop, signal.SIGKILL)
        await call.say(turn(5, TOO_MUCH))
        stale = await watcher.until("error")
        assert (stale["code"], stale["session"], stale["fatal"]) == ("unavailable", "call", False)
        async with a.http() as http:
            health = (await http.get("/health")).json()
            assert (health["status"], health["redis"]["state"]) == ("degraded", "unavailable")
        fresh = await a.join("begun-without-redis")
        await fresh.say(turn(1, "good morning"))
        if forgets:
            for path in redis.folder.glob("appendonly*"):
                await asyncio.to_thread(shutil.rmtree if path.is_dir() else Path.unlink, path)
        renew, back = a.coach.bus.renew, time.monotonic()

        async def renew_later() -> bool:
            if time.monotonic() < back + LEASE_S / 2:
                raise BusAway
            return await renew()

        monkeypatch.setattr(a.coach.bus, "renew", renew_later)
        await asyncio.to_thread(redis.start)
        await call.say(turn(6, "line 6"))
        await watcher.until(lambda e: e["type"] == "transcript" and e["seq"] == 6 and e["source"] == "main")
        assert contiguous(watcher.durable())
        first = watcher.welcome["offset"]
        assert watcher.durable() == [
            e for e in call.durable() if first < e["offset"] <= watcher.durable()[-1]["offset"]
        ]
        assert await bridge.closed() == 4200
        bridge = await b.join(source="phone", role="source")
        assert bridge.welcome["acked"] == 1
        await bridge.say(turn(2, "from the bridge again"))
        await call.until(lambda e: e["type"] == "transcript" and e["text"] == "from the bridge again")
        other = await b.join("begun-without-redis", source="late")
        assert other.welcome["epoch"] == fresh.welcome["epoch"]


async def test_acks_of_the_owner_are_known_after_a_reconnect_that_lost_nothing(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that moved over while the replica asked again was welcomed with what was acked when it first asked."""
    async with instance() as a, instance() as b:
        phone = await a.join(source="phone", role="source")
        watcher = await b.watch("call")
        await phone.say(turn(1, "good morning"))
        await watcher.until("transcript")
        replica = b.coach.registry.relay.replicas["call"]
        monkeypatch.setattr(replica, "_lost", lambda _replica: None)  # the next hello is the one that asks
        replica.gap()
        moved = await b.join(source="phone", role="source")
        assert moved.welcome["acked"] == 1


async def keys(redis: Redis) -> list[bytes]:
    import redis as library

    def ask() -> list[bytes]:
        with library.Redis(port=redis.port) as client:
            return list(client.keys("*"))

    return await asyncio.to_thread(ask)
