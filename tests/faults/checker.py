"""Compares what clients recorded with what the database holds. Pure: histories in, findings out.

It folds events by the protocol's own words and not with `coach.session.view`, so that it does not share its bugs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.faults.history import Acked, Back, Event, Heard, Log, Lost, Piece, Sent, Stopped, Stored, Told, Welcomed

KINDS = {
    "lost": "an acked final, or one before it, is not stored as it was sent; or an ack was taken back",
    "doubled": "a final was taken twice, or an event delivered twice on one place in the stream",
    "reordered": "finals or events out of order",
    "gap": "an event is missing, and the subscriber was not told",
    "divergent": "two subscribers, or one and the database, have different events at the same place",
    "ends": "a suggestion with not exactly one end",
    "late": "something after `ended`, or a token after its suggestion's end",
    "state": "a snapshot is not what the events before it give",
    "early": "an ack before the events that its final caused",
    "tokens": "a token that does not continue its card's text",
    "stopped": "a client was told to give up",
}
ENDS = ("done", "cancelled", "superseded", "failed", "truncated", "expired")


class Finding(NamedTuple):
    """A broken promise."""

    kind: str
    session: str
    client: str
    what: str


@dataclass(slots=True)
class Verdict:
    """What came out; verdicts of several sessions add up (`+=`)."""

    sessions: int = 0
    sent: int = 0
    acked: int = 0
    delivered: int = 0
    """Durable events at all subscribers."""
    void: int = 0
    """Of them, those that a crash took back; whoever had them was told."""
    resumed: int = 0
    told: int = 0
    """Subscribers that came back and were given the state instead (`resumed: false`)."""
    beats: int = 0
    """Gaps that a heartbeat showed, and that the client mended."""
    findings: list[Finding] = field(default_factory=list)
    recovery_s: list[float] = field(default_factory=list)
    """From each lost socket to the next welcome."""
    ack_s: list[float] = field(default_factory=list)
    """From each final's first sending to its ack."""

    def __iadd__(self, other: "Verdict") -> "Verdict":
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    def count(self, kind: str) -> int:
        """Findings of a kind."""
        return sum(finding.kind == kind for finding in self.findings)


def percentile(values: Iterable[float], share: float) -> float | None:
    """The value that `share` (0–1) of the values do not exceed; None of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


class Fold:
    """A session's state by its durable events (docs/protocol.md, `state`), with lists of entries as maps by id."""

    def __init__(self, state: Event | None = None) -> None:
        state = state or {}
        self.transcript: list[Event] = list(state.get("transcript", ()))
        self.by_id: dict[str, dict[str, Event]] = {
            kind: {entry["id"]: entry for entry in state.get(f"{kind}s", ())}
            for kind in ("objection", "signal", "card")
        }
        self.newest: dict[str, Any] = {kind: state.get(kind) for kind in ("archetype", "stage", "summary")}
        self.strategies: Counter[str] = Counter(state.get("strategies", {}))
        self.outcome = state.get("outcome")

    def apply(self, event: Event) -> None:
        """The next event."""
        match event["type"]:
            case "transcript":
                self.transcript.append(event)
            case "objection" | "signal" as kind:
                self.by_id[kind][event["id"]] = event
            case "archetype" | "stage" | "summary" as kind:
                self.newest[kind] = event
            case "ended":
                self.outcome = event["outcome"]
            case "card":
                if event["status"] == "open":
                    self.strategies["shown"] += 1
                    self.by_id["card"][event["id"]] = event
                else:
                    self.strategies[event["why"]] += 1
                    self.by_id["card"].pop(event["id"], None)

    def differences(self, other: "Fold") -> list[str]:
        """Names of the parts that are not alike."""
        parts = {
            "transcript": (self.transcript, other.transcript),
            **{f"{kind}s": (self.by_id[kind], other.by_id[kind]) for kind in self.by_id},
            **{kind: (self.newest[kind], other.newest[kind]) for kind in self.newest},
            "strategies": (+self.strategies, +other.strategies),
            "outcome": (self.outcome, other.outcome),
        }
        return [name for name, (one, another) in parts.items() if one != another]


def check(session: str, logs: list[Log], stored: Stored, *, over: bool = True) -> Verdict:
    """One session's verdict. `over`: nothing is under way any more, so subscribers have all, suggestions their end."""
    verdict = Verdict(sessions=1)
    found = _Findings(session, verdict.findings)
    _check_store(stored, found, over=over)
    truth = {offset: event for offset, event in stored.events}
    seen: dict[tuple[str, int], tuple[str, Event]] = {}
    snapshots: dict[int, list[tuple[str, Event]]] = {}
    for log in logs:
        _check_finals(log, stored, verdict, found)
        _check_times(log, verdict)
        if log.role != "source":
            reader = _Reader(log, stored, truth, seen, verdict, found)
            reader.read()
            if over:
                reader.finish()
            for offset, state in reader.snapshots:
                snapshots.setdefault(offset, []).append((log.client, state))
    _check_snapshots(stored, snapshots, found)
    return verdict


