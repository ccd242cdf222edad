"""The guard in the stream: nothing leaves that the pack and the call do not bear out. Pure; pieces in, safe text out.

A figure (number, price, percentage, date) or a promise that is in neither is replaced by a mark, and its sentence
ends there. A text that quotes the instructions, or has their code word, ends altogether. What cannot be judged yet is
held back: the word that may become a number, the number whose unit is to come.
"""

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from coach.detect.normalize import fold, tokens
from coach.suggest.figures import WORD_MOST, Figure, Lexeme, Reader, Unfinished, lexemes, may_grow
from coach.suggest.grounds import Layers, begins_promise, may_promise, promise_at
from coach.taxonomy import Language

MARKS: dict[Language, tuple[str, str]] = {
    "en": ("[check the figure]", "[check the promise]"),
    "de": ("[Zahl prüfen]", "[Zusage prüfen]"),
    "pl": ("[sprawdź liczbę]", "[sprawdź obietnicę]"),
}
ECHO_WORDS = 7
"""So many words of the instructions in a row are no chance."""
HELD_CHARS = 400
"""More is never held back: a text without a blank is no text."""
CONTEXT_LEXEMES = 10
PHRASE_LEXEMES = 8
_STOPS = frozenset(".!?…\n")
QUOTE = "›"
"""Begins a line with words that were said or stand in the pack (`coach/suggest/prompt.py`)."""
CONCESSIONS = tuple(
    """off discount rebate reduc cheap free cut knock give grant accept agree deal lower
    rabatt nachlass gunstig billig reduzier erlass geschenkt skonto geb bekomm einverstanden akzeptier senk
    rabat znizk upust tani obniz gratis przecen dam dajemy damy dostan zgadzam zgod""".split()
)
"""Begin words that make a price or a percentage an offer."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What of the instructions must not come back: the code word, and every `ECHO_WORDS` folded words of them."""

    canary: str
    echoes: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, canary: str, instructions: str) -> "Secrets":
        """`canary`: letters only, lower case."""
        words = [fold(lexeme.text) for lexeme in lexemes(instructions) if lexeme.kind == "word"]
        return cls(canary, frozenset(tuple(words[at : at + ECHO_WORDS]) for at in range(len(words) - ECHO_WORDS + 1)))


