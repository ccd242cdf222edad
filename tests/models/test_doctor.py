"""`coach doctor --models` against real SDKs and the tests' own server: what it found, in plain words."""

import asyncio

import pytest
from typer.testing import CliRunner

from coach.cli import app
from coach.cli.doctor import Check, ask_models
from coach.settings import Settings
from tests.models.conftest import WIRES, settings
from tests.models.fake import Behaviour, FakeModels

pytestmark = pytest.mark.usefixtures("_packs_built_once")
KEYS = {"openai": "sk-of-the-tests-4711", "anthropic": "sk-ant-of-the-tests-4711"}
PRICE = '{"objections": [{"category": "price", "quote": "far too expensive"}], "signals": []}'


async def doctor(fake: FakeModels, *order: str, **more: str) -> tuple[int, str]:
    """Its exit code, and all it says as one line."""
    env = {
        "COACH_PROVIDERS": ",".join(order),
        "OPENAI_BASE_URL": fake.openai,
        "OPENAI_API_KEY": KEYS["openai"],
        "ANTHROPIC_BASE_URL": fake.anthropic,
        "ANTHROPIC_API_KEY": KEYS["anthropic"],
        "COLUMNS": "300",
        **more,
    }
    ran = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--models"], env=env)
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    assert not any(key in ran.output for key in KEYS.values()) and "the customer said" not in ran.output
    assert "suggest." not in ran.output and "judge." not in ran.output, "log lines are no report"
    return ran.exit_code, " ".join(ran.output.split())


async def test_a_provider_that_works_is_said_to(fake: FakeModels) -> None:
    fake.behave = Behaviour(verdicts=[PRICE])
    code, said = await doctor(fake, *WIRES)
    assert code == 0
    for wire in WIRES:
        assert "first token after " in said.split(f"✔ {wire}, asked")[1]
        assert "found price in" in said.split(f"✔ {wire}, judging")[1]
    assert len(fake.streams()) == 2 and len(fake.questions()) == 2


async def test_a_key_that_is_not_accepted_is_said_and_not_shown(fake: FakeModels) -> None:
    fake.behave = Behaviour(status=401)
    code, said = await doctor(fake, *WIRES)
    assert code == 1
    for wire in WIRES:
        assert "the key is not accepted" in said.split(f"✘ {wire}, asked")[1].split("✘")[0]
        assert "no verdict: the key is not accepted" in said.split(f"✘ {wire}, judging")[1]


async def asked(fake: FakeModels, *order: str, **more: str) -> dict[str, Check]:
    """What each provider was found to be, without the rest of the report."""
    known = Settings.model_validate(settings(fake, *order, **more), by_name=True)
    return {check.what: check for check in await ask_models(known)}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Behaviour(status=401), "the key is not accepted"),
        (Behaviour(status=404), "there is no such model"),
        (Behaviour(status=429, retry_after="60"), "no money left on the account"),
        (Behaviour(status=529), "it is overloaded"),
        (Behaviour(pieces=[]), "an answer without any text"),
        (Behaviour(pieces=["\n", " "]), "an answer without any text"),
        (Behaviour(cut_after=3), "it never said that it was complete"),
        (Behaviour(error_after=2), "it is overloaded"),
        (Behaviour(reset_after=2), "it cannot be reached"),
        (Behaviour(raw=b"event: message_start\ndata: {broken\n\n"), "not what its interface says"),
    ],
    ids=["401", "404", "429", "529", "empty", "blank", "cut", "error", "reset", "broken"],
)
async def test_each_fault_is_told_in_plain_words(fake: FakeModels, wire: str, behaviour: Behaviour, words: str) -> None:
    fake.behave = behaviour
    check = (await asked(fake, wire))[f"{wire}, asked"]
    assert check.state == "broken" and words in check.words


@pytest.mark.parametrize("wire", WIRES)
async def test_one_that_is_not_there_cannot_be_reached(fake: FakeModels, wire: str) -> None:
    fake.port = 9
    checks = await asked(fake, wire, judge="on")
    assert [check.state for check in checks.values()] == ["broken", "broken"]
    assert all("it cannot be reached" in check.words for check in checks.values())


async def test_a_judge_that_fails_says_why(fake: FakeModels) -> None:
    fake.choose = lambda request: Behaviour(status=200 if request.body.get("stream") else 404)
    checks = await asked(fake, "openai", judge="on", judge_model="no-such-model")
    assert checks["openai, asked"].state == "ok"
    assert "no-such-model: no verdict: there is no such model" in checks["openai, judging"].words


async def test_what_is_set_up_wrong_is_not_asked_and_the_others_are(fake: FakeModels) -> None:
    fake.behave = Behaviour(verdicts=[PRICE])
    code, said = await doctor(fake, "anthropic", "openai", ANTHROPIC_API_KEY="", ANTHROPIC_BASE_URL="")
    assert code == 1 and "ANTHROPIC_API_KEY is not set" in said and "anthropic, asked" not in said
    assert "✔ openai, asked" in said
    sent = len(fake.requests)
    code, said = await doctor(fake, "scripted", "openai", COACH_SCRIPT="nonsense")
    assert code == 1 and "nonsense" in said and len(fake.requests) == sent
