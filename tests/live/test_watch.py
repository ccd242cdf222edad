"""Dashboards: the wall, one call in full, whispers, presence."""

from tests.conftest import Serve
from tests.talk import interim, turn


async def test_watcher_sees_the_same_events_in_the_same_order(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=1") as live:
        call = await live.join()
        watcher = await live.watch("call")
        await call.say(interim(1, "well it is way too"))
        await call.say(turn(1, "well it is way too expensive"))
        await call.send({"type": "end"})
        await call.until("ended")
        await watcher.until("ended")
        assert watcher.durable() == call.durable()
        shown = watcher.of("transcript")
        assert [e["final"] for e in shown] == [False, True] and "offset" not in shown[0]
        assert [e for e in call.of("transcript") if not e["final"]] == []


async def test_wall_shows_live_calls_hands_and_ends(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join(metadata={"seller": "Anna"}, pack="ev")
        wall = await live.watch()
        line = await wall.until("session")
        assert (line["session"], line["seller"], line["pack"]) == ("call", "Anna", "ev")
        await call.say(turn(1, "good morning to you"))
        line = await wall.until(lambda e: e["type"] == "session" and e["last_line"] != "")
        assert line["last_line"] == "good morning to you"
        await call.send({"type": "raise_hand"})
        await wall.until("raise_hand")
        await call.send({"type": "end", "outcome": "won"})
        assert (await wall.until("ended"))["outcome"] == "won"
        assert not {"transcript", "objection", "card"} & {e["type"] for e in wall.heard}


async def test_call_watched_on_the_wall_and_in_full_comes_once(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        wall = await live.watch()
        await wall.send({"type": "watch", "sessions": ["call"]})
        await wall.until(lambda e: e["type"] == "welcome" and e["session"] == "call")
        await call.send({"type": "raise_hand"})
        await call.ping()
        await wall.ping()
        offsets = [e["offset"] for e in wall.durable()]
        assert offsets == list(range(1, len(offsets) + 1))


async def test_call_named_often_in_one_frame_is_welcomed_once(serve: Serve) -> None:
    async with serve() as live:
        await live.join()
        watcher = await live.watch("call")
        await watcher.send({"type": "watch", "sessions": ["call"] * 1_000})
        await watcher.ping()
        assert len(watcher.of("welcome")) == 2, "the first, and one more"


async def test_whisper_reaches_the_seller(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        watcher = await live.watch("call")
        await watcher.send({"type": "whisper", "session": "call", "text": "offer the test drive"})
        whisper = await call.until("whisper")
        assert (whisper["text"], whisper["from"]) == ("offer the test drive", "anonymous")
        await watcher.send({"type": "whisper", "session": "nowhere", "text": "hello"})
        assert (await watcher.until("error"))["code"] == "not_allowed"


async def test_presence_counts_dashboards(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        watcher = await live.watch("call")
        assert (await call.until("presence"))["watchers"] == 1
        await watcher.send({"type": "unwatch", "sessions": ["call"]})
        assert (await call.until("presence"))["watchers"] == 0
        await call.say(turn(1, "hello"))
        await watcher.ping()
        assert not watcher.of("transcript")


async def test_call_watched_before_it_exists_is_welcomed_when_it_begins(serve: Serve) -> None:
    async with serve() as live:
        watcher = await live.watch("soon")
        assert (watcher.welcome["offset"], watcher.welcome["epoch"]) == (0, "")
        call = await live.join("soon")
        welcome = await watcher.until("welcome")
        assert welcome["epoch"] == call.welcome["epoch"]
        await call.say(turn(1, "hello"))
        assert (await watcher.until("transcript"))["offset"] == 1


async def test_watcher_resumes(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, "it is way too expensive"))
        watcher = await live.watch("call", after={"call": 1}, epochs={"call": call.welcome["epoch"]})
        assert watcher.welcome["resumed"] is True
        await watcher.ping()
        assert [e["offset"] for e in watcher.durable()] == list(range(2, call.durable()[-1]["offset"] + 1))
