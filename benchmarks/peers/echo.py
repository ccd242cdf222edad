"""Chunk → event → ack at live sessions with 4 frames a second each; of the peers, which only echo, chunk → echo.

Coach's sessions are real ones (`benchmarks/latency.py`): detector, cards, suggestions and storage are on. A peer gets
the same frames on as many sockets. When it is asked for more than it has sockets, each sends faster.
"""

import itertools
import secrets
import time
from collections.abc import Sequence
from typing import Any

from benchmarks import figures, latency
from benchmarks.pace import keep_time
from benchmarks.peers.crowd import Echoes
from benchmarks.peers.launch import Running
from benchmarks.peers.wires import open_all, payload_of
from benchmarks.plan import FRAMES_PER_SECOND, Level
from benchmarks.server import ServerProcess
from benchmarks.speech import Script
from benchmarks.wire import masked

SESSIONS = 500
LEAD_S = 0.2
STRAGGLERS_S = 2.0
BOUND_MS = 50.0
"""A core holds so many sessions as have their p99 below this."""
STEP = 1.25
Sample = dict[str, Any]


class EchoStage:
    """A peer with `SESSIONS` sockets."""

    def __init__(self, running: Running, sockets: Echoes, frames: Sequence[bytes]) -> None:
        self.running = running
        self._sockets = sockets
        self._frames = frames

    @classmethod
    async def open(cls, running: Running, scripts: Sequence[Script]) -> "EchoStage":
        """Connect all. Raises `Refused`."""
        wire = running.server.wire
        sockets = Echoes(await open_all(running.first, wire.path("/echo"), wire.steps(None), SESSIONS))
        payloads = [payload_of(frame) for script in scripts for frame in script.frames]
        if wire.socketio:
            payloads = [b'42["echo",%b]' % payload for payload in payloads]
        return cls(running, sockets, [masked(payload) for payload in payloads])

    async def at(self, sessions: int, warm_s: float, seconds: float) -> Sample:
        """So many sessions' frames, evenly spread over time and sockets."""
        rate = sessions * FRAMES_PER_SECOND
        warm, count = round(rate * warm_s), round(rate * seconds)
        start = time.perf_counter() + LEAD_S
        times = [start + number / rate for number in range(warm + count)]
        frames = itertools.cycle(self._frames)
        sockets = self._sockets
        sockets.took = type(sockets.took)("d")

        def send(number: int, due: Sequence[float] = times) -> None:
            sockets.send(number % SESSIONS, next(frames), due[number])

        def send_measured(number: int) -> None:
            send(warm + number)

        await keep_time(times[:warm], send)
        begin = self.running.read()
        late = await keep_time(times[warm:], send_measured)
        usage = begin.until(self.running.read())
        await sockets.quiet(STRAGGLERS_S)
        took = sorted(sockets.took[warm:])
        return {
            "sessions": sessions,
            "p50_ms": 1000 * figures.percentile(took, 0.5) if took else None,
            "p99_ms": 1000 * figures.percentile(took, 0.99) if took else None,
            "samples": len(took),
            "us_per_frame": 1e6 * usage.server_s / count,
            "late_p99_ms": 1000 * figures.percentile(sorted(late), 0.99),
            "server_share": usage.server_share,
            "generator_share": usage.generator_share,
            "others_share": usage.others_share,
            "waited_share": usage.waited_share,
            "missing": sockets.forget(),
        }

    def close(self) -> None:
        """Leave."""
        self._sockets.close()


async def coach_at(
    server: ServerProcess, scripts: list[Script], sessions: int, warm_s: float, seconds: float
) -> Sample:
    """The same of Coach, in new sessions. `p99_ms` is the worse one of frame → objection and final → ack."""
    level = Level(sessions, warm_s, 1, seconds)
    cut = [script.cut(level.frames) for script in scripts]
    found = await latency.measure(server, cut, level, STRAGGLERS_S, lambda: None, secrets.token_hex(4))
    p99s = [each.p99_ms for each in (found.objection, found.ack) if each is not None]
    return {
        "sessions": sessions,
        "p50_ms": found.ack.p50_ms if found.ack else None,
        "p99_ms": max(p99s) if p99s else None,
        "event_p50_ms": found.objection.p50_ms if found.objection else None,
        "event_p99_ms": found.objection.p99_ms if found.objection else None,
        "ack_p50_ms": found.ack.p50_ms if found.ack else None,
        "ack_p99_ms": found.ack.p99_ms if found.ack else None,
        "samples": (found.ack.samples if found.ack else 0) + (found.objection.samples if found.objection else 0),
        "us_per_frame": found.server_us_per_frame,
        "frames_out_per_frame": found.frames_out_per_frame,
        "late_p99_ms": found.late_p99_ms,
        "server_share": found.server_share,
        "generator_share": found.generator_share,
        "others_share": found.others_share,
        "waited_share": found.waited_share,
        "missing": found.missing + found.unacked,
        "errors": found.errors,
    }


class Search:
    """How many sessions hold: up or down by `STEP` until the edge is between two tries, or after so many `tries`.

    A try that fails is made again before it is believed: a machine's hiccup is not the server's.
    """

    def __init__(self, start: int, most: int, tries: int = 16) -> None:
        self.next: int | None = start
        """What to try; None when it is found."""
        self.held = 0
        """The most that held."""
        self._most = most
        self._tries = tries
        self._failed = 0
        self._again = False

    def tell(self, held: bool) -> None:
        """The last try's result."""
        assert self.next is not None
        tried = self.next
        self._tries -= 1
        if held:
            self.held, self._again = max(self.held, tried), False
            self.next = min(self._most, round(tried * STEP))
            if self._failed or self.held >= self._most:
                self.next = None
        elif not self._again:
            self._again = True
        else:
            self._again = False
            self._failed = tried
            self.next = None if self.held or tried < 20 else round(tried / STEP)
        if not self._tries:
            self.next = None


def holds(sample: Sample) -> bool:
    """Whether these sessions had their answers in time, and all of them."""
    return sample["p99_ms"] is not None and sample["p99_ms"] < BOUND_MS and not sample["missing"]
