"""A model that invents a figure in every answer, over real sockets: none arrives."""

import asyncio
import itertools
import random

import pytest

from tests.live.test_suggestions import ENDS, text_of
from tests.models.fake import Behaviour, FakeModels, Request
from tests.models.test_guard import INVENTED
from tests.models.test_live_models import Calling

CALLS, ANSWERS = 25, 40
SPELLED = {"en": "seventy three", "de": "dreiundsiebzig", "pl": "siedemdziesiąt trzy"}


@pytest.mark.timeout(120)
async def test_no_invented_figure_arrives_on_a_socket(calling: Calling, fake: FakeModels) -> None:
    chance = random.Random(11)

    def choose(_request: Request) -> Behaviour:
        language = chance.choice(["en", "de", "pl"])
        number = chance.choice([str(chance.randrange(10_001, 99_999)), "83.417,50", SPELLED[language]])
        text = f"Good point, {chance.choice(INVENTED[language]).format(n=number)}. Shall we look?"
        places = itertools.accumulate((chance.randrange(1, 9) for _ in text), initial=0)
        return Behaviour([text[a:b] for a, b in itertools.pairwise(places) if text[a:b]])

    fake.choose = choose
    live = await calling()

    async def talk(name: str, language: str) -> None:
        call = await live.join(name, language=language, pack="general")
        for _ in range(ANSWERS):
            await call.send({"type": "ask", "text": "What does it cost?"})
            end = await call.until(lambda e: e["type"] == "suggestion" and e["status"] in ENDS)
            assert end["status"] == "done" and end["text"] == text_of(call, end["card"])
            assert "[" in end["text"] and not any(char.isdigit() for char in end["text"])
            assert not any(word in end["text"] for word in SPELLED.values())

    async with asyncio.TaskGroup() as group:
        for number, language in zip(range(CALLS), itertools.cycle(("en", "de", "pl")), strict=False):
            group.create_task(talk(f"call-{number}", language), name="talk")
    assert len(fake.streams()) == CALLS * ANSWERS
