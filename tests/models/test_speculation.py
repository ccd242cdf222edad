"""The model begins while the customer still speaks; the final lets it live or ends it."""

from benchmarks import speculation
from coach.packs.knowledge import Knowledge
from tests.core.test_session import PRICE, Script, done, said

FLOOR = 0.8


def test_first_token_comes_before_the_utterance_ends(packs: dict[str, Knowledge]) -> None:
    shares = speculation.measure(speculation.files()[::8], packs)
    assert shares.tailed >= 20
    assert shares.tailed_share >= FLOOR, shares


def test_final_confirms_what_was_begun_and_starts_nothing_anew(packs: dict[str, Knowledge]) -> None:
    play = Script(packs, provider="scripted", model="m")
    assert "suggest c1" in play(0, said(1, PRICE + " and you", final=False))
    assert play.kinds(900, said(1, PRICE + " and you know it"), "suggest", "stop", "suggestion", "card") == []
    assert play(1000, done("c1")) == ["suggestion done"]


def test_final_that_takes_it_back_or_names_another_supersedes(packs: dict[str, Knowledge]) -> None:
    play = Script(packs, provider="scripted", model="m")
    play(0, said(1, "well it is too expensive", final=False))
    assert "stop c1 superseded" in play(900, said(1, "well it is two extensive chapters"))
    play(950, done("c1"))
    play(20_000, said(2, "honestly that is too expensive", final=False))
    other = play(21_000, said(2, "honestly I would have to talk to my wife first"))
    assert "stop c2 superseded" in other and "suggest c3" in other
