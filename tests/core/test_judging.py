"""A judge's quotes: found as they stand, and quickly. What it adds waits for the seller's answer like any other."""

import time

import pytest

from coach.packs.knowledge import Knowledge
from coach.session.inputs import Heard, Judged
from coach.session.judging import QUOTE_CHARS, Haystack
from coach.session.session import Session
from coach.session.state import Identity


@pytest.mark.parametrize(
    ("quote", "place"),
    [
        ("THE price", "the  Price"),
        ("„the price!“", "the  Price"),
        ("für die STRASSE", "für die Straße"),
        ("  and\nso on", "and so\ton"),
        ("price so", None),
        ("…", None),
        ("", None),
        ("a" * (QUOTE_CHARS + 1), None),
    ],
)
def test_a_quote_is_found_whatever_its_case_and_blanks(quote: str, place: str | None) -> None:
    text = "It is the  Price für die Straße and so\ton " + "a" * (QUOTE_CHARS + 1)
    assert Haystack.of(text).find(quote) == place


def test_long_quotes_that_almost_stand_there_cost_nothing() -> None:
    began = time.process_time()
    haystack = Haystack.of("a " * 4_000)
    assert not any(haystack.find("a " * 990 + f"b{number}") for number in range(34))
    assert time.process_time() - began < 0.2, "by a regular expression it is seconds"


@pytest.mark.parametrize(("answered", "status"), [(False, "confirmed"), (True, "handled")])
def test_an_objection_that_the_judge_adds_is_not_handled_before_the_seller_speaks(
    packs: dict[str, Knowledge], answered: bool, status: str
) -> None:
    session = Session(Identity("call", "north", "general", "en", "en", 0, judge_share=1.0), packs["general"])
    lines = [
        ("client", "hello there"),
        ("seller", "good morning, how are you"),
        ("client", "the roof comes first this year"),
        *([("seller", "we can spread it over a year")] if answered else []),
    ]
    for number, (speaker, text) in enumerate(lines, 1):
        session.handle(Heard("main", f"u{number}", speaker, text, True, number, number, None, number), number * 1_000)  # type: ignore[arg-type]
    session.handle(Judged("main", "u3", "done", "scripted", "m", (("price", "the roof comes first"),)), 10_000)
    last = len(lines) + 1
    session.handle(
        Heard("main", f"u{last}", "client", "that is exactly what we need", True, 11, 12, None, last), 11_000
    )
    assert [event["status"] for event in session.view.objections.values()] == [status]
