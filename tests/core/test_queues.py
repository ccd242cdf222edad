"""Outbox, history, throttle, limiter, journal: what waits, how long, and what happens when it is too much."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.bus.base import inbox
from coach.bus.memory import MemoryBus
from coach.bus.message import unpack
from coach.live.history import History
from coach.live.hub import BURST_LEAST, Hub
from coach.live.outgoing import ANY_MOST, PAGE_BYTES, PAGE_MOST, Outgoing
from coach.live.throttle import Throttle
from coach.sockets.limits import FrameLimiter, TeamLimits
from coach.sockets.outbox import LIMIT_BYTES, LIMIT_FRAMES, Outbox
from coach.store.batch import FINALS_MOST, Journal, StoredEvent, StoredFinal
from coach.wire.burst import Burst
from coach.wire.publication import Publication, text_frame


class FakeWire:
    """A transport at the edge: takes frames unless paused."""

    def __init__(self) -> None:
        self.paused_since: float | None = None
        self.open = True
        self.writes: list[list[bytes]] = []

    def write_frames(self, frames: list[bytes]) -> None:
        self.writes.append(frames)

    def events(self) -> list[Any]:
        return [orjson.loads(payload) for frames in self.writes for written in frames for payload in _payloads(written)]


def _payloads(written: bytes) -> list[bytes]:
    """Of one or more frames."""
    found = []
    while written:
        begin = _header(written)
        size = written[1] if begin == 2 else int.from_bytes(written[2:begin], "big")
        found.append(written[begin : begin + size])
        written = written[begin + size :]
    return found


def _header(frame: bytes) -> int:
    return {126: 4, 127: 10}.get(frame[1], 2)


def outbox() -> tuple[Outbox, FakeWire, list[Callable[[], None]], list[str]]:
    wire, soon, overflows = FakeWire(), list[Callable[[], None]](), list[str]()
    box = Outbox(wire, soon.append, lambda: overflows.append("overflow"))
    return box, wire, soon, overflows


def run(soon: list[Callable[[], None]]) -> None:
    while soon:
        soon.pop(0)()


class Ear:
    """Keeps the messages of a channel; stumbles over some."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.gaps = 0

    def heard(self, message: bytes) -> None:
        if message == b"bad":
            raise KeyError("v")
        self.messages.append(message)

    def gap(self) -> None:
        self.gaps += 1


