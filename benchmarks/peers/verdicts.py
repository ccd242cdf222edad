"""What is to be reached, and whether it was: ratios of Coach to each peer, each of two samples of the same round.

A ratio is Coach's figure divided by the peer's: of what is delivered the more the better, of time and memory the less.
"""

import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.peers.results import Results, Sample
from benchmarks.peers.roster import BY_NAME, COACH, CROSS, ECHO, FANOUT, IDLE, taking_part

FLAT = 1.1
FLAT_MINUTES = 10
"""Minutes say different things: one alone differs from the next by a third."""
"""A minute's cost counts as that of another one up to this ratio: two equal minutes differ by as much here."""


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of a ratio, or of Coach's own figure."""

    at_least: float | None = None
    at_most: float | None = None

    def reached(self, value: float) -> bool:
        """Whether a value keeps it."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, and their extremes."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison, or one figure of Coach's alone."""

    what: str
    n: int
    peer: str
    """The peer's title; empty: none."""
    unit: str
    coach: Spread
    other: Spread | None
    ratio: Spread | None
    target: Target | None

    @property
    def reached(self) -> bool | None:
        """Whether the median keeps the target; None without one."""
        if self.target is None or (self.other is not None and self.ratio is None):
            return None
        return self.target.reached(self.ratio.median if self.ratio is not None else self.coach.median)


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure that is compared with every peer that has it."""

    what: str
    part: str
    kind: str
    name: str
    unit: str
    targets: dict[str, Target]
    """By peer; `*` for all others."""
    counts: tuple[int, ...] = ()
    """The numbers of watchers that the targets are for; empty: all."""

    def target(self, peer: str, n: int) -> Target | None:
        """The target of one comparison."""
        if self.counts and n not in self.counts:
            return None
        return self.targets.get(peer, self.targets.get("*"))


_NO_WORSE = {"*": Target(at_most=1.0)}
_MANY = (100, 1000)
_FIGURES = (
    _Figure(
        "fan-out, at saturation",
        FANOUT,
        "full",
        "frames_per_s",
        "events/s",
        {
            "socketio": Target(at_least=2),
            "socketio-py": Target(at_least=10),
            "broadcaster": Target(at_least=5),
            "channels-redis": Target(at_least=40),
            "aiohttp": Target(at_least=2),
        },
        _MANY,
    ),
    _Figure("fan-out, CPU", FANOUT, "full", "us_per_frame", "µs an event", {}),
    _Figure("fan-out, p99 at half of its own", FANOUT, "half", "p99_ms", "ms", _NO_WORSE, _MANY),
    _Figure("fan-out, p50 at half of its own", FANOUT, "half", "p50_ms", "ms", {}),
    _Figure(
        "two instances, at saturation",
        CROSS,
        "full",
        "frames_per_s",
        "events/s",
        {"socketio-py-redis": Target(at_least=10), "socketio-redis": Target(at_least=1.5)},
        _MANY,
    ),
    _Figure("two instances, CPU", CROSS, "full", "us_per_frame", "µs an event", {}),
    _Figure("two instances, p99 at half of its own", CROSS, "half", "p99_ms", "ms", {}),
    _Figure("chunk → ack, CPU: calls as they are", ECHO, "natural", "us_per_frame", "µs a frame", {"uvicorn": Target(at_most=2.5)}),
    _Figure("chunk → ack, CPU: objections only", ECHO, "dense", "us_per_frame", "µs a frame", {"uvicorn": Target(at_most=2.5)}),
    _Figure("chunk → ack, p50", ECHO, "natural", "p50_ms", "ms", {}),
    _Figure("chunk → ack, p99", ECHO, "natural", "p99_ms", "ms", {}),
    _Figure("idle connection", IDLE, "idle", "kib", "KiB", {}),
    _Figure("start", IDLE, "start", "s", "s", {}),
)  # fmt: skip


def rows(results: Results) -> Iterator[Row]:
    """All comparisons, in the order in which they are read."""
    for figure in _FIGURES:
        counts = sorted({sample["n"] for sample in results.of(part=figure.part)})
        for n in counts:
            for peer in taking_part(figure.part):
                row = _compared(results, figure, n, peer.name)
                if row is not None:
                    yield row
    yield from _same_rate(results)
    yield from _spoken(results)
    yield from _alone(results)


def _compared(results: Results, figure: _Figure, n: int, peer: str) -> Row | None:
    theirs = list(results.of(part=figure.part, n=n, kind=_kind(figure, peer), server=peer))
    ours = list(results.of(part=figure.part, n=n, kind=figure.kind, server=COACH.name))
    pairs = [
        (before[figure.name], sample[figure.name])
        for sample in theirs
        if (before := _before(ours, sample)) is not None
        and before.get(figure.name) is not None
        and sample.get(figure.name) is not None
    ]
    if not pairs:
        return None
    return Row(
        figure.what,
        n,
        BY_NAME[peer].title,
        figure.unit,
        Spread.of([ours for ours, _ in pairs]),
        Spread.of([other for _, other in pairs]),
        Spread.of(ratios) if (ratios := [ours / other for ours, other in pairs if other > 0]) else None,
        figure.target(peer, n),
    )


def _kind(figure: _Figure, peer: str) -> str:
    """Peers only echo: to them calls are calls."""
    return "natural" if figure.part == ECHO and peer != COACH.name else figure.kind


def _before(ours: list[Sample], sample: Sample) -> Sample | None:
    """Coach's newest sample before it in the same round; of its first one if there is none."""
    same = [each for each in ours if each["round"] == sample["round"]]
    earlier = [each for each in same if each["slot"] <= sample["slot"]]
    return max(earlier, key=lambda each: int(each["slot"])) if earlier else (same[0] if same else None)


