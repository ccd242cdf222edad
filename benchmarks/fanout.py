"""One session, many watchers: how many durable frames a second are delivered, and how late at half of that."""

import asyncio
import itertools
import re
import statistics
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from benchmarks import figures
from benchmarks.cores import Usage
from benchmarks.figures import Latency
from benchmarks.pace import keep_time
from benchmarks.plan import Plan
from benchmarks.server import ServerProcess
from benchmarks.speech import Material
from benchmarks.wire import FrameSocket, connect, connect_all, frame

LEAD_S = 0.2
STRAGGLERS_S = 5.0
REST_S = 0.2
"""Between rounds: what the last acks overtook arrives."""

_DURABLE = b'"offset":'
_TRANSCRIPT, _ACK, _ERROR = b'{"type":"transcript"', b'{"type":"ack"', b'{"type":"error"'
_SEQ = re.compile(rb'"seq":(\d+)')


@dataclass(frozen=True, slots=True)
class FanoutFigures:
    """What one number of watchers showed: medians of the rounds."""

    watchers: int
    window: int
    """Finals under way at one time, at saturation."""
    join_s: float
    """Until all of them were welcomed, 50 at one time."""
    frames_per_s: float
    """Durable frames delivered, at saturation."""
    frames_per_s_low: float
    frames_per_s_high: float
    finals_per_s: float
    mib_per_s: float
    """Delivered bytes, the metrics that go with the finals included."""
    server_us_per_frame: float
    """CPU of the whole process for a delivered durable frame, microseconds."""
    server_share: float
    generator_share: float
    """The largest of the rounds, 0–1."""
    others_share: float | None
    half_finals_per_s: float
    half: Latency | None
    """Final → its transcript event at each watcher, from when the final was due, at half of that rate."""
    half_server_share: float
    half_generator_share: float
    half_others_share: float | None
    missing: int
    """Deliveries at half rate that did not come in time."""
    errors: dict[str, int]
    """Error frames by code, and `lost` sockets."""


class Watcher(FrameSocket):
    """A dashboard. Counts durable frames without looking at any, each carries `offset` once; or, while `listening`,
    notes how late each transcript event is. To be switched when nothing is under way."""

    def __init__(self, session: str, due: list[float], took: "array[float]") -> None:
        super().__init__("/watch", {"type": "watch", "sessions": [session]})
        self.listening = False
        self.durable = 0
        self.bytes = 0
        self._due = due
        """By `seq` - 1, when each final was due."""
        self._took = took
        self._tail = b""
        """The end of what came before: too short to hold a whole key, long enough to complete a cut one."""

    def received(self, data: bytes) -> None:
        if self.listening or not self.welcomed.done():
            super().received(data)
            return
        self.bytes += len(data)
        self.durable += (self._tail + data).count(_DURABLE)
        self._tail = data[1 - len(_DURABLE) :]

    def on_text(self, payload: bytes, at: float) -> None:
        if not self.welcomed.done():
            self.welcomed.set_result(None)
        elif payload.startswith(_TRANSCRIPT) and (seq := _SEQ.search(payload)) is not None:
            self._took.append(at - self._due[int(seq[1]) - 1])


class Publisher(FrameSocket):
    """The one source: sends finals, either `window` ahead of the acks, or each when it is told to."""

    def __init__(self, session: str, material: Material, window: int) -> None:
        hello = {**material.hello, "role": "source"}
        super().__init__(f"/ws/{session}", hello)
        self.sent = 0
        self.acked = 0
        self.errors: Counter[str] = Counter()
        self._turns = itertools.cycle(material.plain)
        self._window = window
        self._pushing = False

    def push(self) -> None:
        """Keep `window` finals under way, until `rest`."""
        self._pushing = True
        self._fill()

    def rest(self) -> None:
        """Send no more."""
        self._pushing = False

    def send(self, _number: int = 0) -> None:
        """Send the next final."""
        self.write(frame(self._next()))

    def on_text(self, payload: bytes, at: float) -> None:
        if payload.startswith(_ACK):
            self.acked = orjson.loads(payload)["seq"]
            if self._pushing:
                self._fill()
        elif payload.startswith(_ERROR):
            self.errors[orjson.loads(payload)["code"]] += 1
        elif not self.welcomed.done():
            self.welcomed.set_result(None)

    def _fill(self) -> None:
        missing = self._window - (self.sent - self.acked)
        if missing > 0:
            self.write(b"".join(frame(self._next()) for _ in range(missing)))

    def _next(self) -> dict[str, Any]:
        turn = next(self._turns)
        self.sent += 1
        at_ms = 3000 * self.sent
        return {
            "type": "transcript",
            "utterance": f"u{self.sent}",
            "speaker": turn.speaker,
            "text": turn.text,
            "final": True,
            "seq": self.sent,
            "start_ms": at_ms,
            "end_ms": at_ms + 2500,
        }


