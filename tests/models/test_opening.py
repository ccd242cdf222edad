"""The line to say: at most 18 words, broken where a seller would breathe, however the text comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.suggest.opening import Opening
from coach.suggest.prompt import SAY_WORDS

PLAIN = "we can look at what it costs you over all the years that you keep it"  # 16 words
words = st.sampled_from(
    "we can look, at it. zażółć! 1 200 £ € 12. z.B. [check the figure] “so” – ok: \n \n\n - \xa0 ? , [ ]".split(" ")
)


def shown(text: str, sizes: list[int] | None = None) -> str:
    opening, out, at = Opening(), "", 0
    for size in sizes or []:
        out += opening.feed(text[at : at + size])
        at += size
    return out + opening.feed(text[at:])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Short. And sweet. - all of it", None),
        (f"{PLAIN}.\n\n- a reason", None),
        (f"{PLAIN} all right \n- a reason", None),
        (f"{PLAIN} and then see which one fits", f"{PLAIN} and then"),
        (f"{PLAIN}, and then see", f"{PLAIN},"),
        ("That is fair. It costs more at first and a lot less later on.", None),
        (
            "That is fair, it costs more at first and a lot less later. Shall we look at what it saves?",
            "That is fair, it costs more at first and a lot less later.",
        ),
        (f"{PLAIN} z. B. nun", f"{PLAIN} z. B."),
        (f"{PLAIN} £23 990 now and then", f"{PLAIN} £23 990 now"),
        (f"{PLAIN} [check the figure] now", f"{PLAIN} [check the figure]"),
    ],
)
def test_a_long_line_ends_where_one_would_breathe(text: str, line: str | None) -> None:
    out = shown(text)
    if line is None:
        assert out == text
    else:
        assert out.split("\n")[0] == line and out.split() == text.split()


@given(st.lists(words, max_size=60), st.lists(st.integers(1, 9), max_size=80))
def test_pieces_make_no_difference(parts: list[str], sizes: list[int]) -> None:
    text = " ".join(parts)
    assert shown(text, sizes) == shown(text)


@given(st.text(max_size=300), st.lists(st.integers(1, 9), max_size=80))
def test_only_blanks_change(text: str, sizes: list[int]) -> None:
    assert shown(text, sizes).split() == text.split()


@given(st.lists(st.sampled_from("so ist, das. ja? „gut“ – dobrze:".split()), max_size=80))
def test_the_line_has_no_more_words_than_can_be_said(parts: list[str]) -> None:
    line = shown(" ".join(parts)).split("\n")[0]
    assert len(line.split()) <= SAY_WORDS + line.endswith("–")


@given(st.lists(words, max_size=40))
def test_no_word_waits(parts: list[str]) -> None:
    text = " ".join(parts)
    opening, out = Opening(), ""
    for at, char in enumerate(text):
        out += opening.feed(char)
        assert out.split() == text[: at + 1].split()
