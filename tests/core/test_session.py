"""The pure core as tables: what happens, at which time, and what follows."""

from dataclasses import replace
from typing import Any

import pytest

from coach.detect.scan import Scan
from coach.detect.score import ClientReading, Finding, read_client
from coach.packs.knowledge import Knowledge
from coach.session import hearing
from coach.session.effects import Effect, Publish, Refuse, Show, StopSuggestion, Suggest, Take
from coach.session.inputs import (
    Asked,
    Cancelled,
    EndAsked,
    Heard,
    Input,
    Rated,
    SuggestionEnded,
    TimerDue,
    Watched,
    Whispered,
)
from coach.session.session import Session
from coach.session.state import Identity

T = 1_800_000_000_000
IDENTITY = Identity("call", "north", "general", "en", "en", T)
PRICE = "honestly it is way too expensive for us"
WIFE = "and I would have to talk to my wife first"


def said(number: int, text: str, speaker: Any = "client", *, final: bool = True, source: str = "main") -> Heard:
    seq = number if final else None
    return Heard(source, f"u{number}", speaker, text, final, number * 3000, number * 3000 + 2000, None, seq)


def short(effects: list[Effect]) -> list[str]:
    """Effects in words, latest-wins ones left out."""
    words = []
    for effect in effects:
        match effect:
            case Publish(event):
                detail = event.get("status") or event.get("stage") or event.get("kind") or ""
                why = f" {event['why']}" if event.get("why") else ""
                words.append(f"{event['type']} {detail}{why}".strip())
            case Take():
                words.append("take")
            case Refuse(code=code):
                words.append(f"refuse {code}")
            case Suggest(card=card):
                words.append(f"suggest {card}")
            case StopSuggestion(card=card, status=status):
                words.append(f"stop {card} {status}")
            case Show():
                pass
            case other:
                words.append(type(other).__name__.lower())
    return words


def follow_up(play: "Script", outcome: Any) -> str:
    effects = play.session.handle(EndAsked(outcome), T + 60_000)
    return next(str(e.event["follow_up"]) for e in effects if isinstance(e, Publish) and e.event["type"] == "summary")


def done(card: str) -> SuggestionEnded:
    return SuggestionEnded(card, "done", "scripted", "m", "text", {}, {"output_tokens": 3})


class Script:
    """A session and its clock."""

    def __init__(self, packs: dict[str, Knowledge], **identity: Any) -> None:
        self.session = Session(replace(IDENTITY, **identity), packs["general"])

    def __call__(self, after_ms: int, event: Input) -> list[str]:
        return short(self.session.handle(event, T + after_ms))

    def kinds(self, after_ms: int, event: Input, *kinds: str) -> list[str]:
        return [word for word in self(after_ms, event) if word.split()[0] in kinds]


@pytest.fixture
def play(packs: dict[str, Knowledge]) -> Script:
    return Script(packs)


@pytest.fixture
def streaming(packs: dict[str, Knowledge]) -> Script:
    return Script(packs, provider="scripted", model="m")


def test_objection_opens_its_card_with_the_frame_that_raised_it(play: Script) -> None:
    assert play.kinds(0, said(1, PRICE, final=False), "objection", "card") == ["objection provisional", "card open"]
    assert play.kinds(900, said(1, PRICE), "take", "transcript", "objection", "card") == [
        "take",
        "transcript",
        "objection confirmed",
    ]


def test_flicker_between_enter_and_leave_changes_nothing(play: Script) -> None:
    play(0, said(1, PRICE, final=False))
    assert play.kinds(100, said(1, PRICE + " and", final=False), "objection", "card") == []


@pytest.mark.parametrize(
    ("strengths", "expected"),
    [
        ([0.50, 0.50], [[], ["objection provisional"]]),
        ([0.50, 0.30, 0.50], [[], [], []]),
        ([0.50, 0.10, 0.50, 0.48], [[], [], [], ["objection provisional"]]),
        ([0.62, 0.30, 0.15], [["objection provisional"], [], ["objection retracted"]]),
        ([0.41, 0.41, 0.41], [[], [], []]),
    ],
)
def test_what_is_barely_there_has_to_be_there_in_two_interims(
    play: Script, monkeypatch: pytest.MonkeyPatch, strengths: list[float], expected: list[list[str]]
) -> None:
    def read(scan: Scan) -> ClientReading:
        strength = strengths[len(scan.tokens) - 1]
        found = Finding("objection", "price", strength, strength, 0, 3)
        return replace(read_client(scan), findings=(found,))

    monkeypatch.setattr(hearing, "read_client", read)
    heard = [
        play.kinds(words * 300, said(1, " ".join(["hmm"] * words), final=False), "objection")
        for words in range(1, len(strengths) + 1)
    ]
    assert heard == expected


