"""Who runs where: the server on one core, the load generator on another, and what each of them used."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

CALM = 0.05
CALM_S = 0.1
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of both sides; None where the system cannot pin, or has but one core."""

    server: int | None
    generator: int | None


def divide() -> Cores:
    """Pin this process to the last core it may use, and keep the first one for the server."""
    if sys.platform != "linux":
        return Cores(None, None)
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return Cores(None, None)
    os.sched_setaffinity(0, {allowed[-1]})
    return Cores(allowed[0], allowed[-1])


def pin(pid: int, core: int | None) -> None:
    """Pin a process that has not started a thread yet."""
    if core is not None and sys.platform == "linux":
        os.sched_setaffinity(pid, {core})


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU between two readings, in seconds."""

    wall_s: float
    server_s: float
    generator_s: float
    others_s: float | None
    """Of everybody else on the server's core, the kernel and the hypervisor included; None where unknown."""
    server_waited_s: float = 0.0
    """Its threads wanted to run and somebody else did: what others really cost it. 0 where unknown."""
    generator_waited_s: float = 0.0

    @property
    def server_share(self) -> float:
        """Of a core, 0–1 (more with threads on several cores)."""
        return self.server_s / self.wall_s

    @property
    def generator_share(self) -> float:
        """Of a core, 0–1. Near 1 the generator is what is measured."""
        return self.generator_s / self.wall_s

    @property
    def waited_share(self) -> float:
        """How much of the time the server or the generator was kept from its core, the larger of both."""
        return max(self.server_waited_s, self.generator_waited_s) / self.wall_s

    @property
    def others_share(self) -> float | None:
        """Of the server's core, 0–1: how noisy the machine was."""
        return None if self.others_s is None else max(0.0, self.others_s / self.wall_s)


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks at one moment. Seconds since moments of their own."""

    wall_s: float
    server_s: float
    generator_s: float
    core_s: float | None
    server_waited_s: float = 0.0
    generator_waited_s: float = 0.0

    def until(self, later: "Reading") -> Usage:
        """What was used between this reading and a later one."""
        server = later.server_s - self.server_s
        others = None if self.core_s is None or later.core_s is None else later.core_s - self.core_s - server
        return Usage(
            later.wall_s - self.wall_s,
            server,
            later.generator_s - self.generator_s,
            others,
            later.server_waited_s - self.server_waited_s,
            later.generator_waited_s - self.generator_waited_s,
        )


def read(core: int | None, *pids: int) -> Reading:
    """The clocks of now: of the server's processes, of this one, of the server's core."""
    servers = [_process_s(pid) for pid in pids]
    return Reading(
        time.perf_counter(),
        sum(ran for ran, _ in servers),
        time.process_time(),
        core_s(core),
        sum(waited for _, waited in servers),
        _process_s(os.getpid())[1],
    )


async def calm(clocks: Sequence[Callable[[], Reading]], most_s: float) -> None:
    """Wait until servers have done what was left to them: all together under `CALM` of a core. At most `most_s`."""
    until = time.perf_counter() + most_s
    while time.perf_counter() < until:
        begin = [clock() for clock in clocks]
        await asyncio.sleep(CALM_S)
        if sum(early.until(clock()).server_share for early, clock in zip(begin, clocks, strict=True)) < CALM:
            return


def _process_s(pid: int) -> tuple[float, float]:
    """How long all living threads ran, and waited for their turn.

    Nanoseconds where the kernel tells them: a tick of 10 ms is 40 frames.
    """
    ran_ns = waited_ns = 0
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            ran, waited, _ = (task / "schedstat").read_bytes().split()
            ran_ns += int(ran)
            waited_ns += int(waited)
    except OSError:
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system), 0.0
    return ran_ns / 1e9, waited_ns / 1e9


def core_s(core: int | None) -> float | None:
    """Seconds in which a core was not idle."""
    if core is None:
        return None
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *ticks = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, ticks[:8])
            return (user + nice + system + irq + softirq + steal) * _TICK_S
    return None
