"""A judge's quotes: found as they stand, and quickly."""

import time

import pytest

from coach.session.judging import QUOTE_CHARS, Haystack


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