async def test_what_waits_for_an_owner_leaves_in_pages_and_is_bounded_whatever_it_is() -> None:
    bus, ear = MemoryBus("a"), Ear()
    await bus.listen(inbox("b"), ear)
    out = Outgoing("call", "b", "link", bus)
    for number in range(PAGE_MOST + 50):
        out.add("ping", "1", number)
    for _ in range(3):
        out.add("input", "1", "Heard", {"text": "x" * (PAGE_BYTES // 2)})
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    found = [unpack(message) for message in ear.messages]
    heads = [message.head for message in found if message is not None]
    assert len(heads) > 2 and max(map(len, ear.messages)) < 2 * PAGE_BYTES
    numbers = [n for head in heads for n in range(head["n"], head["n"] + len(head["ops"]))]
    assert numbers == list(range(1, PAGE_MOST + 54)) and max(len(head["ops"]) for head in heads) == PAGE_MOST
    for number in range(2 * ANY_MOST):
        out.add("ping", "1", number)
    assert not out.link and len(out.close()) == ANY_MOST


async def test_listener_that_stumbles_hears_of_a_gap_and_goes_on() -> None:
    bus, ear = MemoryBus("a"), Ear()
    await bus.listen("all", ear)
    for message in (b"1", b"bad", b"2"):
        bus.publish("all", message)
    await asyncio.sleep(0)
    assert (ear.messages, ear.gaps) == ([b"1", b"2"], 1)


def test_what_is_queued_in_one_tick_leaves_in_one_write() -> None:
    box, wire, soon, _ = outbox()
    for n in range(5):
        box.send({"n": n})
    assert len(soon) == 1
    run(soon)
    assert len(wire.writes) == 1 and [e["n"] for e in wire.events()] == [0, 1, 2, 3, 4]


def test_latest_wins_keeps_its_place_and_the_newest_value() -> None:
    box, wire, soon, _ = outbox()
    box.push(Publication({"n": 1}, key="metrics"))
    box.send({"n": 2})
    box.push(Publication({"n": 3}, key="metrics"))
    run(soon)
    assert [e["n"] for e in wire.events()] == [3, 2]


def test_tokens_merge_into_one_contiguous_piece() -> None:
    box, wire, soon, _ = outbox()
    text, start = "", 0
    for piece in ("Hel", "lo ", "😀"):
        box.push(Publication({"type": "token", "card": "c1", "start": start, "text": piece}, key="t", token=True))
        text, start = text + piece, start + len(piece.encode("utf-16-le")) // 2
    run(soon)
    assert wire.events() == [{"type": "token", "card": "c1", "start": 0, "text": text}]


def test_a_peer_that_does_not_read_overflows_once_and_is_forgotten() -> None:
    box, wire, soon, overflows = outbox()
    wire.paused_since = 1.0
    for n in range(LIMIT_FRAMES + 5):
        box.send({"n": n})
    assert overflows == ["overflow"]
    wire.paused_since = None
    box.flush()
    assert all(e["n"] > LIMIT_FRAMES for e in wire.events())


def test_much_in_one_tick_is_no_slow_peer() -> None:
    box, wire, _, overflows = outbox()
    for n in range(5 * LIMIT_FRAMES):
        box.send({"n": n})
    box.flush()
    assert overflows == [] and [e["n"] for e in wire.events()] == list(range(5 * LIMIT_FRAMES))


def test_latest_wins_never_overflows() -> None:
    box, wire, _, overflows = outbox()
    wire.paused_since = 1.0
    for n in range(10 * LIMIT_FRAMES):
        box.push(Publication({"n": n}, key="metrics"))
    assert overflows == []


def test_paused_wire_gets_the_rest_when_it_can_be_written_to() -> None:
    box, wire, soon, _ = outbox()
    box.send({"n": 1})
    run(soon)
    wire.paused_since = 1.0
    box.send({"n": 2})
    assert soon == []
    wire.paused_since = None
    box.flush()
    assert [e["n"] for e in wire.events()] == [1, 2]


def test_replay_goes_first_and_does_not_count() -> None:
    box, wire, soon, overflows = outbox()
    box.replay(iter([text_frame(orjson.dumps({"n": n})) for n in range(3 * LIMIT_FRAMES)]))
    box.send({"n": -1})
    run(soon)
    assert overflows == [] and wire.events()[-1] == {"n": -1} and len(wire.events()) == 3 * LIMIT_FRAMES + 1


@given(st.lists(st.tuples(st.sampled_from("dlt"), st.integers(0, 3), st.booleans()), max_size=60))
def test_durable_frames_keep_their_order_whatever_merges(steps: list[tuple[str, int, bool]]) -> None:
    box, wire, soon, _ = outbox()
    sent, tokens = [], {0: "", 1: "", 2: "", 3: ""}
    for number, (kind, key, flush) in enumerate(steps):
        if kind == "d":
            box.send({"durable": number})
            sent.append(number)
        elif kind == "l":
            box.push(Publication({"latest": key, "n": number}, key=f"l{key}"))
        else:
            event = {"type": "token", "card": key, "start": len(tokens[key]), "text": str(number)}
            box.push(Publication(event, key=f"t{key}", token=True))
            tokens[key] += str(number)
        if flush:
            run(soon)
    run(soon)
    events = wire.events()
    assert [e["durable"] for e in events if "durable" in e] == sent
    for card, text in tokens.items():
        assert "".join(e["text"] for e in events if e.get("card") == card) == text


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_text_frame_has_the_length_of_rfc_6455(size: int) -> None:
    frame = text_frame(b"x" * size)
    assert frame[0] == 0x81 and frame[_header(frame) :] == b"x" * size


def test_history_resumes_all_or_nothing() -> None:
    history = History("now", [("old", 4)])
    for n in range(1, 11):
        history.append(b"%d" % n)
    assert list(history.after(7)) == [b"8", b"9", b"10"]
    assert history.why_not(7, "now") is None and history.why_not(10, "now") is None
    assert history.why_not(11, "now") == "epoch"
    assert history.why_not(4, "old") is None and history.why_not(5, "old") == "epoch"
    assert history.why_not(None, None) == "new" and history.why_not(3, None) == "epoch"


def test_history_lets_go_of_the_oldest_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coach.live.history.LIMIT_EVENTS", 100)
    history = History("now")
    for n in range(1, 251):
        history.append(b"%d" % n)
    assert history.last == 250 and 250 - history.first + 1 + 10 >= 100
    assert history.why_not(0, "now") == "trimmed"
    assert list(history.after(history.first - 1))[0] == b"%d" % history.first


async def test_throttle_lets_one_through_an_interval_the_newest_of_each_key_in_turn() -> None:
    throttle, published = Throttle(0.03), list[str]()
    done = asyncio.Event()

    def offer(key: str, n: int) -> None:
        def publish() -> None:
            published.append(f"{key}{n}")
            if len(published) == 3:
                done.set()

        throttle.offer(key, publish)

    for n in range(50):
        offer("a", n)
        offer("b", n)
    assert published == ["a0"]
    await done.wait()
    assert published == ["a0", "b49", "a49"]
    offer("c", 0)
    throttle.cancel("c")
    offer("d", 0)
    throttle.close()
    assert len(published) == 3


def test_limiter_allows_a_burst_and_then_the_rate() -> None:
    limiter = FrameLimiter(10, _at=0.0)
    assert sum(limiter.take(0.0) for _ in range(50)) == 20
    assert not limiter.take(0.05) and limiter.take(0.2) and limiter.retry_after_ms >= 1
    for _ in range(60):
        limiter.take(0.2)
    assert limiter.hopeless
    assert limiter.take(10.0) and not limiter.hopeless


def test_teams_have_a_limit_each_and_leave_nothing_behind() -> None:
    teams = TeamLimits(10)
    north, south = teams.of("north", 0.0), teams.of("south", 0.0)
    while north.take(0.0):
        pass
    teams.sweep(0.5)
    assert teams.of("north", 0.5) is north and teams.of("south", 0.5) is not south
    assert teams.of("north", 0.5).take(0.5) and teams.of("south", 0.5).take(0.5)


def test_hub_delivers_to_those_of_now() -> None:
    hub, heard = Hub(), list[str]()

    class Ear:
        def __init__(self, name: str) -> None:
            self.name = name

        def deliver(self, publication: Publication) -> None:
            heard.append(self.name)
            hub.unsubscribe("topic", self)

        def begin(self, burst: Burst) -> bool:
            return False

    a, b = Ear("a"), Ear("b")
    hub.subscribe("topic", a)
    hub.subscribe("topic", b)
    hub.subscribe("topic", a)
    hub.publish("topic", Publication({}))
    hub.publish("topic", Publication({}))
    assert heard == ["a", "b"] and not hub.has("topic")


class Listener:
    """A subscriber with an outbox, as a socket is one."""

    def __init__(self) -> None:
        self.box, self.wire, self.soon, self.overflows = outbox()
        self.deliver, self.begin = self.box.push, self.box.begin

    def told(self) -> list[Any]:
        """All that has been written, once what is due has run."""
        run(self.soon)
        return self.wire.events()


def crowd(hub: Hub, *topics: str, count: int = BURST_LEAST) -> list[Listener]:
    listeners = [Listener() for _ in range(count)]
    for listener in listeners:
        for topic in topics:
            hub.subscribe(topic, listener)
    return listeners


def test_many_subscribers_are_told_in_one_write_of_the_same_bytes() -> None:
    hub = Hub()
    listeners = crowd(hub, "t")
    for n in range(3):
        hub.publish("t", Publication({"n": n}))
    for listener in listeners:
        assert [event["n"] for event in listener.told()] == [0, 1, 2]
    written = [listener.wire.writes for listener in listeners]
    assert all(len(writes) == 1 and writes[0][0] is written[0][0][0] for writes in written)


def test_what_comes_after_a_burst_has_left_is_told_too() -> None:
    hub = Hub()
    first, *others = crowd(hub, "t")
    hub.publish("t", Publication({"n": 0}))
    assert first.told() == [{"n": 0}]
    hub.publish("t", Publication({"n": 1}))
    for listener in (first, *others):
        assert [event["n"] for event in listener.told()] == [0, 1]


def test_who_comes_gets_nothing_of_before_and_who_leaves_nothing_of_after() -> None:
    hub = Hub()
    leaver, *others = crowd(hub, "t", count=BURST_LEAST + 1)
    hub.publish("t", Publication({"n": 0}))
    comer = Listener()
    hub.subscribe("t", comer)
    hub.publish("t", Publication({"n": 1}))
    hub.unsubscribe("t", leaver)
    hub.publish("t", Publication({"n": 2}))
    assert [event["n"] for event in leaver.told()] == [0, 1]
    assert [event["n"] for event in comer.told()] == [1, 2]
    assert all([event["n"] for event in listener.told()] == [0, 1, 2] for listener in others)


def test_slow_peer_gets_a_burst_one_by_one_and_counted() -> None:
    hub = Hub()
    slow, stuck, *others = crowd(hub, "t")
    stuck.wire.paused_since = 1.0
    text = "x" * 1_000
    for n in range(5):
        hub.publish("t", Publication({"n": n, "text": text}))
    slow.wire.paused_since = 1.0
    slow.box.flush()
    run(slow.soon)
    # Its burst is unfolded as soon as somebody looks.
    left = {listener.box.bytes_left for listener in (slow, stuck)}
    assert len(left) == 1 and left.pop() < LIMIT_BYTES - 5_000
    for n in range(5, 5 + LIMIT_FRAMES):
        hub.publish("t", Publication({"n": n, "text": text}))
        for listener in others:
            run(listener.soon)
    assert slow.overflows == stuck.overflows == ["overflow"]
    assert all(len(listener.told()) == 5 + LIMIT_FRAMES and not listener.overflows for listener in others)


def test_bursts_of_one_tick_are_no_slow_peer_and_a_closed_one_holds_nothing() -> None:
    hub = Hub()
    listeners = crowd(hub, "a", "b")
    listeners[0].wire.open = False
    for n in range(2 * LIMIT_FRAMES):
        hub.publish("ab"[n % 2], Publication({"n": n}))
    for listener in listeners[1:]:
        assert [event["n"] for event in listener.told()] == list(range(2 * LIMIT_FRAMES))
        assert not listener.overflows and listener.box.frames_left == LIMIT_FRAMES
    assert listeners[0].told() == []


@given(
    st.lists(
        st.tuples(st.sampled_from("dlt"), st.sampled_from("ab"), st.integers(0, 2), st.sampled_from("  fps")),
        max_size=60,
    )
)
def test_burst_tells_everybody_what_single_frames_would(steps: list[tuple[str, str, int, str]]) -> None:
    """One listener hears both topics in a crowd, another one (its hub has few) frame by frame."""
    many, few = Hub(), Hub()
    listener, alone = crowd(many, "a", "b")[0], crowd(few, "a", "b", count=1)[0]
    tokens: dict[str, str] = {}
    for number, (kind, topic, key, then) in enumerate(steps):
        name = f"{kind}{topic}{key}"
        event: dict[str, Any] = {"of": name, "n": number}
        if kind == "t":
            event = {"of": name, "start": len(tokens.setdefault(name, "")), "text": str(number)}
            tokens[name] += str(number)
        for hub in (many, few):
            hub.publish(topic, Publication(event, key=None if kind == "d" else name, token=kind == "t"))
        for each in (listener, alone):
            if then == "s":
                each.box.send({"of": "own", "n": number})
            elif then in "fp" or each.wire.paused_since is not None:
                run(each.soon)
                each.wire.paused_since = 1.0 if then == "p" else None
                each.box.flush()
    seen = []
    for each in (listener, alone):
        each.wire.paused_since = None
        each.box.flush()
        events = each.told()
        durable = [event["n"] for event in events if event["of"][0] == "d"]
        own = [event["n"] for event in events if event["of"] == "own"]
        newest = {event["of"]: event["n"] for event in events if event["of"][0] == "l"}
        said: dict[str, str] = {}
        for event in events:
            if event["of"][0] == "t":
                assert event["start"] == len(said.get(event["of"], ""))
                said[event["of"]] = said.get(event["of"], "") + event["text"]
        seen.append((durable, own, newest, said))
    assert seen[0] == seen[1] and seen[0][3] == tokens


def test_journal_takes_in_order_and_puts_back_before_what_came_since() -> None:
    class Owner:
        def row(self) -> dict[str, Any]:
            return {}

        def stored(self, acked: dict[str, int]) -> None: ...
        def unavailable(self, retry_after_ms: int) -> None: ...
        def fenced(self) -> None: ...
        def broken(self) -> None: ...

    journal = Journal(Owner(), "s", 1, new=True, wake=lambda _journal: None)
    for seq in range(1, FINALS_MOST + 1):
        journal.final(StoredFinal("main", seq, {}))
    assert journal.full and not journal.settled
    batch = journal.take()
    assert not journal.full and not journal.settled
    journal.event(StoredEvent({"offset": 9}, b""))
    journal.put_back(batch)
    again = journal.take()
    assert [f.seq for f in again.finals] == list(range(1, FINALS_MOST + 1)) and len(again.events) == 1
    journal.written()
    assert journal.settled
