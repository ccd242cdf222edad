"""Resume, epochs and snapshots: all or nothing, and the law of snapshots."""

from typing import Any

from coach.live.runner import Runner
from coach.session.inputs import EndAsked
from coach.session.view import View
from tests.conftest import Serve
from tests.talk import Event, Talker, interim, turn

LINES = [
    (1, "thanks for calling, how can I help", "seller"),
    (2, "honestly it is way too expensive for us", "client"),
    (3, "we could look at leasing together", "seller"),
    (4, "and can I take it for a test drive, I need to talk to my wife first", "client"),
    (5, "okay then the price is fine", "client"),
]


async def talk(call: Talker, lines: list[tuple[int, str, str]]) -> None:
    for number, text, speaker in lines:
        await call.say(interim(number, text[: len(text) // 2], speaker))
        await call.say(turn(number, text, speaker))


def fold(state: Event, events: list[Event]) -> dict[str, Any]:
    """The state of a welcome with later durable events applied, as any client would."""
    view = View(
        signals={e["id"]: e for e in state["signals"]},
        archetype=state["archetype"],
        stage=state["stage"],
        cards={e["id"]: e for e in state["cards"]},
        suggestions={e["card"]: e for e in state["suggestions"]},
        strategies=dict(state["strategies"]),
        ended="outcome" in state,
        outcome=state.get("outcome"),
        summary=state.get("summary"),
    )
    for event in [*state["transcript"], *state["objections"], *events]:
        view.apply(event)
    return view.state()


def durable_part(state: Event) -> Event:
    return {k: v for k, v in state.items() if k not in ("metrics", "presence", "interims", "streaming")}


async def test_snapshot_and_later_events_give_the_later_snapshot(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=1") as live:
        call = await live.join()
        watchers = []
        for line in LINES:
            watchers.append(await live.watch("call"))
            await talk(call, [line])
        await call.send({"type": "end", "outcome": "won"})
        await call.until("ended")
        late = await live.watch("call")
        for watcher in watchers:
            await watcher.until("ended")
            assert durable_part(late.welcome["state"]) == fold(watcher.welcome["state"], watcher.durable())


async def test_client_resumes_with_every_missed_event_in_order(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await talk(call, LINES[:2])
        seen = call.durable()
        await call.socket.close()
        other = await live.join(source="phone")
        await other.say(turn(1, "too expensive, I told you"))
        again = await live.join(after=seen[-1]["offset"], epoch=call.welcome["epoch"])
        assert again.welcome["resumed"] is True and "transcript" not in again.welcome["state"]
        assert again.welcome["acked"] == 2
        missed = await again.ping()
        everything = seen + [e for e in missed if "offset" in e]
        assert [e["offset"] for e in everything] == list(range(1, again.welcome["offset"] + 1))


async def test_nothing_is_published_while_the_stored_row_says_that_all_was_stored(serve: Serve) -> None:
    """A crash now would keep the epoch, and use again the offset of what was published."""
    async with serve() as live:
        call = await live.join()
        await talk(call, LINES[:1])
        runner = live.coach.registry.get("call")
        assert isinstance(runner, Runner)
        runner.settle()
        await runner.journal.all_stored()
        offset = runner.offset
        await call.send(turn(2, "too late"))
        refused = await call.until("error")
        assert (refused["code"], refused["seq"]) == ("unavailable", 2)
        await call.send({"type": "raise_hand"})
        assert (await call.until("error"))["code"] == "unavailable"
        runner.post(EndAsked("won"))
        assert runner.offset == offset and not runner.ended
        runner.reopen()
        await call.until("ended")
        assert runner.offset > offset


async def test_wrong_epoch_or_future_offset_gets_the_whole_state(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await talk(call, LINES[:2])
        for hello in ({"after": 1, "epoch": "other"}, {"after": 99, "epoch": call.welcome["epoch"]}, {"after": 1}):
            again = await live.join(**hello)
            assert (again.welcome["resumed"], again.welcome["why"]) == (False, "epoch")
            assert len(again.welcome["state"]["transcript"]) == 2


async def test_restart_keeps_the_epoch_and_everything_acked(serve: Serve) -> None:
    """A drain stores everything, so that clients of before resume as if nothing had been."""
    async with serve() as live:
        call = await live.join()
        await talk(call, LINES[:3])
        before = call.durable()
        epoch = call.welcome["epoch"]
    async with serve() as live:
        call = await live.join(after=before[-1]["offset"], epoch=epoch)
        assert call.welcome["resumed"] is True and call.welcome["acked"] == 3
        await talk(call, LINES[3:])
        snapshot = (await live.join(source="late")).welcome["state"]
        assert [e["text"] for e in snapshot["transcript"]] == [text for _, text, _ in LINES]
        offsets = [e["offset"] for e in before + call.durable()]
        assert offsets == list(range(1, len(offsets) + 1))


async def test_unloaded_session_comes_back_the_same(serve: Serve) -> None:
    async with serve(session_unload_s=0.1) as live:
        call = await live.join()
        await talk(call, LINES[:2])
        state, epoch = (await live.join(source="x")).welcome["state"], call.welcome["epoch"]
        await live.sockets.aclose()
        wall = await live.watch()
        while live.coach.registry.get("call") is not None:
            await wall.ping()
        again = await live.join()
        assert again.welcome["epoch"] == epoch
        assert durable_part(again.welcome["state"]) == durable_part(state)
        events = await again.say(turn(3, "okay then the price is fine"))
        assert [e["status"] for e in events if e["type"] == "objection"] == ["handled"]


async def test_interims_and_streaming_text_are_in_the_volatile_state(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=150") as live:
        call = await live.join()
        await call.say(interim(1, "it is way too expensive"))
        token = await call.until("token")
        watcher = await live.watch("call")
        state = watcher.welcome["state"]
        assert [e["text"] for e in state["interims"]] == ["it is way too expensive"]
        assert list(state["streaming"]) == [token["card"]]
        assert state["presence"]["watchers"] == 1
        later = await watcher.until("token")
        assert later["start"] == len(state["streaming"][token["card"]])


async def test_idle_session_is_ended_without_outcome(serve: Serve) -> None:
    async with serve(session_idle_s=0.2, session_unload_s=60) as live:
        watcher = await live.watch("call")
        call = await live.join()
        await call.say(turn(1, "good morning"))
        await call.socket.close()
        assert (await watcher.until("ended"))["outcome"] is None


async def test_session_left_unloaded_is_ended_too(serve: Serve) -> None:
    async with serve(session_unload_s=0.1) as live:
        call = await live.join()
        await call.say(turn(1, "good morning"))
    async with serve(session_idle_s=0.1, session_unload_s=0.1) as live:
        wall = await live.watch()
        assert (await wall.until("ended"))["session"] == "call"
