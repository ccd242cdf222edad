"""Both SDKs against the real wire formats: text, ends, faults, reasons; and what of them gets out."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from coach.session.effects import Prompt
from coach.suggest.base import Completion, ProviderError, Question, Reader
from coach.suggest.money import Usage
from tests.models.conftest import WIRES, Building, settings
from tests.models.fake import EMPTY, Behaviour, FakeModels

TEXT = "".join(Behaviour().pieces)
PROMPT = Prompt(
    "ev",
    "objection",
    "price",
    "too expensive",
    "en",
    "en",
    "Let's work it out.",
    None,
    (),
    "analyst",
    "discovery",
    (("seller", "Hello."), ("client", "It is too expensive.")),
)


async def read(building: Building, fake: FakeModels, wire: str, **more: Any) -> tuple[str, Completion]:
    """A whole stream. Raises `ProviderError`."""
    completion, text, broken = Completion(), "", None
    async with building(**settings(fake, wire, **more)) as models:
        try:
            async for piece in models.providers[0].stream(PROMPT, completion):
                text += piece
        except ProviderError as error:
            broken = error
    if broken is not None:
        raise broken
    return text, completion


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("chop", [None, 1, 3, 7])
async def test_text_comes_whole_however_its_bytes_are_cut(
    building: Building, fake: FakeModels, wire: str, chop: int | None
) -> None:
    fake.behave = Behaviour(chop=chop, unknown=True)
    text, completion = await read(building, fake, wire)
    assert (text, completion.ended) == (TEXT, True)
    assert completion.usage == Usage(1000, 800, 40)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(status=401), "unauthorized"),
        (Behaviour(status=404), "not_found"),
        (Behaviour(status=429, retry_after="7"), "rate_limited"),
        (Behaviour(status=529, retry_after="7"), "overloaded"),
        (Behaviour(status=500), "server"),
        (Behaviour(error_after=0), "overloaded"),
        (Behaviour(error_after=2), "overloaded"),
        (Behaviour(reset_after=2), "connection"),
        (Behaviour(raw=b"event: message_start\ndata: {broken\n\n"), "protocol"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_fault_has_its_reason_and_says_nothing_else(
    building: Building, fake: FakeModels, wire: str, behaviour: Behaviour, reason: str
) -> None:
    fake.behave = behaviour
    with pytest.raises(ProviderError) as caught:
        await read(building, fake, wire)
    assert str(caught.value) == reason
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    if behaviour.retry_after:
        assert caught.value.retry_after_s == 7


@pytest.mark.parametrize("wire", WIRES)
async def test_server_that_is_not_there_is_a_connection_fault(building: Building, fake: FakeModels, wire: str) -> None:
    fake.port = 9
    with pytest.raises(ProviderError, match="connection"):
        await read(building, fake, wire)


@pytest.mark.parametrize(
    ("wire", "behaviour", "ended"),
    [
        ("openai", Behaviour(cut_after=3), False),
        ("anthropic", Behaviour(cut_after=3), False),
        ("openai", Behaviour(finish=None, usage=False, done=False), False),
        ("anthropic", Behaviour(done=False), False),
        ("openai", Behaviour(finish=None, usage=False), True),  # [DONE] alone
        ("openai", Behaviour(finish=None, done=False), True),  # the count is sent at the end alone
        ("openai", Behaviour(done=False, usage=False), True),
        ("openai", Behaviour(finish="length"), False),
        ("anthropic", Behaviour(finish="length"), False),
        ("anthropic", Behaviour(finish=None), True),
    ],
)
async def test_only_an_end_that_is_said_is_an_end(
    building: Building, fake: FakeModels, wire: str, behaviour: Behaviour, ended: bool
) -> None:
    fake.behave = behaviour
    _, completion = await read(building, fake, wire)
    assert completion.ended is ended


@pytest.mark.parametrize("wire", WIRES)
async def test_a_server_that_hangs_after_the_end_is_not_waited_for(
    building: Building, fake: FakeModels, wire: str
) -> None:
    fake.behave = Behaviour(hang_after_end=True, usage=False)
    text, completion = await read(building, fake, wire)
    assert (text, completion.ended) == (TEXT, True)


async def test_a_server_that_knows_less_is_asked_again_without(building: Building, fake: FakeModels) -> None:
    fake.behave = Behaviour(refuses=("stream_options",), usage=False)
    async with building(**settings(fake)) as models:
        for _ in range(2):
            completion = Completion()
            assert "".join([p async for p in models.providers[0].stream(PROMPT, completion)]) == TEXT
            assert completion.ended and completion.usage is None
    asked = [set(request.body) for request in fake.requests]
    plain = {"model", "messages", "stream", "max_tokens"}
    assert len(asked) == 3 and asked[0] > plain and asked[1:] == [plain, plain]


async def test_a_request_refused_for_its_words_changes_no_later_one(building: Building, fake: FakeModels) -> None:
    async with building(**settings(fake)) as models:
        fake.behave = Behaviour(refuses=("messages",))
        with pytest.raises(ProviderError, match="bad_request"):
            async for _ in models.providers[0].stream(PROMPT, Completion()):
                pass
        fake.behave = Behaviour()
        completion = Completion()
        async for _ in models.providers[0].stream(PROMPT, completion):
            pass
    assert completion.usage == Usage(1000, 800, 40)


@pytest.mark.parametrize("wire", WIRES)
async def test_questions_asked_at_once_agree_on_a_format(building: Building, fake: FakeModels, wire: str) -> None:
    field = {"openai": "response_format", "anthropic": "output_config"}[wire]
    async with building(**settings(fake, wire)) as models:
        reader = models.providers[0]
        assert isinstance(reader, Reader)
        question = Question("Judge.", "It is too expensive.", {"type": "object"})
        fake.behave = Behaviour(refuses=("messages",))
        with pytest.raises(ProviderError, match="bad_request"):
            await reader.answer(question, "m")
        fake.requests.clear()
        fake.behave = Behaviour(refuses=(field,))
        answers = await asyncio.gather(*(reader.answer(question, "m") for _ in range(8)))
        assert [answer.text for answer in answers] == [EMPTY] * 8
        fake.behave = Behaviour()
        await reader.answer(question, "m")
    assert field in fake.requests[0].body and field not in fake.requests[-1].body


@pytest.mark.parametrize("wire", WIRES)
async def test_what_never_changes_comes_first_and_is_marked_for_the_cache(
    building: Building, fake: FakeModels, wire: str
) -> None:
    turns = tuple(("client" if n % 2 else "seller", f"Line {n}.") for n in range(45))
    async with building(**settings(fake, wire)) as models:
        for count in (43, 45):
            prompt = replace(PROMPT, turns=turns[:count], speaking="and so on")
            async for _ in models.providers[0].stream(prompt, Completion()):
                pass
    first, second = (request.body for request in fake.streams())
    if wire == "openai":
        assert first["messages"][0] == second["messages"][0]
        assert first["prompt_cache_key"] == second["prompt_cache_key"] == "coach-ev-en-en"
        before, after = first["messages"][1]["content"], second["messages"][1]["content"]
        shared = before[: before.index("</data-")]
        assert after.startswith(shared)
    else:
        assert first["system"] == second["system"] and "cache_control" in first["system"][1]
        one, two = first["messages"][0]["content"], second["messages"][0]["content"]
        assert one[:-1] == two[:-1] and len(one) == 3 and "cache_control" in one[1]
        marks = sum("cache_control" in block for block in (*first["system"], *one))
        assert marks <= 4
    assert "Voltera" in fake.streams()[0].text and "and so on" in fake.streams()[0].text
