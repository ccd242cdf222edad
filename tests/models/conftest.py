"""A fake model server, and the parts of Coach that speak to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from coach.packs.knowledge import Knowledge
from coach.settings import Settings
from coach.suggest import providers
from coach.suggest.providers import Models
from tests.conftest import Serve
from tests.models.fake import FakeModels, fake_models
from tests.talk import Live

NOW = 1_795_000_000_000
WIRES = ("openai", "anthropic")
Building = Callable[..., Any]


@pytest.fixture
async def fake() -> AsyncIterator[FakeModels]:
    async with fake_models() as server:
        yield server


def settings(fake: FakeModels, *order: str, **more: Any) -> dict[str, Any]:
    """Settings of a server whose providers are the fake one."""
    return {
        "providers": list(order) or ["openai"],
        "openai_base_url": fake.openai,
        "anthropic_base_url": fake.anthropic,
        "anthropic_api_key": "sk-ant-of-the-tests",
        "judge": "off",
        **more,
    }


@pytest.fixture
def building(packs: dict[str, Knowledge]) -> Building:
    """`async with building(setting=…) as models`: the models alone, without a server; no task is left behind."""

    @asynccontextmanager
    async def build(**given: Any) -> AsyncIterator[Models]:
        async with asyncio.TaskGroup() as group:

            def spawn(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
                return group.create_task(work, name=name)

            models = providers.build(Settings.model_validate(given, by_name=True), packs, spawn, NOW)
            try:
                yield models
            finally:
                await models.close()

    return build


@pytest.fixture
async def calling(serve: Serve, fake: FakeModels) -> AsyncIterator[Callable[..., Awaitable[Live]]]:
    """`live = await calling("openai", setting=…)`: a server whose models are the fake one."""
    async with AsyncExitStack() as stack:

        async def start(*order: str, **more: Any) -> Live:
            return await stack.enter_async_context(serve(**settings(fake, *order, **more)))

        yield start
