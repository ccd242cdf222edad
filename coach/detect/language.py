"""Which language an utterance is in, from its short common words: one call may switch in mid-sentence."""

import unicodedata
from collections.abc import Iterable

from coach.taxonomy import LANGUAGES, Language


def _both(letters: str) -> frozenset[str]:
    """As one character and as two."""
    return frozenset(unicodedata.normalize(form, letter) for letter in letters for form in ("NFC", "NFD"))


_COMMON: dict[Language, frozenset[str]] = {
    "pl": frozenset(
        """i w z ze na nie sie to jest ze jak do za po co no tak czy ale o od ma mam mi my ja pan pani pana panu juz
        tylko jeszcze bo byl bylo bede beda moze jestem sa ten ta te tego tym u dla przez przy albo jakby wie pani
        dobrze prosze dziekuje ile gdzie kiedy teraz bardzo tez moj moja nasz nam was sobie by zeby""".split()
    ),
    "de": frozenset(
        """der die das und ich nicht ist es ein eine einen zu mit wir sie er auf fur von den dem im auch so aber wie
        was ja nein noch nur schon mal dann wenn weil dass habe hat haben sind war bin mir mich uns ihr ihnen halt also
        doch ne oder bei aus um nach uber kann konnen gut danke bitte sehr da hier wo wann warum mein unser""".split()
    ),
    "en": frozenset(
        """the and i is it a to of that in we you not for on with have be this are was but what so just do my our they
        at if or would its dont im youre thats can no yes yeah there like how when where who as from me your us about
        well right think know get got out up them he she could should really than because one all""".split()
    ),
}
_LETTERS: dict[Language, frozenset[str]] = {"pl": _both("ąćęłńóśźż"), "de": _both("äöüß")}
"""Not looked for in a normalized text: normalizing takes quadratic time where marks pile up."""
_LETTER_WEIGHT = 1.5
"""A word with a letter that only one of the languages has says more than one common word."""
_MARGIN = 2.0
"""Lead over both others before the language changes: "no" and "ja" are words of more than one language."""


def weigh(words: Iterable[str], raw: str) -> dict[Language, float]:
    """Evidence for each language in folded `words` and their `raw` text (whose letters still have diacritics)."""
    counts = dict.fromkeys(LANGUAGES, 0.0)
    for word in words:
        for language, common in _COMMON.items():
            if word in common:
                counts[language] += 1.0
    lowered = raw.lower()
    for language, letters in _LETTERS.items():
        counts[language] += _LETTER_WEIGHT * sum(lowered.count(letter) for letter in letters)
    return counts


def decide(counts: dict[Language, float], current: Language) -> Language:
    """The language with the most evidence if it leads both others clearly, else `current`."""
    second, best = sorted(LANGUAGES, key=counts.__getitem__)[-2:]
    return best if counts[best] >= counts[second] + _MARGIN else current