@dataclass(slots=True)
class Guard:
    """One suggestion's guard. `known`: pack, card, seller; `claimed`: what only the customer said."""

    known: Layers
    claimed: Layers
    secrets: Secrets
    polish: bool
    """Whether Polish is one of the languages of the text."""
    language: Language
    """Of the marks: the seller's."""
    cuts: Counter[str] = field(default_factory=Counter)
    """What was held back, by kind."""
    stopped: bool = False
    """Whether the text ended here: nothing more leaves."""
    _held: str = ""
    _mid: bool = False
    """The last thing that left was a part of a word."""
    _skipping: bool = False
    """The rest of this sentence is dropped."""
    _beside: bool = False
    """The last thing that left was a figure."""
    _sentence: list[str] = field(default_factory=list)
    """Folded words of this sentence."""
    _recent: list[str] = field(default_factory=list)
    """The last `ECHO_WORDS` folded words."""
    _word: str = ""
    """What of a word has left, while it grows."""
    _letters: str = ""
    """The last letters that left, folded: fewer than the code word has."""
    _suspect: str = ""
    """Safe but for this: the code word may begin with it."""
    _line_begins: bool = True

    def feed(self, piece: str) -> str:
        """What may leave now, after this piece. O(piece), a few microseconds a word."""
        self._held += piece
        return self._advance(whole=len(self._held) > HELD_CHARS)

    def finish(self) -> str:
        """What may leave now that nothing comes any more."""
        return self._advance(whole=True)

    def _advance(self, *, whole: bool) -> str:
        if self.stopped:
            self._held = ""
            return ""
        reader = Reader(lexemes(self._held), whole, self.polish)
        out: list[str] = []
        at = 0
        try:
            while at < len(reader.text) and not self.stopped:
                at = self._step(reader, at, out)
        except Unfinished:
            pass
        kept = "".join(lexeme.text for lexeme in reader.text[at:])
        self._held = "" if self.stopped else kept
        return self._keep_secret("".join(out), whole=whole)

    def _step(self, reader: Reader, at: int, out: list[str]) -> int:
        """Deal with the lexeme at `at`; the place of the next one. Raises `Unfinished`: hold back from `at` on."""
        text, lexeme = reader.text, reader.text[at]
        last = at + 1 == len(text) and not reader.whole
        if self._skipping:
            return self._skip(lexeme, last, at, out)
        if self._mid and lexeme.kind == "word":
            return self._pass(lexeme, at, out, whole_word=not last)
        if lexeme.text == QUOTE and self._line_begins:
            return self._quote(reader, at, out)
        if lexeme.kind == "word" and last:
            word = fold(lexeme.text[:WORD_MOST])
            if may_grow(lexeme.text) or may_promise([word], 0):
                raise Unfinished
            return self._pass(lexeme, at, out, whole_word=False)
        reading = reader.read(at, beside_number=self._beside)
        if reading is not None:
            if reason := self._unfounded(reading.figures, reader, reading.end):
                return self._cut(reason, 0, reading.end, out)
            for place in range(at, reading.end):
                self._pass(text[place], place, out, whole_word=True)
            self._beside = True
            return reading.end
        if lexeme.kind == "word" and (end := self._promise(reader, at)) is not None:
            return self._cut("promise", 1, end, out)
        return self._pass(lexeme, at, out, whole_word=True)

    def _pass(self, lexeme: Lexeme, at: int, out: list[str], *, whole_word: bool) -> int:
        """Let a lexeme go."""
        out.append(lexeme.text)
        if lexeme.kind == "word":
            self._word = (self._word + lexeme.text)[:WORD_MOST]
        if self._word and (whole_word or lexeme.kind != "word"):
            self._recent = [*self._recent, fold(self._word)][-ECHO_WORDS:]
            self._sentence.append(self._recent[-1])
            self._word = ""
            if tuple(self._recent) in self.secrets.echoes:
                self._stop("instructions")
        if lexeme.text in _STOPS:
            self._sentence.clear()
        self._mid = lexeme.kind == "word" and not whole_word
        if lexeme.kind != "other" or not lexeme.text.isspace():
            self._beside = False
        self._line_begins = lexeme.text == "\n" or (self._line_begins and lexeme.text.isspace())
        return at + 1

    def _skip(self, lexeme: Lexeme, last: bool, at: int, out: list[str]) -> int:
        if lexeme.text in _STOPS:
            if last and lexeme.text == ".":
                raise Unfinished  # a decimal point, perhaps
            self._skipping = False
            self._pass(lexeme, at, out, whole_word=True)
        return at + 1

    def _cut(self, reason: str, mark: int, end: int, out: list[str]) -> int:
        out.append(MARKS[self.language][mark])
        self.cuts[reason] += 1
        self._skipping, self._mid, self._line_begins, self._beside = True, False, False, False
        return end

    def _unfounded(self, figures: tuple[Figure, ...], reader: Reader, end: int) -> str | None:
        """Why these figures must not leave; None if they may."""
        for figure in figures:
            if self.known.holds(figure):
                continue
            if not self.claimed.holds(figure):
                return figure.kind
            if figure.kind in ("price", "percent") and self._offers(reader, end):
                return "offer"
        return None

    def _offers(self, reader: Reader, end: int) -> bool:
        """Whether the sentence around a figure makes it an offer. Needs some of what follows."""
        after = []
        for lexeme in reader.text[end : end + CONTEXT_LEXEMES]:
            if lexeme.text in _STOPS:
                break
            after.append(lexeme)
        else:
            if not reader.whole and len(reader.text) <= end + CONTEXT_LEXEMES:
                raise Unfinished
        words = [*self._sentence, *(fold(lexeme.text[:WORD_MOST]) for lexeme in after if lexeme.kind == "word")]
        return any(word.startswith(CONCESSIONS) for word in words)

    def _promise(self, reader: Reader, at: int) -> int | None:
        """The end of a promise that begins here and that nobody has made; None if there is none."""
        if not begins_promise(fold(reader.text[at].text[:WORD_MOST])):
            return None
        places, end = [], at
        while end < min(len(reader.text), at + PHRASE_LEXEMES):
            lexeme = reader.text[end]
            if lexeme.kind == "word":
                places.append(end)
            elif not lexeme.text.isspace() and lexeme.text != "-":
                break
            end += 1
        words = [fold(reader.text[place].text[:WORD_MOST]) for place in places]
        found = promise_at(words, 0)
        if not reader.whole and end == len(reader.text):
            # It may go on behind what is there.
            growing = words if reader.text[-1].kind == "word" else [*words, ""]
            if may_promise(growing, 0):
                raise Unfinished
        if found is None:
            return None
        name, count = found
        if self.known.promises(name) or self.claimed.promises(name):
            return None
        return places[count - 1] + 1

    def _quote(self, reader: Reader, at: int, out: list[str]) -> int:
        """A line of words that are said to have been said: whole, or not at all."""
        end = next((p for p in range(at, len(reader.text)) if reader.text[p].text == "\n"), len(reader.text))
        if end == len(reader.text) and not reader.whole:
            raise Unfinished
        words = [token.word for token in tokens("".join(lexeme.text for lexeme in reader.text[at:end]))]
        if words and (self.known.says(words) or self.claimed.says(words)):
            for place in range(at, end):
                self._pass(reader.text[place], place, out, whole_word=True)
        else:
            self.cuts["quote"] += 1
        return end

    def _keep_secret(self, text: str, *, whole: bool) -> str:
        """The text without what could be the code word; a text that has it whole ends before it."""
        canary = self.secrets.canary
        text, self._suspect = self._suspect + text, ""
        before = len(self._letters)
        letters = self._letters + "".join(map(_letters, text))
        for code in (canary, canary[::-1]):
            found = letters.find(code)
            if found >= 0:
                self._stop("canary")
                return text[: _place(text, found - before)] if found >= before else ""
        beginnings = _beginnings(canary)
        if not whole and letters.endswith(beginnings):
            suspect = next(len(each) for each in beginnings if letters.endswith(each))
            place = _place(text, max(0, len(letters) - suspect - before))
            text, self._suspect = text[:place], text[place:]
            letters = self._letters + "".join(map(_letters, text))
        self._letters = letters[1 - len(canary) :]
        return text

    def _stop(self, reason: str) -> None:
        self.cuts[reason] += 1
        self.stopped = True


@lru_cache(maxsize=4_096)
def _letters(char: str) -> str:
    """What a character adds to the letters in which the code word is looked for."""
    return fold(char) if char.isalnum() else ""


def _place(text: str, count: int) -> int:
    """Where the character stands that brings letter number `count`; the text's end if it has fewer."""
    for place, char in enumerate(text):
        count -= len(_letters(char))
        if count < 0:
            return place
    return len(text)


@lru_cache(maxsize=4_096)
def _beginnings(canary: str) -> tuple[str, ...]:
    """All that the code word, or its reverse, may begin with from two letters on, the longest first."""
    return tuple(code[:length] for length in range(len(canary) - 1, 1, -1) for code in (canary, canary[::-1]))
