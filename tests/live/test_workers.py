"""`coach serve --workers`: several processes on one port, kept alive, restarted one after the other, drained together."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable

import httpx
import psutil
import pytest

from tests.services import Redis

START_S = 40.0


@contextlib.asynccontextmanager
async def workers(count: int, **environ: str) -> AsyncIterator[tuple[Process, str]]:
    """The parent of so many workers, and its address; it and they are gone after the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "coach", "serve", "--workers", str(count), "--port", "0"),
        env={**os.environ, "COACH_LOG_LEVEL": "error", **environ},
        stdout=PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
        yield process, line.decode().split()[3]
    finally:
        if process.returncode is None:
            left = psutil.Process(process.pid).children()
            process.kill()
            for each in left:
                each.kill()
            await process.wait()


def pids(process: Process) -> set[int]:
    return {child.pid for child in psutil.Process(process.pid).children()}


def alive(process: psutil.Process) -> bool:
    """Not gone, and not only waiting for somebody to ask how it ended: an orphan's new parent may never do."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(START_S):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.timeout(90)
async def test_workers_are_kept_alive_restarted_in_turn_and_drained(redis: Redis, postgres_url: str) -> None:
    async with (
        workers(2, REDIS_URL=redis.url, DATABASE_URL=postgres_url) as (parent, address),
        httpx.AsyncClient(base_url=address, timeout=START_S) as http,
    ):
        first = pids(parent)
        assert len(first) == 2
        victim = min(first)
        os.kill(victim, signal.SIGKILL)
        await until(lambda: victim not in pids(parent) and len(pids(parent)) == 2)
        assert (await http.get("/health")).json()["status"] == "ok"

        second = pids(parent)
        parent.send_signal(signal.SIGHUP)
        await until(lambda: len(pids(parent)) == 2 and not second & pids(parent))
        assert (await http.get("/ready")).status_code == 200

        figures = (await http.get("/metrics")).text
        assert re.search(r"^coach_sessions 0\.0$", figures, re.M), "one sum, not one line a process"

        parent.terminate()
        assert await parent.wait() == 0


@pytest.mark.timeout(90)
async def test_workers_end_when_their_parent_is_killed(redis: Redis, postgres_url: str) -> None:
    async with workers(2, REDIS_URL=redis.url, DATABASE_URL=postgres_url) as (parent, _):
        left = [psutil.Process(pid) for pid in pids(parent)]
        parent.kill()
        await parent.wait()
        try:
            await until(lambda: not any(map(alive, left)))
        finally:
            for each in left:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