@dataclass(frozen=True, slots=True)
class _Saturated:
    usage: Usage
    durable: int
    finals: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Half:
    usage: Usage
    took: "array[float]"
    missing: int


async def measure(
    server: ServerProcess, material: Material, watchers: int, window: int, plan: Plan, on_round: Callable[[], None]
) -> FanoutFigures:
    """Rounds at saturation, then rounds at half of their median rate, in one session and over the same sockets."""
    session, due, took = f"fanout-{watchers}", list[float](), array("d")
    publisher = await connect(server.port, partial(Publisher, session, material, window))
    began = time.perf_counter()
    crowd = await connect_all(server.port, [partial(Watcher, session, due, took)] * watchers)
    join_s = time.perf_counter() - began
    full = []
    for _ in range(plan.fanout_rounds):
        full.append(await _saturate(server, publisher, crowd, plan))
        on_round()
    finals_per_s = statistics.median(each.finals / each.usage.wall_s for each in full)
    for watcher in crowd:
        watcher.listening = True
    half = []
    for _ in range(plan.fanout_rounds):
        half.append(await at_rate(server, publisher, watchers, finals_per_s / 2, due, took, plan))
        on_round()
    lost = sum(socket.lost for socket in crowd) + publisher.lost
    for socket in (publisher, *crowd):
        socket.leave()
    rates = [each.durable / each.usage.wall_s for each in full]
    return FanoutFigures(
        watchers=watchers,
        window=window,
        join_s=join_s,
        frames_per_s=statistics.median(rates),
        frames_per_s_low=min(rates),
        frames_per_s_high=max(rates),
        finals_per_s=finals_per_s,
        mib_per_s=statistics.median(each.bytes / each.usage.wall_s for each in full) / 2**20,
        server_us_per_frame=statistics.median(1e6 * each.usage.server_s / max(1, each.durable) for each in full),
        server_share=statistics.median(each.usage.server_share for each in full),
        generator_share=max(each.usage.generator_share for each in full),
        others_share=_others(each.usage for each in full),
        half_finals_per_s=finals_per_s / 2,
        half=figures.latency([each.took for each in half]),
        half_server_share=statistics.median(each.usage.server_share for each in half),
        half_generator_share=max(each.usage.generator_share for each in half),
        half_others_share=_others(each.usage for each in half),
        missing=sum(each.missing for each in half),
        errors={**publisher.errors, **({"lost": lost} if lost else {})},
    )


async def _saturate(server: ServerProcess, publisher: Publisher, crowd: list[Watcher], plan: Plan) -> _Saturated:
    publisher.push()
    await asyncio.sleep(plan.fanout_warm_s)
    begin, durable, finals, size = server.read(), _durable(crowd), publisher.acked, _bytes(crowd)
    await asyncio.sleep(plan.fanout_round_s)
    usage = begin.until(server.read())
    durable, finals, size = _durable(crowd) - durable, publisher.acked - finals, _bytes(crowd) - size
    publisher.rest()
    await _until(lambda: publisher.acked >= publisher.sent)
    await asyncio.sleep(REST_S)
    return _Saturated(usage, durable, finals, size)


async def at_rate(
    server: ServerProcess,
    publisher: Publisher,
    watchers: int,
    finals_per_s: float,
    due: list[float],
    took: "array[float]",
    plan: Plan,
) -> _Half:
    warm = max(1, round(finals_per_s * plan.fanout_warm_s))
    count = max(1, round(finals_per_s * plan.fanout_round_s))
    start = time.perf_counter() + LEAD_S
    times = [start + number / finals_per_s for number in range(warm + count)]
    # What was sent at saturation had no time; `seq` goes on from there.
    due += [0.0] * (publisher.sent - len(due))
    due += times
    begin_took = len(took)
    await keep_time(times[:warm], publisher.send)
    begin = server.read()
    await keep_time(times[warm:], publisher.send)
    usage = begin.until(server.read())
    await _until(lambda: len(took) - begin_took >= watchers * (warm + count))
    missing = watchers * (warm + count) - (len(took) - begin_took)
    return _Half(usage, took[begin_took + watchers * warm :], missing)


async def _until(condition: Callable[[], bool]) -> None:
    """Wait for it, at most `STRAGGLERS_S`."""
    until = time.perf_counter() + STRAGGLERS_S
    while not condition() and time.perf_counter() < until:
        await asyncio.sleep(0.02)


def _durable(crowd: list[Watcher]) -> int:
    return sum(watcher.durable for watcher in crowd)


def _bytes(crowd: list[Watcher]) -> int:
    return sum(watcher.bytes for watcher in crowd)


def _others(usages: Iterable[Usage]) -> float | None:
    shares = [usage.others_share for usage in usages if usage.others_share is not None]
    return statistics.median(shares) if shares else None
