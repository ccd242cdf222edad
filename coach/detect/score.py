"""From cue hits to findings: evidence summed as log-odds, one probability a label, one quote each."""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal, NamedTuple

from coach.detect.scan import Hit, Scan
from coach.detect.scope import factor, is_question
from coach.taxonomy import CATEGORIES, SIGNALS, Archetype, Category, Disc, Stage

BASE = -1.7
"""Log-odds of a label without evidence in an utterance that has any cue of it."""
STRONG = 3.2
STRONG_MORE = 0.8
WEAK = 0.8
WEAK_MOST = 3
QUESTION_LOSS = 1.1
"""A question is rarely an objection; a strong cue alone then stays just under the threshold."""
QUESTION_SIGNALS = frozenset({"price_inquiry", "financing", "trial", "timeline", "social_proof"})
QUOTE_JOIN_WORDS = 3


class Finding(NamedTuple):
    """A label found in an utterance. `start`, `end`: the quote's offsets in the text. `confidence`: 0–1."""

    kind: Literal["objection", "signal"]
    label: str
    confidence: float
    start: int
    end: int


class Trait(NamedTuple):
    """Evidence for an archetype. `weight` in log-odds, before saturation."""

    archetype: Archetype
    weight: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ClientReading:
    """What a client utterance says. `findings` holds every label with any evidence, whatever its confidence."""

    findings: tuple[Finding, ...]
    resolved: tuple[Category, ...]
    accepted: bool
    traits: tuple[Trait, ...]
    disc: dict[Disc, float]
    competitors: tuple[str, ...]
    words: int
    selling: int
    """Cues that only sellers say: many of them, and the roles may be swapped."""


@dataclass(frozen=True, slots=True)
class SellerReading:
    """What a seller utterance says about the stage, the checklist and the rules."""

    stages: dict[Stage, float]
    checklist: tuple[str, ...]
    compliance: tuple[tuple[str, int, int], ...]
    """(rule, start, end)"""
    words: int
    buying: int
    """Strong objections: a seller seldom has any of their own."""


def read_client(scan: Scan) -> ClientReading:
    """The client's utterance so far. O(hits + scope words)."""
    marks = scan.marks()
    evidence: dict[tuple[str, str], _Evidence] = defaultdict(_Evidence)
    resolved: list[Category] = []
    accepted = False
    traits: list[Trait] = []
    disc: dict[Disc, float] = {}
    competitors: list[str] = []
    selling = 0
    language = scan.lexicon.language
    tail = scan.text[scan.tokens[-1].end :] if scan.tokens else ""
    for hit in scan.hits():
        cue = hit.cue
        if cue.kind == "scope":
            continue
        if cue.kind == "competitor":
            competitors.append(cue.label)
            continue
        count = factor(hit.first, hit.last, cue.negated_inside, scan.tokens, marks, language)
        if count == 0.0:
            continue
        if cue.kind == "objection" or cue.kind == "signal":
            asked = is_question(scan.tokens, tail, marks, hit.first)
            evidence[cue.kind, cue.label].add(hit, count, asked, scan)
        elif cue.kind == "resolved":
            if count == 1.0:
                resolved.append(_category(cue.label))
        elif cue.kind == "accepted":
            accepted = accepted or count == 1.0
        elif cue.kind == "archetype":
            start, end = scan.span(hit.first, hit.last)
            traits.append(Trait(_archetype(cue.label), (1.0 if cue.strong else 0.35) * count, start, end))
        elif cue.kind == "disc":
            letter = _disc(cue.label)
            disc[letter] = disc.get(letter, 0.0) + count
        elif cue.kind in ("stage", "checklist"):
            selling += 1
    findings = tuple(
        finding
        for kind, labels in _KINDS
        for label in labels
        if (kind, label) in evidence
        for finding in [evidence[kind, label].finding(kind, label, scan)]
        if not (kind == "objection" and label in resolved)
    )
    return ClientReading(
        findings, tuple(resolved), accepted, tuple(traits), disc, tuple(competitors), len(scan.tokens), selling
    )


