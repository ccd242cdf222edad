"""Every fault of every provider, and nothing of the call, of a key or of a provider's text in log lines and figures."""

import io
import logging
import re
import sys
from collections.abc import Iterator

import pytest

from coach import log
from coach.settings import Settings
from coach.suggest.breaker import Breaker
from tests.live.test_suggestions import ENDS, TOO_MUCH
from tests.models.conftest import WIRES
from tests.models.fake import Behaviour, FakeModels, Request
from tests.models.test_live_models import Calling
from tests.talk import turn

SPOKEN = "zebrafinch"
ASKED = "quokka"
WRITTEN = "wombat"
KEYS = {"openai_api_key": "sk-of-the-tests-4711", "anthropic_api_key": "sk-ant-of-the-tests-4711"}
PIECES = [f"The {WRITTEN} ", "says ", "so. "]
FAULTS = [
    Behaviour(PIECES),
    Behaviour(PIECES, first_s=60),
    Behaviour(PIECES, stall_after=2, pings=True),
    Behaviour(PIECES, error_after=0),
    Behaviour(PIECES, error_after=2),
    Behaviour(PIECES, cut_after=2),
    Behaviour(PIECES, reset_after=2),
    Behaviour(status=400),
    Behaviour(status=401),
    Behaviour(status=429, retry_after="3"),
    Behaviour(status=500),
    Behaviour(status=529),
    Behaviour(raw=f"event: message_start\ndata: {{{WRITTEN}\n\n".encode()),
    Behaviour(PIECES, finish="length"),
    Behaviour(PIECES, verdicts=[f"{WRITTEN} is no JSON"]),
    Behaviour(PIECES, verdicts=[f'{{"objections": [{{"category": "{WRITTEN}", "quote": "x"}}], "signals": []}}']),
]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a server writes to its log, at its loudest."""
    root, out = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    monkeypatch.setattr(sys, "stderr", out)
    log.configure(Settings.model_validate({"log_level": "debug", "log_format": "json"}, by_name=True))
    yield out
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("wire", WIRES)
async def test_no_log_line_and_no_figure_holds_a_word_or_a_key(
    logged: io.StringIO, calling: Calling, fake: FakeModels, wire: str
) -> None:
    canaries: set[str] = set()

    def choose(request: Request) -> Behaviour:
        canaries.update(re.findall(r"never write (\w+)\.", request.text))
        return fake.behave

    fake.choose = choose
    short = {"first_token_s": 0.3, "token_gap_s": 0.2, "suggestion_s": 0.9, "judge_s": 0.5}
    live = await calling(wire, judge="on", **KEYS, **short)
    models = live.coach.shared.models
    assert models.chain is not None and models.judge is not None
    for number, fault in enumerate(FAULTS):
        fake.behave = fault
        models.chain.lanes[0].breaker = models.judge.seats[0].breaker = Breaker()
        call = await live.join(f"call-{number}")
        await call.send(turn(1, f"{TOO_MUCH} with the {SPOKEN}"))
        await call.until(lambda e: e["type"] == "suggestion" and e["status"] in ENDS)
        await call.send({"type": "ask", "text": f"What of the {ASKED}?"})
        await call.until(lambda e: e["type"] == "suggestion" and e["status"] in ENDS)
    async with live.http() as http:
        figures = (await http.get("/metrics")).text
    lines = logged.getvalue()
    reasons = set(re.findall(r'"reason": ?"(\w+)"', lines))
    assert {"timeout", "stalled", "overloaded", "truncated", "connection", "unauthorized", "server"} <= reasons
    assert "judge.broken" in lines and f'provider="{wire}"' in figures
    (canary,) = canaries
    for secret in (SPOKEN, ASKED, WRITTEN, TOO_MUCH, "the customer said", canary, *KEYS.values()):
        assert secret not in lines and secret not in figures
