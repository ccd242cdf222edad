"""One live session, many watchers: delivered durable events a second, and how late they are at a given rate."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import figures
from benchmarks.pace import keep_time
from benchmarks.peers.crowd import Crowd
from benchmarks.peers.launch import Running
from benchmarks.peers.publisher import Publisher
from benchmarks.peers.wires import open_all, open_socket
from benchmarks.speech import Material

WINDOW = 64
"""Finals under way at saturation, at most."""
UNDER_WAY_S = 1.0
"""No more are under way than a server delivers in this time, or a slow one would take longer to end than to measure."""
LEAD_S = 0.1
STRAGGLERS_S = 5.0
LEAST = 3
"""Finals in a slice at a given rate, however slow the server is."""
LONGEST_S = 2.0

Sample = dict[str, Any]


class Stage:
    """A session of one server with its publisher and its watchers, open for as long as its rounds last."""

    def __init__(self, running: Running, publisher: Publisher, crowd: Crowd) -> None:
        self.running = running
        self._publisher = publisher
        self._crowd = crowd
        self._window = WINDOW
        crowd.on_read = publisher.fill

    @classmethod
    async def open(cls, running: Running, session: str, watchers: int, material: Material) -> "Stage":
        """Connect all. Raises `Refused`."""
        wire = running.server.wire
        hello = {**material.hello, "role": "source", "session": session}
        made = await open_socket(running.first, wire.path(f"/ws/{session}"), wire.steps(hello))
        watch = wire.steps({"type": "watch", "sessions": [session]})
        crowd = Crowd(await open_all(running.last, wire.path("/watch"), watch, watchers))
        return cls(running, Publisher(made, wire, material.plain), crowd)

    async def rehearse(self, seconds: float) -> None:
        """Find out how many finals may be under way, and warm up."""
        self._window = 4
        sample = await self.saturate(seconds / 4, seconds)
        self._window = max(2, min(WINDOW, round(UNDER_WAY_S * sample["finals_per_s"])))

    async def saturate(self, warm_s: float, seconds: float) -> Sample:
        """As fast as it goes."""
        publisher, crowd = self._publisher, self._crowd
        start = crowd.delivered
        first = publisher.sent
        publisher.push(self._window, lambda: crowd.slowest)
        await asyncio.sleep(warm_s)
        begin, beside, delivered, size = self.running.read(), self.running.beside_s(), crowd.delivered, crowd.bytes
        await asyncio.sleep(seconds)
        usage, beside = begin.until(self.running.read()), self.running.beside_s() - beside
        delivered, size = crowd.delivered - delivered, crowd.bytes - size
        publisher.rest()
        watchers = len(crowd.sockets)
        missing = await self._settle(lambda: watchers * (publisher.sent - first) - (crowd.delivered - start))
        return {
            "frames_per_s": delivered / usage.wall_s,
            "finals_per_s": delivered / usage.wall_s / watchers,
            "mib_per_s": size / usage.wall_s / 2**20,
            "us_per_frame": 1e6 * usage.server_s / max(1, delivered),
            "window": self._window,
            "beside_share": beside / usage.wall_s,
            **self._doubts(usage, missing),
        }

    async def at(self, finals_per_s: float, warm_s: float, seconds: float) -> Sample:
        """At a fixed rate, whatever comes back: latencies count from when a final was due."""
        publisher, crowd = self._publisher, self._crowd
        seconds = min(LONGEST_S, max(seconds, LEAST / finals_per_s))
        warm, count = max(1, round(finals_per_s * warm_s)), max(LEAST, round(finals_per_s * seconds))
        watchers = len(crowd.sockets)
        start = time.perf_counter() + LEAD_S
        times = [start + number / finals_per_s for number in range(warm + count)]
        crowd.took = type(crowd.took)("d")
        crowd.listen([0.0] * publisher.sent + times)
        await keep_time(times[:warm], publisher.send)
        begin = self.running.read()
        late = await keep_time(times[warm:], publisher.send)
        usage = begin.until(self.running.read())
        missing = await self._settle(lambda: watchers * len(times) - len(crowd.took))
        crowd.listen(None)
        took = sorted(crowd.took[watchers * warm :])
        return {
            "finals_per_s": finals_per_s,
            "p50_ms": 1000 * figures.percentile(took, 0.5) if took else None,
            "p99_ms": 1000 * figures.percentile(took, 0.99) if took else None,
            "samples": len(took),
            "us_per_frame": 1e6 * usage.server_s / (watchers * count),
            "late_p99_ms": 1000 * figures.percentile(sorted(late), 0.99),
            **self._doubts(usage, missing),
        }

    def close(self) -> None:
        """Leave."""
        self._publisher.close()
        self._crowd.close()

    async def _settle(self, missing: Callable[[], int]) -> int:
        """Wait until nothing is missing, at most `STRAGGLERS_S`; how much is."""
        until = time.perf_counter() + STRAGGLERS_S
        while (missing() > 0 or self._publisher.acked < self._publisher.sent) and time.perf_counter() < until:
            await asyncio.sleep(0.01)
        return max(0, missing())

    def _doubts(self, usage: Any, missing: int) -> Sample:
        return {
            "server_share": usage.server_share,
            "generator_share": usage.generator_share,
            "others_share": usage.others_share,
            "waited_share": usage.waited_share,
            "missing": missing,
            "lost": self._crowd.lost,
            "errors": dict(self._publisher.errors),
        }


def order(peers: Sequence[str], coach: str, every: int) -> list[str]:
    """A round: Coach before every so many peers, so that each is measured soon after it."""
    return [name for start in range(0, len(peers), every) for name in (coach, *peers[start : start + every])]
