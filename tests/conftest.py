"""Fixtures for all: the packs once, a real server in the test's own loop, and no task left behind."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from coach import server
from coach.packs import knowledge, loader
from coach.packs.knowledge import Knowledge
from coach.settings import Settings
from tests.talk import Live

pytest_plugins = ["tests.services", "tests.faults.fixtures"]


@pytest.fixture(scope="session")
def packs() -> dict[str, Knowledge]:
    return knowledge.build(loader.load_all())


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the developer's settings, or writes beside the code."""
    for name in list(os.environ):
        if name.startswith(("COACH_", "DATABASE_URL", "JWT_SECRET", "REDIS_URL", "PORT", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    """A task that outlives its test has no owner."""
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if not task.done() and task is not asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=1)
    left = {task for task in left if not task.done()}
    assert not left, f"tasks left behind: {sorted(task.get_name() for task in left)}"


@pytest.fixture(scope="session")
def _packs_built_once(packs: dict[str, Knowledge]) -> Iterator[None]:
    """Servers of the tests share the compiled packs: compiling them is most of a start."""
    patch = pytest.MonkeyPatch()
    patch.setattr(knowledge, "build", lambda _packs, _models=None: packs)
    yield
    patch.undo()


Serve = Callable[..., contextlib.AbstractAsyncContextManager[Live]]


@pytest.fixture
def serve(tmp_path: Path, _packs_built_once: None) -> Serve:
    """`async with serve(setting=…) as live`: a real uvicorn on a free port, drained at the end.

    A second `serve` in the same test finds the same database.
    """

    @contextlib.asynccontextmanager
    async def start(**given: Any) -> AsyncIterator[Live]:
        values: dict[str, Any] = {
            "database_url": f"sqlite:///{tmp_path}/coach.db",
            "port": 0,
            "drain_s": 5.0,
            "frames_per_second": 10_000,
            **given,
        }
        settings = Settings.model_validate(values, by_name=True)
        started: asyncio.Future[server.Started] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(settings, started.set_result), name="server")
            here = await started
            async with contextlib.AsyncExitStack() as sockets:
                try:
                    yield Live(here.address, here.coach, sockets)
                finally:
                    await sockets.aclose()
                    here.stop()

    return start
