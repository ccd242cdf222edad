"""What surrounds a cue: denied, reported, supposed, past, asked. Decides how much of a cue counts.

Reach is counted in words and ends at a sentence end or a terminator ("but"). English and Polish negate to
the left; in German `nicht` and split verbs follow, so it is looked for on both sides (docs/detection.md).
"""

from collections.abc import Sequence
from typing import NamedTuple

from coach.detect.normalize import Token
from coach.taxonomy import Language

NEGATION_REACH = 4
DENIAL_REACH = 9
REPORT_REACH = 9
SUPPOSE_REACH = 7
PAST_REACH = 5
AFTER_REACH_DE = 3


class Mark(NamedTuple):
    """A scope word at words `first`..`last` (inclusive)."""

    name: str
    first: int
    last: int


def factor(
    first: int,
    last: int,
    own_negation: bool,
    tokens: Sequence[Token],
    marks: Sequence[Mark],
    language: Language,
) -> float:
    """How much of a cue at words `first`..`last` counts: 1 as said, 0 denied. O(marks)."""
    result = 1.0
    reported = any(mark.name == "reported" and mark.last < first for mark in marks)
    for mark in marks:
        if mark.name == "terminators" or mark.name == "question":
            continue
        inside = mark.first >= first and mark.last <= last
        if inside:
            continue
        before = mark.last < first
        distance = first - mark.last if before else mark.first - last
        if distance <= 0 or _cut(mark, first, last, tokens, marks):
            continue
        if mark.name == "negation" and not own_negation:
            if (before and distance <= NEGATION_REACH) or (
                language == "de" and not before and distance <= AFTER_REACH_DE
            ):
                return 0.0
        elif mark.name == "denial" and before and distance <= DENIAL_REACH:
            return 0.0
        elif mark.name == "reported" and before and distance <= REPORT_REACH:
            result = min(result, 0.35)
        elif mark.name == "unshared" and reported and distance <= 2 * REPORT_REACH:
            result = min(result, 0.2)
        elif (
            mark.name == "hypothetical"
            and before
            and distance <= SUPPOSE_REACH
            or mark.name == "past"
            and before
            and distance <= PAST_REACH
        ):
            result = min(result, 0.6)
    return result


def is_question(tokens: Sequence[Token], tail: str, marks: Sequence[Mark], first: int) -> bool:
    """Whether the sentence around word `first` asks: by its mark, or without punctuation by its first word."""
    for token in tokens[first + 1 :]:
        if token.gap == "?":
            return True
        if token.gap == ".":
            return False
    if "?" in tail:
        return True
    if "." in tail or "!" in tail:
        return False
    start = next((i for i in range(first, 0, -1) if tokens[i].gap in (".", "?")), 0)
    return any(mark.name == "question" and mark.first == start for mark in marks)


def _cut(mark: Mark, first: int, last: int, tokens: Sequence[Token], marks: Sequence[Mark]) -> bool:
    low, high = (mark.last + 1, first) if mark.last < first else (last + 1, mark.first)
    ends = (".", "?") if mark.name in ("denial", "reported", "unshared") else (".", "?", ",")
    if any(tokens[i].gap in ends for i in range(low, high + 1)):
        # A report and what contradicts it may stand in two sentences.
        return mark.name != "unshared"
    return any(stop.name == "terminators" and low <= stop.first <= high for stop in marks) and mark.name != "unshared"
