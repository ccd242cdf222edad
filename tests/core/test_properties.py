"""Laws that hold for any order of revisions, duplicates and resends."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.analyze import Conversation, Rehearsal, identity, rehearse
from coach.detect.scan import Scan
from coach.detect.score import ClientReading, Finding, read_client
from coach.packs.knowledge import Knowledge
from coach.session import hearing
from coach.session import state as states
from coach.session.effects import Publish
from coach.session.hearing import ENTER
from coach.session.inputs import Asked, EndAsked, Heard, Input, Rated, TimerDue
from coach.session.session import Session
from coach.session.state import Identity
from coach.session.view import View

T = 1_800_000_000_000
IDENTITY = Identity("call", "north", "general", "auto", "en", T)
LINES = [
    ("client", "honestly it is way too expensive for us"),
    ("seller", "I understand, what would make it work for you"),
    ("client", "it's not that it is too expensive, I just need to talk to my wife"),
    ("client", "das ist mir ehrlich gesagt viel zu teuer und ich muss mir das noch überlegen"),
    ("client", "a czy mogę się przejechać w sobotę, ile to kosztuje"),
    ("seller", "sure, thanks for calling"),
    ("client", "okay then the price is fine, let's do it"),
]
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def final(index: int) -> Heard:
    speaker, text = LINES[index]
    return Heard("main", f"u{index}", speaker, text, True, index * 3000, index * 3000 + 2000, None, index + 1)  # type: ignore[arg-type]


def partial(index: int, words: int, garble: bool) -> Heard:
    speaker, text = LINES[index]
    parts = text.split()[:words]
    if garble:
        parts[-1:] = ["bananas"]
    return Heard("main", f"u{index}", speaker, " ".join(parts), False, index * 3000, index * 3000 + 1000)  # type: ignore[arg-type]


@st.composite
def noisy(draw: st.DrawFn) -> list[Input]:
    """All finals in order, with revised interims before each, and late interims and resends anywhere after."""
    inputs: list[Input] = []
    for index, (_, text) in enumerate(LINES):
        count = len(text.split())
        for words, garble in draw(st.lists(st.tuples(st.integers(1, count), st.booleans()), max_size=5)):
            inputs.append(partial(index, words, garble))
        inputs.append(final(index))
        for late in draw(st.lists(st.integers(0, index), max_size=3)):
            inputs.append(draw(st.sampled_from([final(late), partial(late, 3, True)])))
    return inputs


def run(packs: dict[str, Knowledge], inputs: list[Input]) -> tuple[Session, list[dict[str, Any]]]:
    session, events = Session(IDENTITY, packs["general"]), []
    for index, event in enumerate(inputs):
        for effect in session.handle(event, T + index * 500):
            if isinstance(effect, Publish):
                events.append(effect.event)
    return session, events


def result(session: Session) -> Any:
    """What a call comes to: transcript, standing findings, archetype and stage, without times and offsets."""
    view = session.view
    drop = ("at", "offset")
    found = [e for e in [*view.objections.values(), *view.signals.values()] if e["status"] != "retracted"]
    events = [*view.transcript, *sorted(found, key=lambda e: str(e["id"])), view.archetype, view.stage]
    return [{k: v for k, v in (event or {}).items() if k not in drop} for event in events]


@quick
@given(inputs=noisy())
def test_any_interleaving_gives_the_in_order_result(packs: dict[str, Knowledge], inputs: list[Input]) -> None:
    plain, _ = run(packs, [final(index) for index in range(len(LINES))])
    session, events = run(packs, inputs)
    assert result(session) == result(plain)
    assert [e["offset"] for e in events] == list(range(1, len(events) + 1))


@quick
@given(inputs=noisy(), cut=st.integers(0, 60))
def test_snapshot_plus_later_events_is_the_later_snapshot(
    packs: dict[str, Knowledge], inputs: list[Input], cut: int
) -> None:
    session, events = run(packs, [*inputs, Asked("help"), Rated("c1", used=True), EndAsked("won")])
    early, whole = View(), View()
    for event in events:
        whole.apply(event)
    for event in events[:cut]:
        early.apply(event)
    for event in events[cut:]:
        early.apply(event)
    assert early.state() == whole.state() == session.view.state()


@quick
@given(inputs=noisy(), cut=st.integers(1, 30))
def test_restored_session_goes_on_byte_for_byte(packs: dict[str, Knowledge], inputs: list[Input], cut: int) -> None:
    """Take-over: the private state and the durable events are all there is to a session."""
    moves(packs, [*inputs, Asked("what now"), TimerDue(), EndAsked("won")], cut)


def test_restored_session_retracts_in_the_order_in_which_findings_came(packs: dict[str, Knowledge]) -> None:
    """A finding that was taken back and raised again is the newest one, before a take-over and after it."""
    trial, both = "can I take it for a test drive", "what does it cost and can I take it for a test drive"
    interims = [Heard("main", "u0", "client", text, False, 0, 1000) for text in (both, trial, both)]
    moves(packs, [*interims, EndAsked("won")], 3)


def test_restored_session_knows_what_only_repeats(packs: dict[str, Knowledge], monkeypatch: pytest.MonkeyPatch) -> None:
    def read(scan: Scan) -> ClientReading:
        return replace(read_client(scan), findings=(Finding("objection", "price", 0.5, ENTER, 0, 3),))

    monkeypatch.setattr(hearing, "read_client", read)
    moves(packs, [Heard("main", "u0", "client", text, False, 0, 1000) for text in ("hmm", "hmm", "hmm yes", "hm")], 1)


def moves(packs: dict[str, Knowledge], script: list[Input], cut: int) -> None:
    """A session that is restored after `cut` inputs says what one says that went straight on."""
    straight, events = run(packs, script)
    moved, before = run(packs, script[:cut])
    view = View()
    for event in before:
        view.apply(event)
    moved = Session(IDENTITY, packs["general"], states.load(moved.dump()), view)
    after = [
        effect.event
        for index, event in enumerate(script[cut:], cut)
        for effect in moved.handle(event, T + index * 500)
        if isinstance(effect, Publish)
    ]
    assert before + after == events
    assert moved.dump() == straight.dump()


@quick
@given(inputs=noisy())
def test_every_card_and_suggestion_ends_at_most_once(packs: dict[str, Knowledge], inputs: list[Input]) -> None:
    _, events = run(packs, [*inputs, EndAsked(None)])
    cards = [e for e in events if e["type"] == "card"]
    opened = [e["id"] for e in cards if e["status"] == "open"]
    closed = [e["id"] for e in cards if e["status"] == "closed"]
    assert sorted(opened) == sorted(closed) and len(set(opened)) == len(opened)
    assert all(len(e["say"].split()) <= 18 for e in cards)


def test_recorded_inbox_gives_the_same_effects_byte_for_byte(packs: dict[str, Knowledge]) -> None:
    turns = [{"speaker": speaker, "text": text} for speaker, text in LINES]
    call = Conversation.model_validate({"turns": turns, "outcome": "won"})
    first = rehearse(call, packs, words=True, provider=("scripted", "m"))
    second = Rehearsal(Session(identity(call, "rehearsal", "general", ("scripted", "m")), packs["general"]))
    for at_ms, event in first.inputs:
        second.replay(at_ms, event)
    assert first.trace == second.trace and len(first.events) > 30
