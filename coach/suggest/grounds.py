"""What a suggestion may rest on: the figures, promises and words of the pack and of the call. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from coach.detect.normalize import fold, tokens
from coach.suggest.figures import Figure, Kind, figures

SPOKEN_PRICE = 100.0
"""A number said aloud without a unit may be a price from here on: "that's four hundred a month"."""

FINALS_MOST = 200
CHARS_MOST = 40_000
"""Read at once, the newest: after a take-over a long call is new as a whole, and must not hold others up. Of long
utterances fewer."""

PROMISES: dict[str, tuple[str, ...]] = {
    "guarantee": ("guarant*", "warrant*", "garant*", "gewahrleist*", "gwarant*", "gwarancj*", "gwarancyj*"),
    "free": (
        *("free of charge", "for free", "at no cost", "no charge", "no extra cost"),
        *("kostenlos*", "kostenfrei*", "gratis*", "umsonst", "geschenkt"),
        *("za darmo", "darmow*", "bezplatn*", "w prezencie"),
    ),
    "refund": (
        "refund*",
        "money back",
        "ruckerstatt*",
        "geld zuruck",
        "zwrot pieniedzy",
        "zwrotu pieniedzy",
        "zwrocimy",
    ),
    "promise": ("i promise", "we promise", "verspreche", "versprechen", "obiecuj*", "obiecac"),
    "discount": ("discount*", "rebate*", "rabatt*", "nachlass*", "preisnachlass*", "rabat*", "znizk*", "upust*"),
    "lifetime": ("lifetime", "for life", "lebenslang*", "dozywotn*"),
    "risk": ("risk free", "no risk", "risikofrei", "risikolos", "ohne risiko", "bez ryzyka"),
    "deadline": ("only today", "today only", "nur heute", "nur noch heute", "tylko dzis", "tylko dzisiaj"),
}
"""Words that bind the seller, by what they bind to; `*` stands for any ending. In three languages at once: a card
speaks two."""

_ORDER = re.compile(
    r"\b(?:ignor\w+|disregard|forget|vergiss|vergessen sie|zapomnij|zignoruj\w*)\b"
    r"|\b(?:your|deine|ihre|twoje|swoje) (?:\w+ )?(?:instructions?|prompt|rules|anweisung\w*|regeln|instrukcj\w*)"
    r"|\bsystem ?prompt\w*|\binstrukcj\w+ systemow\w+"
    r"|\b(?:tell|order|instruct|make|have) (?:him|her|them|the (?:seller|agent|rep|salesman|salesperson|coach))\b"
    r"|\b(?:sag|sage|sagen sie|befiehl) (?:ihm|ihr|dem verkaufer|der verkauferin)\b"
    r"|\b(?:powiedz|kaz|przekaz) (?:mu|jej|im|sprzedawc\w+|handlowc\w+|doradc\w+)\b"
    r"|\b(?:assistant|language model|chatbot|sprachmodell|ki assistent|asystent\w*|model jezykow\w+)\b"
)
"""A customer who speaks to the machine: what is said there is no ground for anything."""


@dataclass(slots=True)
class Grounds:
    """Figures by kind, promises by name, and the words, each between two blanks. Grows by `add`."""

    values: dict[Kind, set[str]] = field(
        default_factory=lambda: {"number": set(), "percent": set(), "price": set(), "date": set()}
    )
    promises: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)

    def add(self, text: str, *, speech: bool = False) -> None:
        """What `text` says is known from now on; `speech`: it was said, where a price has no unit."""
        folded = [token.word for token in tokens(text)]
        self.words.append(f" {' '.join(folded)} ")
        self.promises.update(name for name, _ in _promises(folded))
        for figure in figures(text, polish=False):
            self.values[figure.kind].add(figure.value)
            if speech and figure.kind == "number" and float(figure.value) >= SPOKEN_PRICE:
                self.values["price"].add(figure.value)

    def holds(self, figure: Figure) -> bool:
        """Whether this figure is known: a number of any kind, all else of its own."""
        if figure.kind == "number":
            return any(figure.value in values for values in self.values.values())
        return figure.value in self.values[figure.kind]

    def says(self, words: Iterable[str]) -> bool:
        """Whether these folded words stand somewhere, one after the other."""
        wanted = f" {' '.join(words)} "
        return any(wanted in text for text in self.words)


@dataclass(slots=True)
class CallGrounds:
    """What was said in one call, kept up with it: of the seller, and of the customer. Pays for new finals only."""

    seller: Grounds = field(default_factory=Grounds)
    client: Grounds = field(default_factory=Grounds)
    _heard: int = 0

    def hear(self, transcript: Sequence[Mapping[str, Any]]) -> None:
        """The call's finals so far, oldest first. A customer who speaks to the machine gives no grounds."""
        new, left = [], CHARS_MOST
        for final in islice(reversed(transcript), min(FINALS_MOST, max(0, len(transcript) - self._heard))):
            if left <= 0:
                break
            left -= len(final["text"])
            new.append(final)
        for final in reversed(new):
            if final["speaker"] == "seller":
                self.seller.add(final["text"], speech=True)
            elif not is_order(final["text"]):
                self.client.add(final["text"], speech=True)
        self._heard = len(transcript)

    def speaking(self, text: str | None) -> Grounds:
        """Of the words that the customer is saying, which are no final yet."""
        return grounds_of([text] if text and not is_order(text) else [], speech=True)


