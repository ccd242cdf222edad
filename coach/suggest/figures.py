"""Figures in text, in digits and in words of three languages: what the guard compares. Pure.

`1.200`, `1 200`, `1,200` and `twelve hundred` are the same figure; a figure has a kind, because 20 % are not 20 minutes.
"""

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from coach.detect.normalize import fold

Kind = Literal["number", "percent", "price", "date"]

WORD_MOST = 48
"""Longer than any number that is said."""


class Lexeme(NamedTuple):
    """A piece of text: a word, a run of digits with its separators, or what stands between."""

    text: str
    kind: Literal["word", "digits", "other"]


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in one canonical form; of a date, the day or the month as it is said."""

    value: str
    kind: Kind


# A separator belongs to the digits only if digits follow; a blank only before exactly three of them.
_LEXEME = re.compile(
    r"(?P<digits>\d+(?:[.,:/'’\-]\d+|[   ]\d{3}(?!\d))*)|(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)|(?P<other>[\W_])"
)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_RANGE = re.compile(r"[:/\-]")
_GROUP = re.compile(r"[.,'’   ]")

CURRENCY_SIGNS = frozenset("€$£¥₴₣")
PERCENT_WORDS = frozenset("percent procent procenta procentow procentowy procentowa prozent prozentig pct proc".split())
CURRENCY_WORDS = frozenset(
    """euro euros eur eurocent cent cents dollar dollars usd pound pounds quid gbp pence zloty zlote zlotych zl pln
    grosz grosze groszy frank franken chf bucks dolar dolary dolarow funt funty funtow""".split()
)
MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january januar janner stycznia styczen styczniu",
            "february februar lutego luty lutym",
            "march marz marca marzec marcu",
            "april kwietnia kwiecien kwietniu",
            "mai maj maju",
            "june juni czerwca czerwiec czerwcu",
            "july juli lipca lipiec lipcu",
            "august sierpnia sierpien sierpniu",
            "september wrzesnia wrzesien wrzesniu",
            "october oktober pazdziernika pazdziernik pazdzierniku",
            "november listopada listopad listopadzie",
            "december dezember grudnia grudzien grudniu",
        ),
        1,
    )
    for name in names.split()
}
WEEKDAYS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "monday mondays montag montags poniedzialek poniedzialku",
            "tuesday tuesdays dienstag dienstags wtorek wtorku",
            "wednesday wednesdays mittwoch mittwochs sroda srode srody",
            "thursday thursdays donnerstag donnerstags czwartek czwartku",
            "friday fridays freitag freitags piatek piatku",
            "saturday saturdays samstag samstags sonnabend sobota sobote soboty",
            "sunday sundays sonntag sonntags niedziela niedziele niedzieli",
        ),
        1,
    )
    for name in names.split()
}
MAY = frozenset(("may", "maja"))
"""A month only beside a number: they are verbs, too."""
ONES = frozenset("one ein eine einen einem einer eines eins jeden jedna jedno jednego jednej".split())
"""Articles as often as numbers: a figure only before a unit."""

_SMALL: dict[str, int] = {}
for _value, _names in {
    1: "one eins jeden jedna jedno jednego jednej ein eine einen einem einer eines",
    2: "two zwei zwo dwa dwie dwoch dwoma dwom dwu",
    3: "three drei trzy trzech trzema trzem",
    4: "four vier cztery czterech czterema czterem",
    5: "five funf fuenf piec pieciu",
    6: "six sechs szesc szesciu",
    7: "seven sieben siedem siedmiu",
    8: "eight acht osiem osmiu",
    9: "nine neun dziewiec dziewieciu",
    10: "ten zehn dziesiec dziesieciu",
    11: "eleven elf jedenascie jedenastu",
    12: "twelve zwolf zwoelf dwanascie dwunastu dozen dutzend tuzin",
    13: "thirteen dreizehn trzynascie trzynastu",
    14: "fourteen vierzehn czternascie czternastu",
    15: "fifteen funfzehn fuenfzehn pietnascie pietnastu",
    16: "sixteen sechzehn szesnascie szesnastu",
    17: "seventeen siebzehn siedemnascie siedemnastu",
    18: "eighteen achtzehn osiemnascie osiemnastu",
    19: "nineteen neunzehn dziewietnascie dziewietnastu",
    20: "twenty zwanzig dwadziescia dwudziestu",
    30: "thirty dreissig trzydziesci trzydziestu",
    40: "forty vierzig czterdziesci czterdziestu",
    50: "fifty funfzig fuenfzig piecdziesiat piecdziesieciu",
    60: "sixty sechzig szescdziesiat szescdziesieciu",
    70: "seventy siebzig siedemdziesiat siedemdziesieciu",
    80: "eighty achtzig osiemdziesiat osiemdziesieciu",
    90: "ninety neunzig dziewiecdziesiat dziewiecdziesieciu",
    100: "sto stu",
    200: "dwiescie dwustu",
    300: "trzysta trzystu",
    400: "czterysta czterystu",
    500: "piecset pieciuset",
    600: "szescset szesciuset",
    700: "siedemset siedmiuset",
    800: "osiemset osmiuset",
    900: "dziewiecset dziewieciuset",
}.items():
    for _name in _names.split():
        _SMALL[_name] = _value
HALVES = frozenset("half halb halbe halben halber halbes halfte haelfte pol polowa polowe polowy polowie".split())
_SCALE = {
    "hundred": 100,
    "hundreds": 100,
    "hundert": 100,
    "thousand": 1_000,
    "thousands": 1_000,
    "tausend": 1_000,
    "tysiac": 1_000,
    "tysiace": 1_000,
    "tysiecy": 1_000,
    "tysiacu": 1_000,
    "tys": 1_000,
    "grand": 1_000,
    "k": 1_000,
    "million": 1_000_000,
    "millions": 1_000_000,
    "millionen": 1_000_000,
    "mio": 1_000_000,
    "mln": 1_000_000,
    "milion": 1_000_000,
    "miliony": 1_000_000,
    "milionow": 1_000_000,
    "billion": 1_000_000_000,
    "milliarde": 1_000_000_000,
    "milliarden": 1_000_000_000,
    "miliard": 1_000_000_000,
    "miliardy": 1_000_000_000,
}
_JOINED = frozenset(("and", "und", "i"))
_GERMAN = re.compile(r"^(?:(?P<t>[a-z]*)tausend)?(?:(?P<h>[a-z]*?)hundert)?(?:und)?(?P<r>[a-z]*)$")
_COMPOUND = re.compile(r"hundert|tausend|und.*zig$|unddreissig$")
_BEGIN = frozenset({*_SMALL, *_SCALE, *HALVES, *MONTHS, *WEEKDAYS, *MAY})
STEMS = tuple(sorted({*_SMALL, *_SCALE, *HALVES, *MONTHS, *WEEKDAYS, *MAY} - {"k", "i"}))


def lexemes(text: str) -> list[Lexeme]:
    """The text in pieces; put together again they are the text."""
    return [Lexeme(match.group(), match.lastgroup) for match in _LEXEME.finditer(text)]  # type: ignore[arg-type]


def may_grow(word: str) -> bool:
    """Whether more letters could make a figure of this (not yet whole) word, or it is one already."""
    folded = fold(word[:WORD_MOST])
    return any(stem.startswith(folded) or folded.startswith(stem) for stem in STEMS if stem[:1] == folded[:1])


def spoken(word: str) -> int | None:
    """The value of one folded number word: `ninety`, `zweiundvierzigtausend`, `piecset`; None for any other word."""
    if word in _SMALL:
        return _SMALL[word]
    if word in _SCALE:
        return _SCALE[word]
    return _german(word) if _COMPOUND.search(word) else None


def _german(word: str) -> int | None:
    """A compound: `dreihundertfünfundzwanzig`."""
    if len(word) < 6 or not word.isascii():
        return None
    match = _GERMAN.match(word)
    if match is None:
        return None
    total = 0
    for part, scale in ((match["t"], 1_000), (match["h"], 100)):
        if part is None:
            continue
        value = _below(part) if part else 1
        if value is None:
            return None
        total += value * scale
    rest = match["r"]
    if rest:
        value = _below(rest)
        if value is None:
            return None
        total += value
    return total or None


def _below(word: str) -> int | None:
    """German up to 99,999 without its scale words: `fünfundzwanzig`, `zweihundert`."""
    if word in _SMALL:
        return _SMALL[word]
    head, joint, tail = word.partition("und")
    if joint and head in _SMALL and tail in _SMALL and _SMALL[head] < 10 and _SMALL[tail] >= 20:
        return _SMALL[head] + _SMALL[tail]
    head, joint, tail = word.partition("hundert")
    if joint:
        first = _SMALL.get(head) if head else 1
        rest = _below(tail.removeprefix("und")) if tail else 0
        return None if first is None or rest is None else 100 * first + rest
    return None


def of_words(words: list[str]) -> str:
    """The value of folded number words said one after the other: `twenty`, `five`, `thousand`."""
    total = current = 0
    for word in words:
        scale = _SCALE.get(word)
        if scale == 100:
            current = max(current, 1) * 100
        elif scale is not None:
            total, current = total + max(current, 1) * scale, 0
        else:
            current += spoken(word) or 0
    return str(total + current)


def of_digits(digits: str) -> list[str]:
    """The values in a run of digits: one, or the parts of a date, a time or a range.

    The last separator is a decimal one unless exactly three digits follow it.
    """
    if _DATE.fullmatch(digits):
        return [str(int(part)) for part in re.split(r"\D", digits)]
    if _RANGE.search(digits):
        return [value for part in _RANGE.split(digits) for value in of_digits(part)]
    parts = _GROUP.split(digits)
    if len(parts) == 1:
        return [_plain(digits)]
    last = parts[-1]
    if len(last) == 3 and parts[0] != "0":
        return [_plain("".join(parts))]
    if any(len(part) != 3 for part in parts[1:-1]):
        return [_plain(part) for part in parts]
    return [_plain(f"{''.join(parts[:-1])}.{last}")]


def scaled(value: str, scale: str) -> str:
    """A value in digits, times a scale word: `1.5` and `Mio` are 1500000."""
    return _plain(f"{float(value) * _SCALE[fold(scale)]:.6f}")


def _plain(number: str) -> str:
    whole, _, part = number.partition(".")
    # Digits of any script, and none of a length that costs time.
    whole = str(int(whole[:40])) if whole else "0"
    part = part.rstrip("0")
    return f"{whole}.{part}" if part else whole


class Reading(NamedTuple):
    """Figures that were read from lexemes up to `end` (exclusive), the unit included."""

    end: int
    figures: tuple[Figure, ...]


class Unfinished(Exception):
    """The text may go on in a way that changes what this figure is."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads figures at a place in a text. `whole`: nothing comes after the lexemes; else `Unfinished` may be raised.

    `polish`: `ten` is "this one" as often as a number.
    """

    text: list[Lexeme]
    whole: bool
    polish: bool

    def read(self, at: int, *, beside_number: bool = False) -> Reading | None:
        """The figure that begins at `at`; None if none does."""
        lexeme = self.text[at]
        if lexeme.kind == "other":
            if lexeme.text not in CURRENCY_SIGNS:
                return None
            digits = self._skip(at + 1)
            if self._kind(digits) != "digits":
                return None
            reading = self._digits(digits)
            return Reading(reading.end, tuple(Figure(figure.value, "price") for figure in reading.figures))
        if lexeme.kind == "digits":
            return self._digits(at)
        word = self._word(at)
        if word not in _BEGIN and not _COMPOUND.search(word):
            return None
        if word in MAY:
            beside = beside_number or self._kind(self._skip(at + 1)) == "digits"
            return Reading(at + 1, (Figure("m5", "date"),)) if beside else None
        if word in MONTHS:
            return Reading(at + 1, (Figure(f"m{MONTHS[word]}", "date"),))
        if word in WEEKDAYS:
            return Reading(at + 1, (Figure(f"w{WEEKDAYS[word]}", "date"),))
        if word in HALVES:
            return self._unit(at + 1, ["0.5"])
        return self._words(at, word)

    def _digits(self, at: int) -> Reading:
        """Digits, a scale word, a unit. At the end of what is there, more digits may come."""
        self._need(at + 1)
        separated = self.text[at + 1].text in _SEPARATORS if at + 1 < len(self.text) else False
        if separated and (at + 2 >= len(self.text) or self.text[at + 2].kind == "digits"):
            self._need(at + 2 if at + 2 >= len(self.text) else at + 3)
        values = of_digits(self.text[at].text)
        if _DATE.fullmatch(self.text[at].text):
            parts = tuple(Figure(value, "number") for value in values)
            return Reading(at + 1, (*parts, Figure(f"m{values[1]}", "date")))
        end = at + 1
        word_at = self._skip(end)
        if self._kind(word_at) == "word" and (word := self._word(word_at)) in _SCALE:
            values = [*values[:-1], scaled(values[-1], word)]
            end = word_at + 1
        return self._unit(end, values)

    def _words(self, at: int, word: str) -> Reading | None:
        if spoken(word) is None or word in _LATER:
            return None
        words, end = [word], at + 1
        while self._kind(following := self._skip(end, "-")) == "word":
            more = self._word(following)
            joined = more in _JOINED and self._kind(behind := self._skip(following + 1)) == "word"
            if joined and spoken(self._word(behind)) is not None:
                following, more = behind, self._word(behind)
            if spoken(more) is None or not _continues(words[-1], more):
                break
            words.append(more)
            end = following + 1
        reading = self._unit(end, [of_words(words)])
        lone = len(words) == 1 and (word in ONES or (self.polish and word == "ten"))
        return None if lone and reading.figures[0].kind == "number" else reading

    def _unit(self, end: int, values: list[str]) -> Reading:
        """The kind of what was read, by what stands behind it."""
        kind: Kind = "number"
        at = self._skip(end, "-")
        text = self.text[at].text if at < len(self.text) else ""
        if text == "%":
            kind, end = "percent", at + 1
        elif text in CURRENCY_SIGNS:
            kind, end = "price", at + 1
        elif self._kind(at) == "word":
            word = self._word(at)
            if word in PERCENT_WORDS:
                kind, end = "percent", at + 1
            elif word in CURRENCY_WORDS:
                kind, end = "price", at + 1
            elif word == "per":
                behind = self._skip(at + 1)
                if self._kind(behind) == "word" and self._word(behind) == "cent":
                    kind, end = "percent", behind + 1
        return Reading(end, tuple(Figure(value, kind) for value in values))

    def _skip(self, at: int, also: str = "") -> int:
        """The place of the next lexeme that is no blank."""
        while at < len(self.text) and (self.text[at].text in _BLANKS or (also and self.text[at].text == also)):
            at += 1
        self._need(at)
        return at

    def _kind(self, at: int) -> str:
        return self.text[at].kind if at < len(self.text) else ""

    def _word(self, at: int) -> str:
        """A folded word that cannot grow any more."""
        self._need(at + 1)
        return fold(self.text[at].text[:WORD_MOST])

    def _need(self, count: int) -> None:
        """`count` lexemes must be there, or the text must be whole."""
        if not self.whole and count >= len(self.text):
            raise Unfinished


_BLANKS = frozenset(" \u00a0\u202f\u2009\t")
_SEPARATORS = frozenset(".,:/'’-") | _BLANKS
_LATER = frozenset(("k", "grand", "tys", "mio", "mln"))
"""Scale words only behind a number."""


def _continues(before: str, word: str) -> bool:
    """Whether two number words said one after the other are one number: `twenty five`, not `twenty thirty`."""
    if word in _SCALE or before in _SCALE:
        return True
    first, second = spoken(before) or 0, spoken(word) or 0
    return first >= 100 > second or (20 <= first < 100 and second < 10) or (first >= 100 and second < first)


def figures(text: str, *, polish: bool) -> list[Figure]:
    """Every figure of a whole text."""
    reader = Reader(lexemes(text), True, polish)
    found: list[Figure] = []
    at, beside = 0, False
    while at < len(reader.text):
        piece, kind = reader.text[at]
        # Most of a text is blanks and words without a figure: they must cost next to nothing.
        if kind == "other" and piece not in CURRENCY_SIGNS:
            beside = beside and piece in _BLANKS
            at += 1
            continue
        reading = reader.read(at, beside_number=beside)
        if reading is None:
            beside = False
            at += 1
            continue
        found += reading.figures
        at, beside = reading.end, True
    return found