def _same_rate(results: Results) -> Iterator[Row]:
    """Coach at the half rate of each peer that is faster than all others, beside what that peer took."""
    for n in sorted({sample["n"] for sample in results.of(part=FANOUT, kind="same")}):
        ours = list(results.of(part=FANOUT, n=n, kind="same", server=COACH.name))
        rates = ours[0]["finals_per_s"]
        for peer in taking_part(FANOUT):
            theirs = [sample["p99_ms"] for sample in results.of(part=FANOUT, n=n, kind="half", server=peer.name)]
            theirs = [value for value in theirs if value is not None]
            mine = [sample["p99_ms"] for sample in ours if sample["p99_ms"] is not None]
            if theirs and mine:
                ratios = [one / other for one, other in zip(mine, theirs, strict=False)]
                yield Row(
                    f"fan-out, p99, Coach at the fastest peer's {rates:,.0f} finals/s",
                    n,
                    peer.title,
                    "ms",
                    Spread.of(mine),
                    Spread.of(theirs),
                    Spread.of(ratios),
                    None,
                )


def _spoken(results: Results) -> Iterator[Row]:
    """Tokens in characters a second, beside what the fastest peer's events would carry with one word in each."""
    for n in sorted({sample["n"] for sample in results.of(part=FANOUT, kind="tokens")}):
        ours = list(results.of(part=FANOUT, kind="tokens", n=n))
        events = {
            peer: rate
            for peer in taking_part(FANOUT)
            if (rate := results.median("frames_per_s", part=FANOUT, n=n, kind="full", server=peer.name)) is not None
        }
        word = statistics.median(sample["characters_per_word"] for sample in ours)
        mine = Spread.of([sample["characters_per_s"] for sample in ours])
        fastest = max(events, key=lambda peer: events[peer], default=None)
        if fastest is None:
            yield Row("tokens", n, "", "characters/s", mine, None, None, None)
        else:
            theirs = events[fastest] * word
            ratio = Spread(mine.median / theirs, mine.low / theirs, mine.high / theirs)
            title = f"{fastest.title}: a word an event"
            yield Row("tokens", n, title, "characters/s", mine, _one(theirs), ratio, None)


def _alone(results: Results) -> Iterator[Row]:
    """What is Coach's alone, against fixed bounds; and how many sessions a core holds, for everybody."""
    for kind, title in (("natural", "calls as they are"), ("dense", "objections only")):
        for server in (COACH, *taking_part(ECHO)):
            found = list(results.of(part=ECHO, kind=f"search {kind}", server=server.name))
            if found:
                most = Spread.of([float(sample["held"]) for sample in found])
                target = Target(at_least=1000) if server.is_coach else None
                yield Row(
                    f"sessions on a core, p99 < 50 ms: {title}", 0, server.title, "sessions", most, None, None, target
                )
    idle = [sample["kib"] for sample in results.of(part=IDLE, kind="idle", server=COACH.name)]
    if idle:
        yield Row("idle connection", 0, "", "KiB", Spread.of(idle), None, None, Target(at_most=32))
    minutes = sorted(results.of(part=IDLE, kind="call"), key=lambda sample: int(sample["minute"]))
    if len(minutes) > 1:
        last = minutes[-1]
        yield Row(
            f"session after {last['minute']} minutes", 0, "", "KiB", _one(last["kib"]), None, None, Target(at_most=300)
        )
        many = min(FLAT_MINUTES, len(minutes) // 2)
        begin, end = (
            statistics.median(sample["us_per_frame"] for sample in part) for part in (minutes[:many], minutes[-many:])
        )
        yield Row(
            f"CPU a frame, last {many} minutes against the first",
            0,
            "",
            "µs a frame",
            _one(end),
            _one(begin),
            _one(end / begin),
            Target(at_most=FLAT),
        )
    for sample in results.of(part="tokens"):
        what = f"token path, {sample['what']}, {sample['n']} streams: added p50"
        yield Row(what, sample["n"], "", "ms", _one(sample["added_p50_ms"]), None, None, None)
        target = Target(at_most=3) if sample["n"] == 1 and sample["what"] == "first token" else None
        yield Row(what.replace("p50", "p99"), sample["n"], "", "ms", _one(sample["added_p99_ms"]), None, None, target)


def _one(value: Any) -> Spread:
    return Spread(value, value, value)
