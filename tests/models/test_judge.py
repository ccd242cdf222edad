"""The judge: structured or mended, verbatim or dropped, behind the ack, never in anybody's way, and stored."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import select

from coach.analyze import Rehearsal
from coach.session.session import Session
from coach.store.tables import verdicts
from coach.suggest.judge import parse
from tests.live.test_suggestions import TOO_MUCH
from tests.models.conftest import WIRES
from tests.models.fake import EMPTY, Behaviour, FakeModels
from tests.models.test_live_models import Calling
from tests.talk import Event, Talker, turn


def verdict(*objections: tuple[str, str], signals: tuple[tuple[str, str], ...] = ()) -> str:
    return json.dumps(
        {
            "objections": [{"category": label, "quote": quote} for label, quote in objections],
            "signals": [{"kind": label, "quote": quote} for label, quote in signals],
        }
    )


async def suggested(call: Talker, count: int = 1) -> None:
    """So many suggestions have ended, whatever came before or after an ack."""
    while len([e for e in call.of("suggestion") if e["status"] == "done"]) < count:
        await call.next()


def judged(call: Talker) -> list[Event]:
    return [e for e in call.heard if e.get("by") == "judge"]


@pytest.mark.parametrize("wire", WIRES)
async def test_it_confirms_retracts_and_adds(calling: Calling, fake: FakeModels, wire: str) -> None:
    fake.behave = Behaviour(
        pieces=["Fine."],
        verdicts=[verdict(("trust", "for US"), ("need", "not said at all"), signals=(("trial", "US"),))],
    )
    live = await calling(wire, judge="on")
    call = await live.join()
    await call.send(turn(1, TOO_MUCH))
    await call.until(lambda e: e["type"] == "signal" and e["by"] == "judge")
    await call.ping()
    told = [(e["type"], e.get("category") or e["kind"], e["status"], e["quote"]) for e in judged(call)]
    price = next(e for e in call.of("objection") if e["category"] == "price")
    assert told == [
        ("objection", "price", "retracted", price["quote"]),
        ("objection", "trust", "confirmed", "for us"),
        ("signal", "trial", "confirmed", "us"),
    ]
    ack = next(e for e in call.heard if e["type"] == "ack")
    assert all(call.heard.index(ack) < call.heard.index(e) for e in judged(call))
    async with live.coach.database.reader.connect() as connection:
        await live.coach.writer.flushed()
        row = (await connection.execute(select(verdicts))).mappings().one()
    assert (row["provider"], row["utterance"]) == (wire, "u1")
    assert row["verdict"]["objections"] == [{"category": "trust", "quote": "for us"}]


async def test_it_is_asked_with_the_last_six_turns(calling: Calling, fake: FakeModels) -> None:
    live = await calling(judge="on")
    call = await live.join()
    for number in range(1, 10):
        await call.say(turn(number, f"line number {number}", "seller" if number < 9 else "client"))
    async with asyncio.timeout(5):
        await fake.arrived.wait()
    (asked,) = fake.questions()
    text = asked.body["messages"][1]["content"]
    assert asked.body["response_format"]["type"] == "json_schema"
    assert "number 3" in text and "number 8" in text and "number 2" not in text and text.count("number 9") == 1


async def test_a_server_without_structured_output_is_asked_for_json_and_mended_once(
    calling: Calling, fake: FakeModels
) -> None:
    fake.behave = Behaviour(
        pieces=["Fine."],
        refuses=("response_format",),
        verdicts=["Sure! I think it is about money.", f"```json\n{verdict(('price', 'too expensive'))}\n```"],
    )
    live = await calling(judge="on")
    call = await live.join()
    await call.send(turn(1, TOO_MUCH))
    event = await call.until(lambda e: e.get("by") == "judge")
    assert (event["category"], event["status"]) == ("price", "confirmed")
    formats = [request.body.get("response_format", {}).get("type") for request in fake.questions()]
    assert formats == ["json_schema", "json_object", None, None]
    assert "no JSON object" in fake.questions()[-1].text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"objections": 5, "signals": []}',
        '{"objections": [{"category": "money", "quote": "x"}], "signals": []}',
        "{" * 9_000,
        "{" * 4_000 + "}" * 3_000,
        '{"objections": [], "signals": [NaN]}',
    ],
)
def test_what_is_no_verdict_is_named_without_its_words(text: str) -> None:
    with pytest.raises(ValueError, match="JSON|signals|objections") as caught:
        parse(text)
    assert caught.value.__cause__ is None and "money" not in str(caught.value)


def test_a_verdict_in_prose_or_with_more_than_asked_for_is_taken() -> None:
    assert parse(f"Here: {EMPTY} Hope it helps").objections == []
    assert parse('{"why": "…", "objections": [{"category": "stall", "quote": "q", "p": 1}], "signals": []}').objections


async def test_a_hanging_judge_delays_nothing_and_the_end_waits_two_seconds(calling: Calling, fake: FakeModels) -> None:
    fake.behave = Behaviour(pieces=["Fine."], stall_after=9)
    live = await calling(judge="on", judge_s=60)
    call = await live.join()
    await call.send(turn(1, TOO_MUCH))
    await suggested(call)
    for number in range(2, 8):
        await call.say(turn(number, "well that is fine"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await call.send({"type": "end"})
    await call.until("ended")
    assert 1.9 < loop.time() - began < 3.5 and not judged(call)
    cost = call.of("summary")[-1]["cost"]
    assert cost["estimated"] and cost["input_tokens"] > 7 * 500, "what was stopped is paid for, too"
    async with asyncio.timeout(1):
        for request in fake.questions():
            await request.closed.wait()


async def test_no_verdict_after_the_end(calling: Calling, fake: FakeModels) -> None:
    fake.behave = Behaviour(verdicts=[verdict(("trust", "us"))], first_s=0.3)
    live = await calling(judge="on")
    call = await live.join()
    await call.send(turn(1, TOO_MUCH))
    await call.send({"type": "end"})
    await call.until("ended")
    assert call.heard[-1]["type"] == "ended" and judged(call)
    assert await call.ping() == []


async def test_one_call_can_go_without(calling: Calling, fake: FakeModels) -> None:
    fake.behave = Behaviour(verdicts=[verdict(("trust", "us"))])
    live = await calling(judge="on")
    call = await live.join(metadata={"judge": False})
    await call.say(turn(1, TOO_MUCH))
    await suggested(call)
    await call.send({"type": "end"})
    await call.until("ended")
    assert fake.questions() == []


async def test_a_sample_is_read(calling: Calling, fake: FakeModels) -> None:
    live = await calling(judge="on", judge_sample=0.5)
    call = await live.join()
    for number in range(1, 41):
        await call.say(turn(number, f"well and so on {number}"))
    await call.send({"type": "end"})
    await call.until("ended")
    assert 8 <= len(fake.questions()) <= 32


async def test_beyond_its_limit_utterances_are_skipped(
    calling: Calling, fake: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coach.suggest.judge.AT_ONCE", 2)
    fake.behave = Behaviour(stall_after=9)
    live = await calling(judge="on", judge_s=60)
    call = await live.join()
    for number in range(1, 10):
        await call.send(turn(number, f"well and so on {number}"))
    await call.ping()
    assert len(live.coach.registry.get("call").session.core.judging) == 2  # type: ignore[union-attr]
    await call.send({"type": "end"})
    await call.until("ended")
    assert len(fake.questions()) <= 2


async def test_recorded_inbox_with_verdicts_replays_byte_for_byte(calling: Calling, fake: FakeModels) -> None:
    fake.behave = Behaviour(
        pieces=["Fine. ", "Let us talk."],
        verdicts=[
            verdict(("trust", "us")),
            EMPTY,
            verdict(("authority", "my wife"), signals=(("next_step", "first"),)),
        ],
    )
    live = await calling(judge="on", prices="gpt-oss=1/1/1")
    recorded: list[tuple[int, Any]] = []
    effects: list[Any] = []

    def record(_session: str, event: Any, at: int, done: list[Any]) -> None:
        recorded.append((at, event))
        effects.extend(done)

    live.coach.shared.record = record
    call = await live.join()
    for number, text in enumerate((TOO_MUCH, "hm", "I have to talk to my wife first"), 1):
        await call.say(turn(number, text))
        await suggested(call, 2 if number == 3 else 1)
    await call.send({"type": "end"})
    await call.until("ended")
    runner = live.coach.registry.get("call")
    assert runner is not None and judged(call)
    again = Rehearsal(Session(runner.session.identity, live.coach.packs["general"]))
    first = Rehearsal(Session(runner.session.identity, live.coach.packs["general"]))
    first._take(effects)
    for at, event in recorded:
        again.replay(at, event)
    assert again.trace == first.trace
    assert again.session.dump() == runner.session.dump()