class _Findings:
    def __init__(self, session: str, findings: list[Finding]) -> None:
        self._session = session
        self._findings = findings

    def add(self, kind: str, client: str, what: str) -> None:
        assert kind in KINDS
        self._findings.append(Finding(kind, self._session, client, what))


def _check_store(stored: Stored, found: _Findings, *, over: bool) -> None:
    offsets = [offset for offset, _ in stored.events]
    if offsets != list(range(1, len(offsets) + 1)):
        found.add("gap", "store", f"offsets are not 1 to {len(offsets)}")
    ended = False
    for offset, event in stored.events:
        if ended:
            found.add("late", "store", f"`{event['type']}` at {offset} after `ended`")
        ended = ended or event["type"] == "ended"
    spoken = _check_spoken(stored, found)
    _check_ends(stored, found, over=over)
    kept = {(source, seq): text for source, seq, text in stored.finals}
    if len(kept) != len(stored.finals):
        found.add("doubled", "store", "the same final in two rows")
    for place in kept.keys() | spoken.keys():
        if place not in kept:
            found.add("lost", "store", f"final {place} has an event and no row")
        elif place not in spoken:
            found.add("lost", "store", f"final {place} has a row and no event")
        elif kept[place] != spoken[place]:
            found.add("divergent", "store", f"final {place} reads differently in its row and in its event")


def _check_spoken(stored: Stored, found: _Findings) -> dict[tuple[str, int], str]:
    """Each source's finals are 1, 2, 3 … in the stream; their texts by `(source, seq)`."""
    last: Counter[str] = Counter()
    spoken: dict[tuple[str, int], str] = {}
    for offset, event in stored.events:
        if event["type"] != "transcript":
            continue
        source, seq = event["source"], event["seq"]
        if (source, seq) in spoken:
            found.add("doubled", "store", f"final {seq} of {source} again at {offset}")
        elif seq != last[source] + 1:
            found.add("reordered", "store", f"final {seq} of {source} after {last[source]} at {offset}")
        last[source] = max(last[source], seq)
        spoken[source, seq] = event["text"]
    return spoken


def _check_ends(stored: Stored, found: _Findings, *, over: bool) -> None:
    """Each suggestion starts once and then ends once."""
    newest: dict[str, str] = {}
    for offset, event in stored.events:
        if event["type"] != "suggestion":
            continue
        card, status, before = event["card"], event["status"], newest.get(event["card"])
        if status == "started" and before is not None:
            found.add("ends", "store", f"{card} started again at {offset}")
        elif status != "started" and before != "started":
            found.add("ends", "store", f"{card}: `{status}` at {offset} after `{before}`")
        newest[card] = status
    for card, status in newest.items():
        if over and status not in ENDS:
            found.add("ends", "store", f"{card} has no end")


def _check_finals(log: Log, stored: Stored, verdict: Verdict, found: _Findings) -> None:
    if log.source is None:
        return
    kept = {seq: text for source, seq, text in stored.finals if source == log.source}
    sent: dict[int, Sent] = {}
    acked = 0
    for entry in log.entries:
        match entry:
            case Sent(_, seq, text):
                sent.setdefault(seq, entry)
                if sent[seq].text != text:
                    raise ValueError(f"{log.client} sent two finals as {seq}")
            case Acked(at, seq) | Welcomed(at, acked=seq):
                if isinstance(entry, Welcomed) and seq < acked:
                    found.add("lost", log.client, f"acked {acked}, then welcomed with {seq}")
                for new in range(acked + 1, seq + 1):
                    if new in sent:
                        verdict.ack_s.append(at - sent[new].at)
                acked = max(acked, seq)
    verdict.sent += len(sent)
    verdict.acked += acked
    for seq in range(1, acked + 1):
        if seq not in kept or (seq in sent and sent[seq].text != kept[seq]):
            found.add("lost", log.client, f"final {seq} was acked and is not stored as sent")
    for seq in kept.keys() - sent.keys():
        found.add("doubled", log.client, f"final {seq} is stored and was never sent")


def _check_times(log: Log, verdict: Verdict) -> None:
    lost: float | None = None
    for entry in log.entries:
        if isinstance(entry, Lost) and lost is None:
            lost = entry.at
        elif isinstance(entry, Welcomed) and lost is not None:
            verdict.recovery_s.append(entry.at - lost)
            lost = None
        elif isinstance(entry, Back):
            lost = None


