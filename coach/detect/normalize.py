"""Words of a text, folded for matching, with the offsets of the words as received."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_APOSTROPHES = "'’`´"
_WORD = re.compile(rf"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*|[{_APOSTROPHES}][^\W_]+)*")
"""Letters and digits, with combining marks (text may come decomposed) and apostrophes inside."""
_SENTENCE_END = re.compile(r"[.!?…;:]")
_PAUSES = ',–—()[]"„“”«»'
_PAUSE = re.compile(r"\s*(?:…|\.\.\.+)\s*")
_FOLD = str.maketrans(
    {"ł": "l", "ß": "ss", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i"} | dict.fromkeys(_APOSTROPHES)
)

WORD_CHARS = 64
"""Longer than any word of speech; what is beyond it is not looked at, so that no text makes words costly."""
NUMBER_WORDS = frozenset(
    """zero jeden jedna dwa dwie trzy cztery piec szesc siedem osiem dziewiec dziesiec jedenascie dwanascie pietnascie
    dwadziescia trzydziesci czterdziesci piecdziesiat szescdziesiat siedemdziesiat osiemdziesiat dziewiecdziesiat sto
    dwiescie trzysta tysiac tysiace tysiecy milion null ein eins zwei drei vier funf sechs sieben acht neun zehn elf
    zwolf zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig hundert tausend one two three four five six
    seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty
    fifty sixty seventy eighty ninety hundred thousand million grand""".split()
)


class Token(NamedTuple):
    """A word: folded, with its span in the text (`text[start:end]`) and what separates it from the word before."""

    word: str
    start: int
    end: int
    gap: str
    """`""` plain space, `","` a comma, dash or pause, `"."` the end of a sentence, `"?"` the end of a question."""


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Lower case without diacritics and apostrophes: `Müßte` → `musste`, `don't` → `dont`; at most `WORD_CHARS`."""
    word = word.lower().translate(_FOLD)
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))[:WORD_CHARS]


def tokens(text: str, start: int = 0) -> list[Token]:
    """The words of `text` from offset `start` on, in order. O(length from `start`)."""
    found = []
    end = start
    for match in _WORD.finditer(text, start):
        first, last = match.span()
        word = fold(text[first : min(last, first + WORD_CHARS)])
        if not word:  # nothing but combining marks
            continue
        between = text[end:first]
        found.append(
            Token(word, first, last, "" if between == " " else _gap(between, text[end - 1 : end], text[first]))
        )
        end = last
    return found


def is_number(word: str) -> bool:
    """Whether a folded word is a number, in digits or spelled out."""
    return word[0].isdigit() or word in NUMBER_WORDS


def may_grow(text: str, end: int) -> bool:
    """Whether what follows a word that ends at `end` may still become a part of it: `isn'` is an `isn't` to come."""
    return text.startswith(tuple(_APOSTROPHES), end)


def _gap(between: str, before: str, after: str) -> str:
    """What separates two words, of which `before` and `after` are the characters next to it."""
    if between in (".", ",", ":") and before.isdigit() and after.isdigit():
        return ""  # within a number or a time
    if _PAUSE.fullmatch(between) and after.islower():
        return ","
    if "?" in between:
        return "?"
    if _SENTENCE_END.search(between):
        return "."
    if any(c in between for c in _PAUSES) or " - " in between:
        return ","
    return ""
