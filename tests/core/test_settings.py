"""Settings: typos stop the start, secrets stay secret."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from coach.server import check
from coach.settings import Settings, SettingsError, load
from coach.store.database import open_database
from coach.suggest.providers import build


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"COACH_FRAMES_PER_SECONDS": "5"}, "did you mean COACH_FRAMES_PER_SECOND?"),
        ({"COACH_HEARTBEAT_S": "often"}, "COACH_HEARTBEAT_S"),
        ({"PORT": "99999"}, "PORT"),
        ({"COACH_PROVIDERS": "scripted,oracle"}, "oracle"),
    ],
)
def test_bad_environment_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        load(environ)


def test_lists_are_split_and_empty_means_default() -> None:
    found = load({"ALLOWED_ORIGINS": "https://a.example, https://b.example", "COACH_PACKS": "", "PATH": "/bin"})
    assert found.allowed_origins == ["https://a.example", "https://b.example"] and found.packs == []


def test_secrets_do_not_print() -> None:
    assert "hush" not in repr(load({"JWT_SECRET": "hush", "OPENAI_API_KEY": "hush"}))


def test_open_server_stays_on_this_machine() -> None:
    with pytest.raises(SettingsError, match="JWT_SECRET"):
        check(load({"HOST": "0.0.0.0"}))
    check(load({"HOST": "::1"}))
    check(load({"HOST": "0.0.0.0", "JWT_SECRET": "x" * 32}))


@pytest.mark.parametrize(
    ("given", "processes", "named"),
    [
        ({"REDIS_URL": "redis://localhost"}, 1, "REDIS_URL.*PostgreSQL"),
        ({"REDIS_URL": "redis://localhost", "DATABASE_URL": "memory"}, 1, "REDIS_URL.*PostgreSQL"),
        ({}, 2, "--workers.*PostgreSQL"),
        ({"DATABASE_URL": "postgres://x/y"}, 2, "--workers.*REDIS_URL"),
    ],
)
def test_processes_that_cannot_share_do_not_start(given: dict[str, str], processes: int, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        check(load(given), processes)
    check(load({"DATABASE_URL": "postgres://x/y", "REDIS_URL": "redis://localhost"}), processes)


@pytest.mark.parametrize(
    "url",
    [
        *("sqlite://", "nonsense", "sqlite:////nowhere/at/all/coach.db", "mysql://x/y", "postgres://x"),
        *("postgres://x/y?sslmode=maybe", "postgres://x/y?ssl=on", "postgres://x:port/y"),
    ],
)
def test_database_url_that_cannot_be_used_is_named(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        open_database(url)


@pytest.mark.parametrize("script", ["first=1", "token_ms=fast"])
def test_bad_script_is_named(script: str) -> None:
    with pytest.raises(SettingsError, match="COACH_SCRIPT"):
        build(Settings.model_validate({"script": script, "providers": ["scripted"]}, by_name=True), {}, _no_task, 0)


def _no_task(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    raise AssertionError(name)


@pytest.mark.parametrize("prices", ["gpt", "gpt=1/2", "=1/2/3", "gpt=1/2/free", "gpt=1/2/-3", "gpt=1/nan/3"])
def test_bad_prices_are_named(prices: str) -> None:
    with pytest.raises(SettingsError, match="COACH_PRICES"):
        build(Settings.model_validate({"prices": prices, "providers": ["scripted"]}, by_name=True), {}, _no_task, 0)


@pytest.mark.parametrize(
    ("given", "order"),
    [
        ({}, []),
        ({"ANTHROPIC_API_KEY": "k"}, ["anthropic"]),
        ({"OPENAI_BASE_URL": "http://localhost:11434/v1"}, ["openai"]),
        ({"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k"}, ["openai", "anthropic"]),
        (
            {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "COACH_PROVIDERS": "anthropic,openai,anthropic"},
            ["anthropic", "openai"],
        ),
        ({"OPENAI_API_KEY": "k", "COACH_PROVIDERS": "scripted"}, ["scripted"]),
    ],
)
def test_providers_are_those_with_a_key_unless_named(given: dict[str, str], order: list[str]) -> None:
    assert load(given).provider_order == order
