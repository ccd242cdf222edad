"""The checker catches each fault in a history that has it, and finds nothing in one that has none."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.checker import Verdict, check, percentile
from tests.faults.history import Acked, Entry, Event, Heard, Log, Lost, Piece, Sent, Stopped, Stored, Told, Welcomed

NOTHING: Event = {"transcript": [], "objections": [], "signals": [], "cards": [], "strategies": {}}


def said(offset: int, seq: int) -> Event:
    return {"type": "transcript", "offset": offset, "source": "main", "seq": seq, "text": f"line {seq}"}


def suggestion(offset: int, status: str) -> Event:
    return {"type": "suggestion", "offset": offset, "card": "c1", "status": status}


OBJECTION: Event = {"type": "objection", "offset": 2, "id": "o1", "status": "confirmed"}
CARD: Event = {"type": "card", "offset": 3, "id": "c1", "status": "open"}
CLOSED: Event = {"type": "card", "offset": 6, "id": "c1", "status": "closed", "why": "handled"}
ENDED: Event = {"type": "ended", "offset": 8, "outcome": "won"}
EVENTS = [
    said(1, 1),
    OBJECTION,
    CARD,
    suggestion(4, "started"),
    suggestion(5, "done"),
    CLOSED,
    said(7, 2),
    ENDED,
]
STORED = Stored("e2", [("e1", 5)], [("main", 1, "line 1"), ("main", 2, "line 2")], [(e["offset"], e) for e in EVENTS])
AT_3 = {**NOTHING, "transcript": [EVENTS[0]], "objections": [OBJECTION], "cards": [CARD], "strategies": {"shown": 1}}
VOID: Event = {"type": "stage", "offset": 6, "stage": "closing"}
"""What e1 had at 6 before a crash took it back."""


def heard(first: int, last: int) -> list[Entry]:
    return [Heard(float(offset), EVENTS[offset - 1]) for offset in range(first, last + 1)]


def seller() -> Log:
    """Was there from the start, lived through a crash, and was told that 6 was taken back."""
    at_5 = {**AT_3, "streaming": {}}
    entries: list[Entry] = [
        Welcomed(0.0, "e1", 0, False, state=NOTHING),
        Sent(0.5, 1, "line 1"),
        *heard(1, 3),
        Acked(3.5, 1),
        *heard(4, 4),
        Piece(4.1, "c1", 0, "ó😀"),
        Piece(4.2, "c1", 3, "!"),
        *heard(5, 5),
        Heard(6.0, VOID),
        Lost(6.1, None),
        Welcomed(6.6, "e2", 5, False, "e1", 6, 1, at_5),
        Sent(6.7, 2, "line 2"),
        *heard(6, 7),
        Acked(7.2, 2),
        *heard(8, 8),
    ]
    return Log("seller", "call", "seller", "main", entries)


def watcher() -> Log:
    """Came late, was cut, resumed."""
    entries: list[Entry] = [
        Welcomed(3.1, "e1", 3, False, state=AT_3),
        *heard(4, 4),
        Told(4.5, 5),
        Lost(5.0, 4108),
        Welcomed(5.3, "e2", 5, True, "e1", 4, state={"streaming": {}}),
        *heard(5, 8),
    ]
    return Log("watcher", "call", "watcher", None, entries)


def source() -> Log:
    return Log("bridge", "call", "source", "left", [Welcomed(0.0, "e1", 0, False)])


def verdict(logs: list[Log] | None = None, stored: Stored = STORED, *, over: bool = True) -> Verdict:
    return check("call", logs if logs is not None else [seller(), watcher(), source()], stored, over=over)


def kinds(of: Verdict) -> set[str]:
    return {finding.kind for finding in of.findings}


def test_whole_history_has_no_finding() -> None:
    found = verdict()
    assert found.findings == []
    assert (found.sessions, found.sent, found.acked, found.delivered) == (1, 2, 2, 14)
    assert (found.void, found.resumed, found.told, found.beats) == (1, 1, 1, 1)
    assert [round(each, 3) for each in found.recovery_s] == [0.5, 0.3]
    assert [round(each, 3) for each in found.ack_s] == [3.0, 0.5]


def test_verdicts_add_up() -> None:
    both = verdict()
    both += verdict([])
    assert (both.sessions, both.sent, len(both.recovery_s)) == (2, 2, 2)


def test_percentiles() -> None:
    assert [percentile(range(100), share) for share in (0.5, 0.99, 1.0)] == [50, 99, 99]
    assert percentile([], 0.5) is None


Change = Callable[[Log, Log, Stored], object]


def at(log: Log, kind: type, which: int = 0) -> int:
    """The index of the log's n-th entry of a kind."""
    return [number for number, entry in enumerate(log.entries) if isinstance(entry, kind)][which]


def swap(entries: list[Any], one: int) -> None:
    entries[one], entries[one + 1] = entries[one + 1], entries[one]


def insert(log: Log, before: int, entry: Entry) -> None:
    log.entries.insert(before, entry)


