"""What surrounds a cue: denied, reported, supposed, past, asked. Decides how much of a cue counts.

Reach is counted in words and ends at a sentence end or a terminator ("but"). English and Polish negate to
the left; in German `nicht` and split verbs follow, so it is looked for on both sides (docs/detection.md).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from coach.detect.normalize import Token
from coach.taxonomy import Language

_REACH = {"negation": 4, "denial": 9, "reported": 9, "hypothetical": 7, "past": 5}
"""How many words before a cue each scope word reaches it."""
AFTER_REACH_DE = 3
AFTER_REACH_PAST = 4
"""How many words behind a cue German negation, and what is past in any language, still reach it."""
UNSHARED_REACH = 18
FARTHEST = UNSHARED_REACH + 6
"""Beyond it no scope word matters; six words is the longest of them."""
_FACTOR = {"negation": 0.0, "denial": 0.0, "reported": 0.35, "hypothetical": 0.6, "past": 0.6}
UNSHARED = 0.2


class Mark(NamedTuple):
    """A scope word at words `first`..`last` (inclusive)."""

    name: str
    first: int
    last: int


class Surroundings:
    """The scope words and sentence ends of one text, ready to be asked about many cues.

    Built in O(words + scope words); each question costs the scope words within reach, not all of them.
    """

    def __init__(self, tokens: Sequence[Token], tail: str, marks: Sequence[Mark], language: Language) -> None:
        self._language = language
        self._marks = sorted(marks, key=lambda mark: mark.first)
        self._firsts = [mark.first for mark in self._marks]
        self._stops = [mark.first for mark in self._marks if mark.name == "terminators"]
        self._reported = min((mark.last for mark in marks if mark.name == "reported"), default=None)
        self._asked_at = {mark.first for mark in marks if mark.name == "question"}
        self._ends = [i for i, token in enumerate(tokens) if token.gap in (".", "?")]
        """Words that begin a new sentence."""
        self._pauses = [i for i, token in enumerate(tokens) if token.gap]
        self._gaps = {i: tokens[i].gap for i in self._ends}
        self._tail = "?" if "?" in tail else "." if "." in tail or "!" in tail else ""

    def factor(self, first: int, last: int, own_negation: bool) -> float:
        """How much of a cue at words `first`..`last` counts: 1 as said, 0 denied."""
        result = 1.0
        low = bisect_left(self._firsts, first - FARTHEST)
        for index in range(low, bisect_right(self._firsts, last + FARTHEST)):
            mark = self._marks[index]
            before = mark.last < first
            distance = first - mark.last if before else mark.first - last
            if distance > 0:
                result = min(result, self._one(mark, before, distance, first, last, own_negation))
                if result == 0.0:
                    return 0.0
        return result

    def asks(self, first: int) -> bool:
        """Whether the sentence around word `first` asks: by its mark, or without punctuation by its first word."""
        after = bisect_right(self._ends, first)
        end = self._gaps[self._ends[after]] if after < len(self._ends) else self._tail
        if end:
            return end == "?"
        return (self._ends[after - 1] if after else 0) in self._asked_at

    def _one(self, mark: Mark, before: bool, distance: int, first: int, last: int, own_negation: bool) -> float:
        if mark.name == "unshared":
            # A report and what contradicts it may stand in two sentences.
            said = self._reported is not None and self._reported < first
            return UNSHARED if said and distance <= UNSHARED_REACH else 1.0
        reach = _REACH.get(mark.name, 0)
        if not before:
            german = AFTER_REACH_DE if self._language == "de" and mark.name == "negation" else 0
            reach = AFTER_REACH_PAST if mark.name == "past" else german
        if distance > reach or (mark.name == "negation" and own_negation) or self._cut(mark, first, last):
            return 1.0
        return _FACTOR[mark.name]

    def _cut(self, mark: Mark, first: int, last: int) -> bool:
        """Whether something between the mark and the cue ends the mark's reach."""
        low, high = (mark.last + 1, first) if mark.last < first else (last + 1, mark.first)
        ends = self._ends if mark.name in ("denial", "reported") else self._pauses
        return _any_within(ends, low, high) or _any_within(self._stops, low, high)


def _any_within(ordered: list[int], low: int, high: int) -> bool:
    at = bisect_left(ordered, low)
    return at < len(ordered) and ordered[at] <= high
