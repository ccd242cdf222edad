"""Suggestions of real SDKs on a real socket: one end each, own deadlines, falling back, racing, cancelling."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from coach.suggest.stream import SuggestionStream
from tests.live.test_suggestions import ENDS, TOO_MUCH, text_of
from tests.models.conftest import WIRES
from tests.models.fake import Behaviour, FakeModels, Request
from tests.talk import Event, Live, Talker, turn

Calling = Callable[..., Awaitable[Live]]
SHORT = {"first_token_s": 0.3, "token_gap_s": 0.2, "suggestion_s": 0.9}
TEXT = "".join(Behaviour().pieces)


async def raised(live: Live, **hello: Any) -> tuple[Talker, str]:
    """A call in which a suggestion has started; its card."""
    call = await live.join(**hello)
    await call.send(turn(1, TOO_MUCH))
    started = await call.until("suggestion")
    assert started["status"] == "started"
    return call, started["card"]


async def ended(call: Talker, card: str) -> Event:
    """The one end of a card's suggestion; nothing of it follows."""
    end = await call.until(lambda e: e["type"] == "suggestion" and e["card"] == card and e["status"] in ENDS)
    assert end["text"] == text_of(call, card)
    await call.ping()
    assert len([e for e in call.of("suggestion") if e["card"] == card and e["status"] in ENDS]) == 1
    return end


@pytest.mark.parametrize("wire", WIRES)
async def test_text_streams_and_ends_with_what_it_took(calling: Calling, fake: FakeModels, wire: str) -> None:
    live = await calling(wire, prices="gpt-oss=1/0.1/10,claude-haiku-4-5=1/0.1/10")
    call, card = await raised(live)
    end = await ended(call, card)
    assert (end["status"], end["text"], end["provider"]) == ("done", TEXT, wire)
    assert end["usage"] == {"input_tokens": 1000, "cached_tokens": 800, "output_tokens": 40, "cost_usd": 0.00068}
    await call.send({"type": "end"})
    summary = await call.until("summary")
    assert summary["cost"] == end["usage"]


@pytest.mark.parametrize("cached", [5_000, -5])
async def test_a_count_that_cannot_be_is_nobodys_end(calling: Calling, fake: FakeModels, cached: int) -> None:
    fake.behave = Behaviour(cached=cached)
    live = await calling("openai", prices="gpt-oss=1/0.1/10")
    call, card = await raised(live)
    end = await ended(call, card)
    assert end["status"] == "done" and 0 <= end["usage"]["cached_tokens"] <= end["usage"]["input_tokens"] == 1000
    while any(task.get_name() == "suggestion" for task in asyncio.all_tasks()):
        await asyncio.sleep(0)
    await call.say(turn(2, "are you there"))