def without_final(stored: Stored, seq: int) -> None:
    """As after a crash that took an acked final with it."""
    stored.finals = [final for final in stored.finals if final[1] != seq]
    kept = [event for _, event in stored.events if event.get("seq") != seq]
    stored.events = [(number, {**event, "offset": number}) for number, event in enumerate(kept, 1)]


FAULTS: dict[str, tuple[str, Change]] = {
    "an acked final is not stored": ("lost", lambda s, w, d: without_final(d, 2)),
    "its row alone is not stored": ("lost", lambda s, w, d: d.finals.pop()),
    "its event alone is not stored": ("lost", lambda s, w, d: d.events.pop(6)),
    "an ack is taken back": ("lost", lambda s, w, d: insert(s, 99, Welcomed(9.0, "e2", 8, True, "e2", 8, acked=1))),
    "a final is stored as another": ("lost", lambda s, w, d: d.finals.__setitem__(1, ("main", 2, "other"))),
    "a final is taken twice": ("doubled", lambda s, w, d: d.events.__setitem__(6, (7, said(7, 1)))),
    "a final has two rows": ("doubled", lambda s, w, d: d.finals.append(("main", 2, "line 2"))),
    "a final was never sent": ("doubled", lambda s, w, d: d.finals.append(("main", 3, "line 3"))),
    "an event is delivered twice": ("doubled", lambda s, w, d: insert(w, at(w, Heard, 2), w.entries[at(w, Heard, 1)])),
    "finals change places": ("reordered", lambda s, w, d: d.events.__setitem__(0, (1, said(1, 3)))),
    "events change places": ("reordered", lambda s, w, d: swap(w.entries, at(w, Heard, 2))),
    "an event is left out": ("gap", lambda s, w, d: w.entries.pop(at(w, Heard, 2))),
    "the last event does not come": ("gap", lambda s, w, d: w.entries.pop()),
    "the first event comes before a welcome": ("gap", lambda s, w, d: w.entries.pop(0)),
    "an offset is not stored": ("gap", lambda s, w, d: d.events.pop(1)),
    "a resume goes on from what was taken back": (
        "gap",
        lambda s, w, d: s.entries.__setitem__(at(s, Welcomed, 1), Welcomed(6.6, "e2", 6, True, "e1", 6, 1)),
    ),
    "two subscribers get different events": (
        "divergent",
        lambda s, w, d: w.entries.__setitem__(at(w, Heard, 2), Heard(6.0, {**CLOSED, "why": "expired"})),
    ),
    "all get another event than what is stored": (
        "divergent",
        lambda s, w, d: d.events.__setitem__(1, (2, {**OBJECTION, "status": "provisional"})),
    ),
    "a suggestion does not end": ("ends", lambda s, w, d: d.events.pop(4)),
    "a suggestion ends twice": ("ends", lambda s, w, d: d.events.insert(5, (6, suggestion(6, "truncated")))),
    "a suggestion starts twice": ("ends", lambda s, w, d: d.events.insert(5, (6, suggestion(6, "started")))),
    "a suggestion ends without a start": ("ends", lambda s, w, d: d.events.pop(3)),
    "an event is stored after `ended`": ("late", lambda s, w, d: d.events.append((9, {**VOID, "offset": 9}))),
    "an event comes after `ended`": ("late", lambda s, w, d: insert(w, 99, Heard(9.0, {**VOID, "offset": 9}))),
    "a token comes after its suggestion's end": ("late", lambda s, w, d: swap(s.entries, at(s, Piece, 1))),
    "a snapshot misses an event": (
        "state",
        lambda s, w, d: w.entries.__setitem__(
            0, Welcomed(3.1, "e1", 3, False, state={**AT_3, "objections": [], "strategies": {}})
        ),
    ),
    "a snapshot shows a card that is closed": (
        "state",
        lambda s, w, d: insert(w, 99, Welcomed(9.0, "e2", 8, False, state={**AT_3, "outcome": "won"})),
    ),
    "an ack overtakes its transcript": ("early", lambda s, w, d: insert(s, at(s, Acked, 1) - 2, Acked(6.9, 2))),
    "a token is missing": ("tokens", lambda s, w, d: s.entries.pop(at(s, Piece, 0))),
    "a client is sent away": ("stopped", lambda s, w, d: insert(w, 99, Stopped(9.0, "4003"))),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault: str) -> None:
    one, other, stored = seller(), watcher(), copy.deepcopy(STORED)
    kind, change = FAULTS[fault]
    change(one, other, stored)
    assert kind in kinds(verdict([one, other, source()], stored))


def test_call_under_way_may_have_a_running_suggestion_and_readers_behind() -> None:
    stored = Stored("e1", [], [("main", 1, "line 1")], STORED.events[:4])
    log = Log("watcher", "call", "watcher", None, [Welcomed(0.0, "e1", 0, False, state=NOTHING), *heard(1, 2)])
    assert kinds(verdict([log], stored, over=False)) == set()
    assert kinds(verdict([log], stored)) == {"ends", "gap"}
