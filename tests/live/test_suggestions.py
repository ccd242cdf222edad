"""Suggestions: started, tokens, exactly one end, whatever the provider does."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.talk import Live, Talker, interim, turn

TOO_MUCH = "honestly it is way too expensive for us"
ENDS = {"done", "cancelled", "superseded", "failed", "truncated", "expired"}


async def raised(live: Live, **hello: Any) -> tuple[Talker, str]:
    """A call in which a card is open whose suggestion has started; its id."""
    call = await live.join(**hello)
    await call.send(turn(1, TOO_MUCH))
    started = await call.until("suggestion")
    assert (started["status"], started["provider"]) == ("started", "scripted")
    return call, started["card"]


def text_of(call: Talker, card: str) -> str:
    """The tokens put together, checked to be contiguous in UTF-16 units."""
    text = ""
    for token in (e for e in call.of("token") if e["card"] == card):
        assert token["start"] == len(text.encode("utf-16-le")) // 2
        text += token["text"]
    return text


async def test_tokens_are_contiguous_and_the_end_has_the_whole_text(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=1") as live:
        call, card = await raised(live)
        end = await call.until(lambda e: e["type"] == "suggestion" and e["status"] != "started")
        assert (end["status"], end["card"]) == ("done", card)
        assert end["text"] == text_of(call, card) != ""
        assert end["timing"]["first_token_ms"] <= end["timing"]["total_ms"]
        await call.ping()
        assert len([e for e in call.of("suggestion") if e["status"] in ENDS]) == 1


@pytest.mark.parametrize(
    ("script", "settings", "status", "has_text"),
    [
        ("first_ms=1,token_ms=1,error_after=0", {}, "failed", False),
        ("first_ms=1,token_ms=1,cut_after=0", {}, "failed", False),
        ("first_ms=60000", {"first_token_s": 0.1}, "failed", False),
        ("first_ms=1,token_ms=1,error_after=2", {}, "truncated", True),
        ("first_ms=1,token_ms=1,cut_after=2", {}, "truncated", True),
        ("first_ms=1,token_ms=1,stall_after=2", {"token_gap_s": 0.1}, "truncated", True),
        ("first_ms=1,token_ms=100", {"suggestion_s": 1.0}, "expired", True),
    ],
)
async def test_every_fault_has_its_end(
    serve: Serve, script: str, settings: dict[str, float], status: str, has_text: bool
) -> None:
    async with serve(providers=["scripted"], script=script, **settings) as live:
        call, card = await raised(live)
        end = await call.until(lambda e: e["type"] == "suggestion" and e["status"] in ENDS)
        assert end["status"] == status
        assert end["text"] == text_of(call, card)
        assert bool(end["text"]) is has_text
        await call.ping()
        assert len([e for e in call.of("suggestion") if e["status"] in ENDS]) == 1
        assert (await live.watch("call")).welcome["state"]["streaming"] == {}


async def test_cancel_stops_the_tokens_at_once(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=20") as live:
        call, card = await raised(live)
        await call.until("token")
        await call.send({"type": "cancel", "card": card})
        end = await call.until(lambda e: e["type"] == "suggestion")
        assert end["status"] == "cancelled" and end["text"] == text_of(call, card)
        await call.send({"type": "cancel", "card": card})
        assert [e for e in await call.ping() if e["type"] != "ack"] == []


async def test_closing_the_socket_is_no_cancel(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=50,token_ms=1") as live:
        call, _ = await raised(live)
        watcher = await live.watch("call")
        await call.socket.close()
        assert (await watcher.until("suggestion"))["status"] == "done"


async def test_newer_objection_supersedes(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=50") as live:
        call, card = await raised(live)
        await call.until("token")
        await call.send(turn(2, "and I would have to talk to my wife first"))
        end = await call.until(lambda e: e["type"] == "suggestion" and e["card"] == card)
        assert end["status"] == "superseded"
        assert (await call.until("token"))["card"] != card


async def test_retracted_objection_takes_its_suggestion_along(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=50") as live:
        call = await live.join()
        await call.send(interim(1, "well it is too expensive"))
        card = (await call.until("token"))["card"]
        await call.send(turn(1, "well it is two extensive chapters"))
        end = await call.until(lambda e: e["type"] == "suggestion")
        assert (end["card"], end["status"]) == (card, "superseded")


async def test_end_of_the_call_waits_for_a_suggestion_and_then_stops_it(serve: Serve) -> None:
    async with serve(providers=["scripted"], script="first_ms=1,token_ms=1,stall_after=2", token_gap_s=60) as live:
        call, _ = await raised(live)
        await call.send({"type": "end"})
        await call.until("ended")
        ends = [e for e in call.of("suggestion") if e["status"] in ENDS]
        assert [e["status"] for e in ends] == ["expired"]
        ended, summary = call.of("ended")[0], call.of("summary")[0]
        assert ends[0]["offset"] < summary["offset"] == ended["offset"] - 1
        assert ended["at"] - call.of("transcript")[0]["at"] < 4000


async def test_without_a_provider_the_card_stands_alone(serve: Serve) -> None:
    async with serve() as live:
        call = await live.join()
        await call.say(turn(1, TOO_MUCH))
        assert call.of("card") and not call.of("suggestion")