async def test_a_bug_in_one_calls_task_is_nobodys_end(
    calling: Calling, fake: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed = asyncio.Event()

    def bill(stream: SuggestionStream) -> None:
        crashed.set()
        raise RuntimeError("what the customer said")

    monkeypatch.setattr(SuggestionStream, "_bill", bill)
    live = await calling("openai")
    call, card = await raised(live)
    await ended(call, card)
    await crashed.wait()
    await call.say(turn(2, "are you there"))


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Behaviour(first_s=60), "failed"),
        (Behaviour(stall_after=0, pings=True), "failed"),
        (Behaviour(stall_after=2, pings=True), "truncated"),
        (Behaviour(stall_after=2), "truncated"),
        (Behaviour(error_after=0), "failed"),
        (Behaviour(error_after=2), "truncated"),
        (Behaviour(cut_after=0), "failed"),
        (Behaviour(cut_after=2), "truncated"),
        (Behaviour(reset_after=2), "truncated"),
        (Behaviour(status=401), "failed"),
        (Behaviour(status=429, retry_after="3"), "failed"),
        (Behaviour(status=529), "failed"),
        (Behaviour(finish="length"), "truncated"),
        (Behaviour(pieces=["on "] * 200, gap_s=0.02), "expired"),
        (Behaviour(pieces=["", " ", "\n"]), "failed"),
        (Behaviour(pieces=[f"word{'x' * (n % 7)} " for n in range(150)]), "done"),
        (Behaviour(chop=1), "done"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_fault_has_its_end(
    calling: Calling, fake: FakeModels, wire: str, behaviour: Behaviour, status: str
) -> None:
    fake.behave = behaviour
    live = await calling(wire, **(SHORT if status != "done" else {}))
    call, card = await raised(live)
    end = await ended(call, card)
    assert end["status"] == status
    assert bool(end["text"]) is (status not in ("failed",))
    assert len(fake.streams()) == 1


async def test_own_deadlines_hold(calling: Calling, fake: FakeModels) -> None:
    fake.behave = Behaviour(stall_after=0, pings=True)
    live = await calling(**SHORT)
    call, card = await raised(live)
    end = await ended(call, card)
    assert 250 <= end["timing"]["total_ms"] <= 1500 and end["timing"]["first_token_ms"] is None


def by_wire(**behaviours: Behaviour) -> Callable[[Request], Behaviour]:
    return lambda request: behaviours["anthropic" if request.path.startswith("/v1/messages") else "openai"]


OTHER = Behaviour(pieces=["The other ", "one ", "speaks."])


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(status=401),
        Behaviour(status=529),
        Behaviour(error_after=0),
        Behaviour(cut_after=0),
        Behaviour(reset_after=0),
    ],
)
async def test_before_the_first_token_the_next_one_is_asked(
    calling: Calling, fake: FakeModels, behaviour: Behaviour
) -> None:
    fake.choose = by_wire(anthropic=behaviour, openai=OTHER)
    live = await calling("anthropic", "openai")
    call, card = await raised(live)
    assert call.of("suggestion")[0]["provider"] == "anthropic"
    end = await ended(call, card)
    assert (end["status"], end["provider"], end["text"]) == ("done", "openai", "The other one speaks.")


@pytest.mark.parametrize("hedge", ["on", "off"])
async def test_one_that_hangs_is_raced_or_replaced_within_the_time(
    calling: Calling, fake: FakeModels, hedge: str
) -> None:
    fake.choose = by_wire(anthropic=Behaviour(first_s=60), openai=OTHER)
    live = await calling("anthropic", "openai", hedge=hedge, first_token_s=0.8)
    call, card = await raised(live)
    end = await ended(call, card)
    assert (end["status"], end["provider"], end["text"]) == ("done", "openai", "The other one speaks.")
    assert end["usage"]["estimated"] and end["usage"]["input_tokens"] > 1000
    async with asyncio.timeout(1):
        await fake.streams()[0].closed.wait()


async def test_a_race_is_never_mixed(calling: Calling, fake: FakeModels) -> None:
    """Both speak at about the same time; one text comes, and the other connection is closed."""
    slow = Behaviour(pieces=["aa "] * 30, first_s=0.21, gap_s=0.01)
    quick = Behaviour(pieces=["bb "] * 30, first_s=0.01, gap_s=0.01)
    fake.choose = by_wire(anthropic=slow, openai=quick)
    live = await calling("anthropic", "openai", first_token_s=0.4)
    call, card = await raised(live)
    end = await ended(call, card)
    assert end["status"] == "done" and len(set(end["text"].split())) == 1
    assert end["provider"] == {"aa": "anthropic", "bb": "openai"}[end["text"].split()[0]]
    loser = next(r for r in fake.streams() if ("messages" in r.path) != (end["provider"] == "anthropic"))
    async with asyncio.timeout(1):
        await loser.closed.wait()
    assert loser.sent < 30


async def test_after_the_first_token_no_other_is_asked(calling: Calling, fake: FakeModels) -> None:
    fake.choose = by_wire(anthropic=Behaviour(error_after=1), openai=OTHER)
    live = await calling("anthropic", "openai")
    call, card = await raised(live)
    end = await ended(call, card)
    assert (end["status"], end["provider"]) == ("truncated", "anthropic") and len(fake.streams()) == 1