class _Reader:
    """Reads one subscriber's log with the subscriber's eyes."""

    def __init__(
        self,
        log: Log,
        stored: Stored,
        truth: dict[int, Event],
        seen: dict[tuple[str, int], tuple[str, Event]],
        verdict: Verdict,
        found: _Findings,
    ) -> None:
        self.snapshots: list[tuple[int, Event]] = []
        """What the client was told or has put together itself, where the database can confirm it."""
        self._log = log
        self._stored = stored
        self._truth = truth
        self._seen = seen
        self._verdict = verdict
        self._found = found
        self._epoch: str | None = None
        self._offset = 0
        self._had: set[tuple[str, int]] = set()
        self._spoken = 0
        """Highest final of the own source that is in the stream so far."""
        self._texts: dict[str, str] = {}
        self._over: set[str] = set()
        self._ended = False

    def read(self) -> None:
        for entry in self._log.entries:
            match entry:
                case Welcomed():
                    self._welcomed(entry)
                case Heard(_, event):
                    self._heard(event)
                case Piece():
                    self._piece(entry)
                case Acked(_, seq):
                    if self._log.source is not None and seq > self._spoken:
                        self._add("early", f"ack {seq} before its transcript; heard {self._spoken}")
                case Told():
                    self._verdict.beats += 1
                case Stopped(_, why):
                    self._add("stopped", why)

    def finish(self) -> None:
        last = max(self._truth, default=0)
        if self._epoch is None or not self._stored.counts(self._epoch, self._offset) or self._offset < last:
            self._add("gap", f"is at {self._offset} of {self._epoch}, the session at {last} of {self._stored.epoch}")

    def _add(self, kind: str, what: str) -> None:
        self._found.add(kind, self._log.client, what)

    def _welcomed(self, entry: Welcomed) -> None:
        if entry.resumed:
            self._verdict.resumed += 1
            if (entry.before, entry.after) != (self._epoch, self._offset):
                self._add(
                    "gap", f"resumed behind {entry.after} of {entry.before}, was at {self._offset} of {self._epoch}"
                )
            if entry.epoch != entry.before and not self._stored.counts(entry.before or "", entry.after or 0):
                self._add("gap", f"resumed behind {entry.after} of {entry.before}, which was taken back")
        else:
            self._verdict.told += bool(self._epoch)
            self._ended = "outcome" in (entry.state or {})
            self._offset = entry.offset
            self._spoken = max(
                (e["seq"] for e in (entry.state or {}).get("transcript", ()) if e["source"] == self._log.source),
                default=0,
            )
            if entry.state is not None and self._stored.counts(entry.epoch, entry.offset):
                self.snapshots.append((entry.offset, entry.state))
        self._epoch = entry.epoch
        self._texts = dict((entry.state or {}).get("streaming", {}))
        self._over.clear()

    def _heard(self, event: Event) -> None:
        offset = event["offset"]
        self._verdict.delivered += 1
        if self._epoch is None:
            self._add("gap", f"event {offset} before any welcome")
            return
        if offset > self._offset + 1:
            self._add("gap", f"{offset} after {self._offset} of {self._epoch}")
        elif offset <= self._offset:
            again = (self._epoch, offset) in self._had
            self._add("doubled" if again else "reordered", f"{offset} after {self._offset} of {self._epoch}")
        self._had.add((self._epoch, offset))
        self._offset = max(self._offset, offset)
        before = self._seen.setdefault((self._epoch, offset), (self._log.client, event))
        if before[1] != event:
            self._add("divergent", f"{offset} of {self._epoch} is not what {before[0]} got")
        if not self._stored.counts(self._epoch, offset):
            self._verdict.void += 1
        elif self._truth.get(offset) != event:
            self._add("divergent", f"{offset} of {self._epoch} is not what is stored")
        if self._ended and event["type"] != "ended":
            self._add("late", f"`{event['type']}` at {offset} after `ended`")
        self._ended = event["type"] == "ended"
        if event["type"] == "transcript" and event["source"] == self._log.source:
            self._spoken = max(self._spoken, event["seq"])
        elif event["type"] == "suggestion":
            if event["status"] == "started":
                self._texts.setdefault(event["card"], "")
            else:
                self._over.add(event["card"])

    def _piece(self, piece: Piece) -> None:
        if piece.card in self._over:
            self._add("late", f"a token of {piece.card} after its end")
        text = self._texts.get(piece.card, "")
        units = len(text.encode("utf-16-le")) // 2
        if piece.start != units:
            self._add("tokens", f"{piece.card} goes on at {piece.start}, has {units}")
        self._texts[piece.card] = text + piece.text


def _check_snapshots(stored: Stored, snapshots: dict[int, list[tuple[str, Event]]], found: _Findings) -> None:
    """A snapshot at an offset is the fold of what is stored up to there; so any two differ by the events between."""
    fold = Fold()
    for offset, event in _from_nothing(stored):
        if event is not None:
            fold.apply(event)
        for client, state in snapshots.get(offset, ()):
            if wrong := fold.differences(Fold(state)):
                found.add("state", client, f"at {offset} differs in {', '.join(wrong)}")


def _from_nothing(stored: Stored) -> Iterator[tuple[int, Event | None]]:
    yield 0, None
    yield from stored.events