def read_seller(scan: Scan) -> SellerReading:
    """The seller's utterance so far. O(hits)."""
    stages: dict[Stage, float] = {}
    checklist: list[str] = []
    compliance: list[tuple[str, int, int]] = []
    buying = 0
    marks = scan.marks()
    for hit in scan.hits():
        cue = hit.cue
        if cue.kind == "objection" and cue.strong:
            buying += 1
        elif cue.kind == "stage":
            stage = _stage(cue.label)
            stages[stage] = stages.get(stage, 0.0) + 1.0
        elif cue.kind == "checklist":
            checklist.append(cue.label)
        elif cue.kind == "compliance" and (
            factor(hit.first, hit.last, cue.negated_inside, scan.tokens, marks, scan.lexicon.language) == 1.0
        ):
            compliance.append((cue.label, *scan.span(hit.first, hit.last)))
    return SellerReading(stages, tuple(dict.fromkeys(checklist)), tuple(compliance), len(scan.tokens), buying)


class _Evidence:
    __slots__ = ("best", "best_score", "spans", "strong", "weak")

    def __init__(self) -> None:
        self.strong: list[float] = []
        self.weak: dict[tuple[str, ...], float] = {}
        """By their words: the same word said three times is one piece of evidence."""
        self.spans: list[tuple[int, int]] = []
        self.best: tuple[int, int] = (0, 0)
        self.best_score = -1.0

    def add(self, hit: Hit, count: float, asked: bool, scan: Scan) -> None:
        span = (hit.first, hit.last)
        if asked and hit.cue.kind == "objection":
            count *= 1 - QUESTION_LOSS / STRONG
        elif asked is False and hit.cue.kind == "signal" and hit.cue.label in QUESTION_SIGNALS and not hit.cue.strong:
            count *= 0.8
        if hit.cue.strong:
            self.strong.append(count)
        else:
            words = tuple(token.word for token in scan.tokens[hit.first : hit.last + 1])
            self.weak[words] = max(count, self.weak.get(words, 0.0))
        self.spans.append(span)
        score = count * (2 if hit.cue.strong else 1) + 0.01 * (hit.last - hit.first)
        if score > self.best_score:
            self.best, self.best_score = span, score

    def finding(self, kind: Literal["objection", "signal"], label: str, scan: Scan) -> Finding:
        odds = BASE
        if self.strong:
            ranked = sorted(self.strong, reverse=True)
            odds += STRONG * ranked[0] + STRONG_MORE * sum(ranked[1:3])
        odds += WEAK * sum(sorted(self.weak.values(), reverse=True)[:WEAK_MOST])
        first, last = self.best
        for low, high in sorted(self.spans):
            if low <= last + QUOTE_JOIN_WORDS and high >= first - QUOTE_JOIN_WORDS and self._joins(scan, first, low):
                first, last = min(first, low), max(last, high)
        start, end = scan.span(first, last)
        return Finding(kind, label, round(1 / (1 + math.exp(-odds)), 3), start, end)

    @staticmethod
    def _joins(scan: Scan, first: int, low: int) -> bool:
        between = range(min(first, low) + 1, max(first, low) + 1)
        return all(scan.tokens[i].gap not in (".", "?") for i in between)


_KINDS: tuple[tuple[Literal["objection", "signal"], tuple[str, ...]], ...] = (
    ("objection", CATEGORIES),
    ("signal", SIGNALS),
)


# The lexicon's labels come from validated packs: these only tell the type checker so.
def _category(label: str) -> Category:
    return label  # type: ignore[return-value]


def _archetype(label: str) -> Archetype:
    return label  # type: ignore[return-value]


def _disc(label: str) -> Disc:
    return label  # type: ignore[return-value]


def _stage(label: str) -> Stage:
    return label  # type: ignore[return-value]