async def test_all_down_leaves_the_card_and_says_so_in_health(calling: Calling, fake: FakeModels) -> None:
    fake.behave = Behaviour(status=401)
    live = await calling("anthropic", "openai")
    call, card = await raised(live)
    assert (await ended(call, card))["status"] == "failed"
    await call.send({"type": "ask", "text": "What now?"})
    end = await call.until(lambda e: e["type"] == "suggestion" and e["status"] in ENDS)
    assert end["status"] == "failed" and len(fake.streams()) == 2
    async with live.http() as http:
        models = (await http.get("/health")).json()["models"]
    assert {name: model["state"] for name, model in models.items()} == {"anthropic": "open", "openai": "open"}
    state = (await live.watch("call")).welcome["state"]
    assert {c["id"] for c in state["cards"]} >= {card}


@pytest.mark.parametrize("wire", WIRES)
async def test_cancel_closes_the_upstream_connection_within_50_ms(
    calling: Calling, fake: FakeModels, wire: str
) -> None:
    fake.behave = Behaviour(pieces=["word "] * 500, gap_s=0.01)
    live = await calling(wire)
    call, card = await raised(live)
    await call.until("token")
    began = time.perf_counter()
    await call.send({"type": "cancel", "card": card})
    async with asyncio.timeout(1):
        await fake.streams()[0].closed.wait()
    took = time.perf_counter() - began
    end = await ended(call, card)
    assert end["status"] == "cancelled" and end["usage"]["estimated"]
    assert took < 0.05


@pytest.mark.parametrize("wire", WIRES)
async def test_cancel_before_the_first_token_closes_it_too(calling: Calling, fake: FakeModels, wire: str) -> None:
    fake.behave = Behaviour(first_s=60)
    live = await calling(wire)
    call, card = await raised(live)
    async with asyncio.timeout(1):
        await fake.arrived.wait()
    await call.send({"type": "cancel", "card": card})
    end = await ended(call, card)
    assert (end["status"], end["text"]) == ("cancelled", "")
    async with asyncio.timeout(1):
        await fake.streams()[0].closed.wait()


async def test_the_ceiling_leaves_cards_only(calling: Calling, fake: FakeModels) -> None:
    live = await calling(prices="gpt-oss=1000/1000/1000", call_budget_usd=0.5, judge="on")
    call, card = await raised(live)
    assert (await ended(call, card))["usage"]["cost_usd"] > 0.5
    await call.has(lambda e: e.get("by") == "judge")
    asked = len(fake.requests)
    await call.say(turn(2, "and I would have to talk to my wife first"))
    assert [c["status"] for c in call.of("card")].count("open") == 2
    assert len([e for e in call.of("suggestion") if e["status"] == "started"]) == 1
    assert len(fake.requests) == asked


async def test_a_question_is_answered_from_pack_and_call_with_its_quotes(calling: Calling, fake: FakeModels) -> None:
    fake.behave = Behaviour(
        pieces=[
            "Start at ",
            "£23,990.\n",
            "\n",
            "› from £23,990\n",
            "› way too ",
            "expensive for us\n",
            "› nobody said this\n",
        ]
    )
    live = await calling()
    call = await live.join(pack="ev")
    await call.say(turn(1, TOO_MUCH))
    await call.send({"type": "ask", "text": "What is the cheapest one?"})
    card = (await call.until(lambda e: e["type"] == "card" and e["trigger"]["type"] == "ask"))["id"]
    end = await ended(call, card)
    assert end["text"] == "Start at £23,990.\n\n› from £23,990\n› way too expensive for us\n\n"
    asked = fake.streams()[-1].text
    assert "What is the cheapest one?" in asked and TOO_MUCH in asked and "23,990" in asked


async def test_half_an_emoji_and_worse_do_no_harm(calling: Calling, fake: FakeModels) -> None:
    raw = b"".join(
        b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n'
        % piece
        for piece in (rb"car \ud83d", rb"\ude97 ok", rb"\ud83d", rb" nul\u0000 1\u200b000 ", rb"\udc00 end")
    )
    fake.behave = Behaviour(raw=raw + b"data: [DONE]\n\n")
    live = await calling()
    call, card = await raised(live)
    end = await ended(call, card)
    assert end["status"] == "done" and end["text"].startswith("car 🚗 ok\ufffd nul [check the figure]")