def test_an_interim_that_repeats_the_text_is_no_second_one(play: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(scan: Scan) -> ClientReading:
        return replace(read_client(scan), findings=(Finding("objection", "price", 0.5, 0.5, 0, 3),))

    monkeypatch.setattr(hearing, "read_client", read)
    assert play.kinds(0, said(1, "hmm", final=False), "objection") == []
    assert play.kinds(300, said(1, "hmm", final=False), "objection") == []
    assert play.kinds(600, said(1, "hmm hmm", final=False), "objection") == ["objection provisional"]


def test_second_card_of_a_category_waits_out_the_first(play: Script) -> None:
    play(0, said(1, PRICE))
    assert play.kinds(3000, said(2, "no really that is way too expensive"), "card") == []
    assert play.kinds(12_000, said(3, "it is just too expensive"), "card") == ["card closed superseded", "card open"]


def test_never_more_than_three_objection_cards(play: Script) -> None:
    lines = [
        PRICE,
        WIFE,
        "I do not trust your company",
        "we already have a supplier we are happy with",
        "call me back next year",
    ]
    for number, line in enumerate(lines, 1):
        play(number * 2000, said(number, line))
        assert len([card for card in play.session.core.cards if card.trigger == "objection"]) <= 3
    assert play.session.core.card_count >= 4


def test_card_expires_at_its_deadline_and_not_before(play: Script) -> None:
    play(0, said(1, PRICE))
    due = play.session.due_ms
    assert due == T + 30_000
    assert play(29_999, TimerDue()) == []
    assert play(30_000, TimerDue()) == ["card closed expired"]
    assert play.session.due_ms is None


def test_signal_card_waits_until_the_seller_listens(play: Script) -> None:
    play(0, said(1, "hello"))
    shown = play.session.core.card_count
    play(30_000, said(2, "could I take it for a test drive"))
    assert play.session.core.card_count == shown + 1
    play(36_000, said(3, "what would it cost per month", final=True))
    assert play.kinds(38_500, said(4, "so let me tell you", "seller", final=False), "card") == []
    assert play.kinds(39_500, said(4, "so let me tell you about it", "seller", final=False), "card") == []
    assert "card open" in play.kinds(39_900, said(4, "so let me tell you about it", "seller"), "card")


def test_at_most_one_card_that_is_not_critical_in_eight_seconds(play: Script) -> None:
    opened = []
    for at in range(0, 60_000, 500):
        line = "could I take it for a test drive" if at % 1000 else "what would it cost per month"
        play(at, said(at // 500 + 1, line))
        opened += [card.opened_at for card in play.session.core.cards if card.opened_at not in opened]
    assert len(opened) > 3
    assert all(later - earlier >= 8_000 for earlier, later in zip(opened, opened[1:], strict=False))


def test_waiting_card_that_finds_no_moment_is_dropped_and_counted(play: Script) -> None:
    play(0, said(1, PRICE))
    play(100, said(2, "could I take it for a test drive"))
    assert [p.label for p in play.session.core.waiting] == ["trial"]
    play(10_200, TimerDue())
    assert play.session.core.waiting == [] and play.session.core.missed == 1


def test_no_card_is_first_shown_after_its_moment(play: Script) -> None:
    play(0, said(1, PRICE))
    play(100, said(2, "could I take it for a test drive"))
    opened = [w for at in range(200, 40_000, 50) for w in play.kinds(at, TimerDue(), "card")]
    assert "card open" not in opened


def test_new_objection_supersedes_the_stream(streaming: Script) -> None:
    assert streaming.kinds(0, said(1, PRICE), "suggestion", "suggest", "stop") == ["suggestion started", "suggest c1"]
    assert streaming.kinds(500, said(2, WIFE), "suggestion", "suggest", "stop") == [
        "stop c1 superseded",
        "suggestion started",
        "suggest c2",
    ]


def test_suggestion_ends_once(streaming: Script) -> None:
    streaming(0, said(1, PRICE))
    assert streaming(900, done("c1")) == ["suggestion done"]
    assert streaming(950, done("c1")) == []
    assert streaming.session.core.cost == {"output_tokens": 3}


def test_cancel_used_and_expiry_stop_the_stream(streaming: Script) -> None:
    streaming(0, said(1, PRICE))
    assert streaming(10, Cancelled("c1")) == ["stop c1 cancelled"]
    streaming(20, done("c1"))
    assert streaming(30, Cancelled("c1")) == []
    assert streaming(40, Rated("c1", used=True)) == ["remember", "card closed used"]
    streaming(20_000, Asked("what now"))
    assert streaming(80_000, TimerDue()) == ["stop c2 expired", "card closed expired"]


def test_unknown_card_is_refused(play: Script) -> None:
    play(0, said(1, PRICE))
    for card in ("c2", "c0", "c01", "x", "c-1", "c١"):
        assert play(10, Cancelled(card)) == ["refuse bad_frame"]


def test_end_without_a_stream_is_immediate(play: Script) -> None:
    play(0, said(1, PRICE))
    assert play(10, EndAsked("won")) == ["card closed expired", "summary", "ended"]
    assert play(20, said(2, "hello")) == ["refuse session_ended"]
    assert play(20, Whispered("boss", "hi")) == ["refuse session_ended"]
    assert play(30, Watched(2)) == []


def test_end_waits_two_seconds_for_a_stream(streaming: Script) -> None:
    streaming(0, said(1, PRICE))
    assert streaming(10, EndAsked(None)) == []
    assert streaming.session.due_ms == T + 2010
    assert streaming(500, said(2, "hello")) == ["refuse session_ended"]
    assert streaming(2010, TimerDue()) == ["stop c1 expired"]
    assert streaming(2011, done("c1")) == ["suggestion done", "card closed expired", "summary", "ended"]


def test_end_retracts_what_has_no_final(play: Script) -> None:
    play(0, said(1, PRICE, final=False))
    assert play(10, EndAsked("lost"))[:2] == ["objection retracted", "card closed retracted"]


def test_clock_that_runs_backwards_does_not(play: Script) -> None:
    play(5000, said(1, "hello"))
    effects = play.session.handle(said(2, "again"), T)
    assert {effect.event["at"] for effect in effects if isinstance(effect, Publish)} == {T + 5000}


@pytest.mark.parametrize(
    ("speaker", "kind"),
    [("seller", "monologue"), ("client", None)],
)
def test_monologue_is_nudged(play: Script, speaker: str, kind: str | None) -> None:
    given = []
    for number in range(1, 40):
        given += play.kinds(number * 3000, said(number, "and another thing about the boot space", speaker), "nudge")
    assert (f"nudge {kind}" in given) is bool(kind)


def test_swapped_roles_are_noticed(play: Script) -> None:
    selling = [
        "thanks for calling how can I help you today",
        "let me show you the offer",
        "shall we go through the contract",
        "what matters most to you",
    ]
    given = []
    for number in range(1, 17):
        speaker = "client" if number % 2 else "seller"
        line = selling[number % 4] if speaker == "client" else "that is way too expensive and I have to talk to my wife"
        given += play.kinds(number * 4000, said(number, line, speaker), "nudge")
    assert "nudge roles_swapped" in given


def test_follow_up_leaves_out_what_there_is_not_and_quotes_no_spoken_line(packs: dict[str, Knowledge]) -> None:
    lost = follow_up(Script(packs), "lost")
    assert ":" not in lost and "–" not in lost and "{" not in lost and "\n\n\n" not in lost
    agreed = Script(packs)
    agreed(0, said(1, PRICE))
    card = next(iter(agreed.session.view.cards.values()))
    draft = follow_up(agreed, "next_step")
    assert "as we agreed" in draft and card["say"] not in draft
    assert all(f"– {fact}" in draft for fact in card.get("facts", []))


def test_question_without_a_model_is_shown_and_says_so(play: Script, streaming: Script) -> None:
    play(0, Asked("what about the winter range?"))
    card = next(iter(play.session.view.cards.values()))
    assert card["title"] == "Your question: what about the winter range?" and "No model" in card["facts"][0]
    streaming(0, Asked("what about the winter range?"))
    card = next(iter(streaming.session.view.cards.values()))
    assert card["title"] == "Your question" and "No model" not in card["facts"][0]