class Layers(NamedTuple):
    """Several grounds at once: the pack's, the call's, a card's own."""

    parts: tuple[Grounds, ...]

    def holds(self, figure: Figure) -> bool:
        """Whether one of them knows the figure."""
        return any(part.holds(figure) for part in self.parts)

    def promises(self, name: str) -> bool:
        """Whether one of them has the promise."""
        return any(name in part.promises for part in self.parts)

    def says(self, words: list[str]) -> bool:
        """Whether these folded words stand somewhere in one of them, one after the other."""
        return any(part.says(words) for part in self.parts)


def grounds_of(texts: Iterable[str], *, speech: bool = False) -> Grounds:
    """Grounds of several texts."""
    grounds = Grounds()
    for text in texts:
        grounds.add(text, speech=speech)
    return grounds


def is_order(text: str) -> bool:
    """Whether somebody speaks to the machine: "tell him to …", "ignore your instructions"."""
    return _ORDER.search(" ".join(fold(word) for word in text.split())) is not None


def _promises(words: list[str]) -> Iterable[tuple[str, int]]:
    for at, word in enumerate(words):
        if begins_promise(word) and (found := promise_at(words, at)) is not None:
            yield found


def begins_promise(word: str) -> bool:
    """Whether a promise may begin with this folded, whole word: a cheap look, right whenever it says no."""
    return word[:3] in _STARTS


def promise_at(words: list[str], at: int) -> tuple[str, int] | None:
    """The promise that begins at a folded word, and how many words it has."""
    for name, pattern in _BY_LETTER.get(words[at][:1], ()):
        if len(pattern) <= len(words) - at and all(map(_fits, pattern, words[at:])):
            return name, len(pattern)
    return None


def may_promise(words: list[str], at: int) -> bool:
    """Whether a promise begins at this word as far as the words go; the last one may grow."""
    rest = words[at:]
    for _, pattern in _BY_LETTER.get(words[at][:1], ()):
        if len(rest) <= len(pattern) and all(map(_fits, pattern, rest[:-1])):
            wanted, last = pattern[len(rest) - 1], rest[-1]
            if wanted.rstrip("*").startswith(last) or _fits(wanted, last):
                return True
    return False


def _fits(pattern: str, word: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


_BY_LETTER: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
for _name, _phrases in PROMISES.items():
    for _phrase in _phrases:
        _BY_LETTER.setdefault(_phrase[0], []).append((_name, tuple(_phrase.split())))
_STARTS = frozenset(phrase.split()[0].rstrip("*")[:3] for phrases in PROMISES.values() for phrase in phrases)
