"""Frame → objection, frame → card and final → ack at so many live sessions, in an open loop (see `pace.py`)."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import orjson

from benchmarks import cores, figures
from benchmarks.cores import Reading
from benchmarks.figures import Latency
from benchmarks.pace import keep_time
from benchmarks.plan import FRAMES_PER_SECOND, Level
from benchmarks.server import ServerProcess
from benchmarks.speech import RAISED, Script
from benchmarks.wire import FrameSocket, connect_all

LEAD_S = 0.3
"""Between the last preparation and the first frame."""
SETTLE_MOST_S = 10.0
"""What opening so many sessions at once left to do is none of a call's latency."""
PROMISED_S = 0.005
"""A card leaves within this of its frame, server side (docs/design.md, promise 3)."""

_OBJECTION, _CARD, _ACK, _ERROR = b'{"type":"objection"', b'{"type":"card"', b'{"type":"ack"', b'{"type":"error"'
_OF_USE = (_OBJECTION, _CARD, _ACK, _ERROR)


@dataclass(frozen=True, slots=True)
class LevelFigures:
    """What one level showed. Latencies count from when a frame was due, at the client."""

    sessions: int
    frames_per_s: float
    objection: Latency | None
    card: Latency | None
    ack: Latency | None
    server_us_per_frame: float
    """CPU of the whole process for a frame in, with all that it causes: median of the rounds, microseconds."""
    frames_out_per_frame: float
    """Frames the sessions' sockets got for each that they sent: events, tokens, acks."""
    server_share: float
    generator_share: float
    """The largest of the rounds, 0–1."""
    others_share: float | None
    waited_share: float
    """How much of a round the server or the generator was kept from its core: the median of the rounds."""
    late_p99_ms: float
    """By how much the generator missed its own schedule."""
    card_server_p99_ms: float | None
    """From `coach_card_seconds`: interpolated within a bucket."""
    card_server_in_time: float | None
    """Share of cards within `PROMISED_S`, from the same."""
    missing: int
    """Rehearsed objections that did not come."""
    unacked: int
    """Finals whose ack did not come: those acks are in no percentile, so the real ones are worse."""
    strange: int
    """Objections and cards that were not rehearsed, or came in another order."""
    errors: dict[str, int]
    """Error frames by code, and `lost` sockets."""


