"""Several server processes on one port: `coach serve --workers N`.

The parent owns the listening socket and its workers, and serves nothing itself. A worker that dies is started
again; SIGTERM or SIGINT drains them all; SIGHUP restarts them one after the other, so that calls move on and none
is lost. Workers whose parent is killed drain by themselves: they hold the other end of its pipes, and the port. They
find each other through Redis and the database, like instances on different machines.
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from prometheus_client.multiprocess import mark_process_dead

from coach import telemetry

PATIENCE_S = 5.0
"""How much longer than `COACH_DRAIN_S` a worker may take to stop; then it is killed."""
EARLY_S = 5.0
"""A worker that dies sooner than this after its start is started again only after a pause."""
PAUSE_S = 1.0
EARLY_MOST = 5
"""Early deaths in a row: then the reason does not go away by itself."""
READY = b"ready\n"
"""What a worker says on its standard output when it takes connections."""

_log = structlog.get_logger()


class WorkersFailed(Exception):
    """A worker cannot be kept alive."""


@dataclass(slots=True)
class Workers:
    """`count` processes of `coach` with the arguments of `command`, which get the listening socket as `--fd`."""

    command: list[str]
    listening: socket.socket
    count: int
    drain_s: float
    on_started: Callable[[], None]
    """Called once, when every worker takes connections."""
    _processes: dict[int, Process] = field(default_factory=dict)
    _ready: list[asyncio.Event] = field(default_factory=list)
    _hangup: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _failed: bool = False

    async def run(self) -> None:
        """Serve until a signal. Raises `WorkersFailed`. Cancelling kills the workers."""
        metrics = tempfile.mkdtemp(prefix="coach-metrics-")
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._hangup.set)
        self._ready = [asyncio.Event() for _ in range(self.count)]
        try:
            async with asyncio.TaskGroup() as group:
                kept = [group.create_task(self._keep(n, metrics), name=f"worker {n}") for n in range(self.count)]
                rolling = group.create_task(self._roll(), name="rolling restart")
                await asyncio.wait(kept)
                rolling.cancel()
        finally:
            self._kill()
            shutil.rmtree(metrics, ignore_errors=True)
        if self._failed:
            raise WorkersFailed("a worker does not stay alive: see the log")

    async def _keep(self, number: int, metrics: str) -> None:
        """One worker, started again whenever it dies."""
        early = 0
        while not self._stopping:
            began = time.monotonic()
            process = await self._start(number, metrics)
            assert process.stdout is not None
            if await process.stdout.readline() == READY:
                self._ready[number].set()
            code = await process.wait()
            del self._processes[number]
            self._ready[number].clear()
            mark_process_dead(process.pid, metrics)  # type: ignore[no-untyped-call]
            if self._stopping:
                # One that was still starting has nothing to drain: the signal ends it.
                self._failed = self._failed or code not in (0, -signal.SIGTERM)
                return
            _log.warning("worker.ended", number=number, code=code)
            early = early + 1 if code and time.monotonic() - began < EARLY_S else 0
            if early >= EARLY_MOST:
                self._failed = True
                self._stop()
            elif early:
                await asyncio.sleep(PAUSE_S)

    async def _start(self, number: int, metrics: str) -> Process:
        fd = self.listening.fileno()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "coach", *self.command, "--fd", str(fd), "--worker", str(number)),
            pass_fds=(fd,),
            stdin=PIPE,
            stdout=PIPE,
            env={**os.environ, telemetry.SHARED_FOLDER: metrics},
            start_new_session=True,  # a terminal's ctrl-C is for the parent, which tells its workers
        )
        self._processes[number] = process
        if self._stopping:
            process.terminate()
        return process

    async def _roll(self) -> None:
        """Tell when all have started; then, on each SIGHUP, restart one after the other."""
        for ready in self._ready:
            await ready.wait()
        self.on_started()
        while True:
            await self._hangup.wait()
            self._hangup.clear()
            for number, ready in enumerate(self._ready):
                await ready.wait()
                ready.clear()
                self._processes[number].terminate()
                await ready.wait()
            _log.info("workers.restarted")

    def _stop(self) -> None:
        """Drain every worker; a second time, end them at once."""
        if self._stopping:
            self._kill()
            return
        self._stopping = True
        for process in self._processes.values():
            process.terminate()
        asyncio.get_running_loop().call_later(self.drain_s + PATIENCE_S, self._kill)

    def _kill(self) -> None:
        for process in self._processes.values():
            process.kill()
