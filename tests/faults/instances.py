"""`coach serve` processes that are killed, paused, drained and started again."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import orjson
import psutil

from tests.services import free_port

START_S = 60.0
STOP_S = 20.0
_LOOK_S = 0.01
PROJECT = Path(__file__).resolve().parents[2]
FOREIGN = ("COACH_", "OPENAI_", "ANTHROPIC_", "DATABASE_URL", "REDIS_URL", "JWT_SECRET", "ALLOWED_ORIGINS", "PORT")
SETTINGS = {
    "COACH_FRAMES_PER_SECOND": "10000",
    "COACH_HEARTBEAT_S": "1",
    "COACH_DRAIN_S": "5",
    "COACH_PROVIDERS": "scripted",
    "COACH_LOG_FORMAT": "json",
}


class Nursery:
    """Forks servers; see `tests.faults.nursery`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def fork(self, argv: list[str], environ: dict[str, str], cwd: Path, name: str) -> int:
        """The pid of a new `coach ARGV`."""
        order = {"argv": argv, "environ": environ, "cwd": str(cwd), "name": name}
        into, out = self._pipes()
        into.write(orjson.dumps(order) + b"\n")
        into.flush()
        return int(out.readline())

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None and self._process.stdout is not None
        return self._process.stdin, self._process.stdout


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """One that has the packs compiled; whatever it started is gone after the block."""
    command = [sys.executable, "-m", "tests.faults.nursery"]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            if process.stdout.readline() != b"ready\n":
                raise RuntimeError("the nursery does not start")
            yield Nursery(process)
        finally:
            process.stdin.close()
            process.wait(10)


class Instance:
    """One server, and its successors on the same port."""

    def __init__(self, nursery: Nursery, folder: Path, name: str, settings: dict[str, str], port: int) -> None:
        self.name = name
        self.port = port
        self.pid = 0
        self.settings = settings
        self._nursery = nursery
        self._folder = folder
        self._life = 0

    @property
    def url(self) -> str:
        """`ws://127.0.0.1:PORT`"""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the current process wrote to its log."""
        return self._file("log").read_text(errors="replace")

    @property
    def running(self) -> bool:
        """Whether its process lives; a paused one does."""
        return self.pid != 0 and not self._file("exit").exists()

    async def start(self, **settings: str) -> None:
        """Start it; returns when it takes connections. Settings stay for later starts. Raises `RuntimeError`."""
        assert not self.running
        self.settings.update(settings)
        self._life += 1
        environ = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        argv = ["serve", "--host", "127.0.0.1", "--port", str(self.port)]
        name = f"{self.name}-{self._life}"
        self.pid = self._nursery.fork(argv, {**environ, **SETTINGS, **self.settings}, self._folder, name)
        deadline = time.monotonic() + START_S
        while b"Coach is at" not in (said := self._said()):
            if not self.running or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not start:\n{self.log[-2000:]}")
            await asyncio.sleep(_LOOK_S)
        self.port = int(said.split()[3].rsplit(b":", 1)[1])

    async def ended(self) -> int:
        """Its exit code; negative for the signal that ended it. Raises `TimeoutError`."""
        async with asyncio.timeout(STOP_S):
            while not self._file("exit").exists():
                await asyncio.sleep(_LOOK_S)
        return int(self._file("exit").read_text())

    async def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self._signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> int:
        """SIGTERM: drain; the exit code."""
        self._signal(signal.SIGTERM)
        return await self.ended()

    def pause(self) -> None:
        """SIGSTOP: its sockets stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT"""
        self._signal(signal.SIGCONT)

    def process(self) -> psutil.Process:
        """For its memory, descriptors and threads."""
        return psutil.Process(self.pid)

    def _signal(self, number: int) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _said(self) -> bytes:
        try:
            return self._file("out").read_bytes()
        except FileNotFoundError:
            return b""

    def _file(self, suffix: str) -> Path:
        return self._folder / f"{self.name}-{self._life}.{suffix}"


class Instances:
    """The servers of one test: `instances.new()` makes one, and all are gone after it."""

    def __init__(self, nursery: Nursery, folder: Path) -> None:
        self.folder = folder
        self.all: list[Instance] = []
        self._nursery = nursery

    def new(self, **settings: str) -> Instance:
        """One more, not started, on a port of its own. SQLite in the test's folder unless told otherwise."""
        given = {"DATABASE_URL": f"sqlite:///{self.folder}/coach.db", **settings}
        made = Instance(self._nursery, self.folder, f"i{len(self.all)}", given, free_port())
        self.all.append(made)
        return made

    async def started(self, count: int = 1, **settings: str) -> list[Instance]:
        """So many more, running. The first one brings the schema up to date."""
        made = [self.new(**settings) for _ in range(count)]
        for each in made:
            await each.start()
        return made

    async def kill(self) -> None:
        """All of them."""
        for each in self.all:
            if each.running:
                await each.kill()