@dataclass(slots=True)
class _Samples:
    """Of one kind: when the frame was due, and how long it took. Seconds."""

    taken: list[tuple[float, float]] = field(default_factory=list)

    def rounds(self, begin: float, level: Level) -> list[list[float]]:
        """The latencies by round; those of the warm-up are gone."""
        rounds: list[list[float]] = [[] for _ in range(level.rounds)]
        for due, took in self.taken:
            number = int((due - begin - level.warm_s) // level.round_s)
            if 0 <= number < level.rounds:
                rounds[number].append(took)
        return rounds


@dataclass(slots=True)
class _Log:
    """What all callers of a level noted."""

    objection: _Samples = field(default_factory=_Samples)
    card: _Samples = field(default_factory=_Samples)
    ack: _Samples = field(default_factory=_Samples)
    strange: int = 0
    errors: Counter[str] = field(default_factory=Counter)


class Caller(FrameSocket):
    """One live session: its seller's socket."""

    def __init__(self, name: str, script: Script, place: int, of: int, log: _Log) -> None:
        super().__init__(f"/ws/{name}", script.hello)
        self.script = script
        self.begin = 0.0
        self.raised = 0
        """How many of the rehearsed objections have come."""
        self._offset_s = place / of / FRAMES_PER_SECOND
        self._log = log
        self.acked = 0
        self._raised_at: dict[str, tuple[int, float]] = {}
        """By objection: `at` of its newest event, and when the frame behind it was due."""

    @property
    def satisfied(self) -> bool:
        """Whether everything has come that its script leads to."""
        return self.raised >= len(self.script.raises) and self.acked >= len(self.script.finals)

    def due(self, step: int) -> float:
        """When a step is to be sent. The sessions are spread evenly over the frame interval."""
        return self.begin + step / FRAMES_PER_SECOND + self._offset_s

    def on_text(self, payload: bytes, at: float) -> None:
        if not payload.startswith(_OF_USE):
            if not self.welcomed.done():
                self.welcomed.set_result(None)
            return
        event = orjson.loads(payload)
        kind = event["type"]
        if kind == "objection" and event["status"] in RAISED:
            expected = self.script.raises[self.raised] if self.raised < len(self.script.raises) else None
            if expected is None or expected[1:] != (event["utterance"], event["category"], event["status"]):
                self._log.strange += 1
                return
            self.raised += 1
            due = self.due(expected.step)
            self._raised_at[event["id"]] = event["at"], due
            self._log.objection.taken.append((due, at - due))
        elif kind == "card" and event["status"] == "open" and event["trigger"]["type"] == "objection":
            stamp, due = self._raised_at.get(event["trigger"]["id"], (0, 0.0))
            if stamp == event["at"]:
                self._log.card.taken.append((due, at - due))
            else:
                self._log.strange += 1
        elif kind == "ack":
            for seq in range(self.acked, event["seq"]):
                due = self.due(self.script.finals[seq])
                self._log.ack.taken.append((due, at - due))
            self.acked = event["seq"]
        elif kind == "error":
            self._log.errors[event["code"]] += 1


async def measure(
    server: ServerProcess,
    scripts: list[Script],
    level: Level,
    stragglers_s: float,
    on_round: Callable[[], None],
    name: str = "level",
) -> LevelFigures:
    """Run one level in new sessions, named after it and `name`; `on_round` is called after each round."""
    log = _Log()
    callers = await connect_all(
        server.port,
        [
            partial(
                Caller, f"{name}-{level.sessions}-{place}", scripts[place % len(scripts)], place, level.sessions, log
            )
            for place in range(level.sessions)
        ],
    )
    await cores.calm([server.read], SETTLE_MOST_S)
    before = figures.buckets(await server.metrics(), "coach_card_seconds")
    begin = time.perf_counter() + LEAD_S
    for caller in callers:
        caller.begin = begin
    edges: list[tuple[Reading, int]] = []

    def send(number: int) -> None:
        step, place = divmod(number, len(callers))
        callers[place].write(callers[place].script.frames[step])

    async def watch_rounds() -> None:
        for number in range(level.rounds + 1):
            await asyncio.sleep(begin + level.warm_s + number * level.round_s - time.perf_counter())
            edges.append((server.read(), sum(caller.frames for caller in callers)))
            if number:
                on_round()

    async with asyncio.TaskGroup() as group:
        group.create_task(watch_rounds(), name="rounds")
        due = [caller.due(step) for step in range(level.frames) for caller in callers]
        sending = group.create_task(keep_time(due, send), name="schedule")
    until = time.perf_counter() + stragglers_s
    while time.perf_counter() < until and not all(caller.satisfied for caller in callers):
        await asyncio.sleep(0.05)
    after = figures.buckets(await server.metrics(), "coach_card_seconds")
    lost = sum(caller.lost for caller in callers)
    for caller in callers:
        caller.leave()

    usages = [early.until(late) for (early, _), (late, _) in pairwise(edges)]
    sent = level.sessions * FRAMES_PER_SECOND * level.round_s
    p99_s = figures.quantile(before, after, 0.99)
    others = [usage.others_share for usage in usages if usage.others_share is not None]
    return LevelFigures(
        sessions=level.sessions,
        frames_per_s=sent / level.round_s,
        objection=figures.latency(log.objection.rounds(begin, level)),
        card=figures.latency(log.card.rounds(begin, level)),
        ack=figures.latency(log.ack.rounds(begin, level)),
        server_us_per_frame=statistics.median(1e6 * usage.server_s / sent for usage in usages),
        frames_out_per_frame=(edges[-1][1] - edges[0][1]) / (sent * level.rounds),
        server_share=statistics.median(usage.server_share for usage in usages),
        generator_share=max(usage.generator_share for usage in usages),
        others_share=statistics.median(others) if others else None,
        waited_share=statistics.median(usage.waited_share for usage in usages),
        late_p99_ms=1000 * figures.percentile(sorted(sending.result()), 0.99),
        card_server_p99_ms=None if p99_s is None else 1000 * p99_s,
        card_server_in_time=figures.share_within(before, after, PROMISED_S),
        missing=sum(len(caller.script.raises) - caller.raised for caller in callers),
        unacked=sum(len(caller.script.finals) - caller.acked for caller in callers),
        strange=log.strange,
        errors={**log.errors, **({"lost": lost} if lost else {})},
    )
