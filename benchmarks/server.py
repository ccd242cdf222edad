"""A real `coach serve` in a process of its own, on a free port, with an SQLite file of its own."""

import asyncio
import os
import shutil
import sys
import tempfile
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import cores
from benchmarks.cores import Cores, Reading

START_S = 60.0
ANSWER_S = 30.0
STOP_S = 1.0
"""After SIGTERM. What it would still store is thrown away with its files."""
PROJECT = Path(__file__).resolve().parent.parent

_SETTINGS = {
    "COACH_PROVIDERS": "scripted",
    # The limiter must not be what is measured.
    "COACH_FRAMES_PER_SECOND": "1000000",
    # No heartbeat and no unloading within a run: both would come in bursts, in somebody's round.
    "COACH_HEARTBEAT_S": "900",
    "COACH_SESSION_UNLOAD_S": "900",
    "COACH_LOG_LEVEL": "warning",
}
_FOREIGN = (
    "COACH_",
    "OPENAI_",
    "ANTHROPIC_",
    "DATABASE_URL",
    "REDIS_URL",
    "JWT_SECRET",
    "ALLOWED_ORIGINS",
    "HOST",
    "PORT",
)


class NotStarted(Exception):
    """The server did not say where it is. The message has the end of its log."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running server."""

    pid: int
    port: int
    core: int | None

    def read(self) -> Reading:
        """The CPU clocks of now."""
        return cores.read(self.core, self.pid)

    def rss_kib(self) -> float:
        """Resident memory in KiB."""
        return float(psutil.Process(self.pid).memory_info().rss) / 1024

    async def metrics(self) -> str:
        """The text of `/metrics`."""
        return await asyncio.to_thread(self._get, "/metrics")

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=ANSWER_S) as answer:
            text: bytes = answer.read()
        return text.decode()


@asynccontextmanager
async def serving(divided: Cores, **settings: str) -> AsyncIterator[ServerProcess]:
    """A server for the block; it is stopped and its files are gone afterwards, whatever happens.

    `settings`: environment variables beside or instead of its own. Raises `NotStarted`.
    """
    folder = Path(tempfile.mkdtemp(prefix="coach-bench-"))
    try:
        with (folder / "log").open("wb") as log:
            environ = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "coach", "serve", "--host", "127.0.0.1", "--port", "0"),
                cwd=PROJECT,
                env={**environ, **_SETTINGS, "DATABASE_URL": f"sqlite:///{folder / 'coach.db'}", **settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=PIPE,
                stderr=log,
            )
        try:
            cores.pin(process.pid, divided.server)
            yield ServerProcess(process.pid, await _port(process, folder / "log"), divided.server)
        finally:
            await _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _port(process: Process, log: Path) -> int:
    """The port in the server's first line: `Coach is at http://127.0.0.1:PORT`."""
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            line = (await process.stdout.readline()).decode()
        return int(line.split()[3].rsplit(":", 1)[1])
    except (TimeoutError, ValueError, IndexError):
        raise NotStarted(_end_of(log)) from None


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
