"""From cue hits to findings: evidence summed as log-odds, one probability a label, one quote each."""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from coach.detect.linear import COLUMN, LABELS, Linear, Vector
from coach.detect.scan import Hit, Scan
from coach.detect.scope import Surroundings
from coach.taxonomy import CATEGORIES, SIGNALS, Archetype, Category, Disc, Stage

BASE = -1.7
"""Log-odds of a label without evidence in an utterance that has any cue of it."""
STRONG = 3.2
STRONG_MORE = 0.8
WEAK = 0.8
WEAK_MOST = 3
QUESTION_LOSS = 1.1
"""A question is rarely an objection: what a strong cue loses in one."""
QUESTION_SIGNALS = frozenset({"price_inquiry", "financing", "trial", "timeline", "social_proof"})
QUOTE_JOIN_WORDS = 3
QUOTE_TOLL = 0.4
"""What a word of a learned quote must add to be worth its place."""
CLAUSE_WORDS = 12
CLAUSE_MORE = 6
"""A quote takes in the words of its clause, so many on either side and so many in all: people quote a clause, not the
word that gives it away (docs/detection.md, "The learned half")."""
QUOTE_WORDS = 300
"""A learned quote is looked for among the newest words: in speech that is two minutes."""
HITS_MOST = 500
"""Cue hits weighed, the newest: a text made of nothing but cues must not cost more than a frame may."""
PLAIN_WORDS = {"objection": 30, "signal": 15}
PLAIN_MARGIN = 0.1
PLAIN_P = 0.5
"""An utterance of so few words that has a strong cue of a label has the label, whatever the words around it weigh:
the labelled calls have next to none (docs/detection.md, "Plain words"), so nothing else could have learned it."""
MARGIN_LEAST = -1.4
"""Log-odds under a label's threshold below which it is no finding at all, not even one to keep."""


class Finding(NamedTuple):
    """A label found in an utterance. `start`, `end`: the quote's offsets in the text."""

    kind: Literal["objection", "signal"]
    label: str
    confidence: float
    """How probable it is, 0–1, calibrated."""
    strength: float
    """How clearly it passes the label's own threshold, 0–1; 0.5 is just there."""
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
    kinds: tuple[float, ...]
    """What the words together add to each of `coach.detect.linear.KINDS`; empty without a model."""


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
    """The client's utterance so far. O(hits x scope words + words where no cue gives the quote).

    A text of few words that says something in plain ones is believed.
    """
    cues = _Cues(scan)
    linear, score = scan.lexicon.linear, scan.score()
    odds = _odds(linear, score, cues.evidence) if linear is not None and score is not None else None
    margins = list(map(float.__sub__, odds, linear.thresholds(len(scan.tokens)))) if linear and odds else None
    findings = []
    for kind, label in _found(cues.evidence, margins):
        if kind == "objection" and label in cues.resolved:
            continue
        finding = _judge(kind, label, cues.evidence.get((kind, label)), odds, margins, scan)
        if finding is not None:
            findings.append(finding)
    return ClientReading(
        tuple(findings),
        tuple(cues.resolved),
        cues.accepted,
        tuple(cues.traits),
        cues.disc,
        tuple(cues.competitors),
        len(scan.tokens),
        cues.selling,
        tuple(scan.words_score()[len(LABELS) :].tolist()) if odds is not None else (),
    )


def cue_evidence(scan: Scan) -> dict[str, float]:
    """What the cues alone say, in log-odds by label: a feature of the learned half."""
    return {label: evidence.odds() for (_, label), evidence in _Cues(scan).evidence.items()}


def probabilities(scan: Scan) -> list[tuple[str, str, float, float]]:
    """(kind, label, probability, the probability from which it is confirmed) of every label."""
    linear, score, evidence = scan.lexicon.linear, scan.score(), _Cues(scan).evidence
    if linear is None or score is None:
        cues = cue_evidence(scan)
        return [(kind, label, _sigmoid(BASE + cues[label]) if label in cues else 0.0, 0.5) for kind, label in _LABELS]
    odds, thresholds = _odds(linear, score, evidence), linear.thresholds(len(scan.tokens))
    return [
        (kind, label, _sigmoid(odds[COLUMN[label]]), _sigmoid(thresholds[COLUMN[label]])) for kind, label in _LABELS
    ]


def read_seller(scan: Scan) -> SellerReading:
    """The seller's utterance so far. O(hits)."""
    stages: dict[Stage, float] = {}
    checklist: list[str] = []
    compliance: list[tuple[str, int, int]] = []
    buying = 0
    around = surroundings(scan)
    for hit in scan.hits()[-HITS_MOST:]:
        cue = hit.cue
        if cue.kind == "objection" and cue.strong:
            buying += 1
        elif cue.kind == "stage":
            stage = _stage(cue.label)
            stages[stage] = stages.get(stage, 0.0) + 1.0
        elif cue.kind == "checklist":
            checklist.append(cue.label)
        elif cue.kind == "compliance" and (around.factor(hit.first, hit.last, cue.negated_inside) == 1.0):
            compliance.append((cue.label, *scan.span(hit.first, hit.last)))
    return SellerReading(stages, tuple(dict.fromkeys(checklist)), tuple(compliance), len(scan.tokens), buying)


def surroundings(scan: Scan) -> Surroundings:
    """What surrounds the cues of a scanned text."""
    tail = scan.text[scan.tokens[-1].end :] if scan.tokens else ""
    return Surroundings(scan.tokens, tail, scan.marks(), scan.lexicon.language)


class _Cues:
    """All cue hits of a client's utterance, weighed by their scope."""

    def __init__(self, scan: Scan) -> None:
        self.evidence: dict[tuple[str, str], _Evidence] = defaultdict(_Evidence)
        self.resolved: list[Category] = []
        self.accepted = False
        self.traits: list[Trait] = []
        self.disc: dict[Disc, float] = {}
        self.competitors: list[str] = []
        self.selling = 0
        self._scan = scan
        self._around = surroundings(scan)
        for hit in scan.hits()[-HITS_MOST:]:
            if hit.cue.kind == "competitor":
                self.competitors.append(hit.cue.label)
            elif hit.cue.kind in ("stage", "checklist"):
                self.selling += 1
            elif hit.cue.kind != "scope":
                self._weigh(hit)

    def _weigh(self, hit: Hit) -> None:
        scan, cue = self._scan, hit.cue
        count = self._around.factor(hit.first, hit.last, cue.negated_inside)
        if count == 0.0:
            return
        if cue.kind in ("objection", "signal"):
            asked = self._around.asks(hit.first)
            self.evidence[cue.kind, cue.label].add(hit, count, asked, scan)
        elif cue.kind == "resolved" and count == 1.0:
            self.resolved.append(_category(cue.label))
        elif cue.kind == "accepted":
            self.accepted = self.accepted or count == 1.0
        elif cue.kind == "archetype":
            weight = (1.0 if cue.strong else 0.35) * count
            self.traits.append(Trait(_archetype(cue.label), weight, *scan.span(hit.first, hit.last)))
        elif cue.kind == "disc":
            letter = _disc(cue.label)
            self.disc[letter] = self.disc.get(letter, 0.0) + count


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

    @property
    def plain(self) -> bool:
        """Whether a strong cue counts in full: nobody denied, reported or asked it."""
        return max(self.strong, default=0.0) == 1.0

    def odds(self) -> float:
        """Evidence in log-odds; 0 for none."""
        odds = WEAK * sum(sorted(self.weak.values(), reverse=True)[:WEAK_MOST])
        if self.strong:
            ranked = sorted(self.strong, reverse=True)
            odds += STRONG * ranked[0] + STRONG_MORE * sum(ranked[1:3])
        return odds

    def words(self, scan: Scan) -> tuple[int, int]:
        """First and last word of the best cue, with the cues close to it."""
        first, last = self.best
        for low, high in sorted(self.spans):
            if (
                low <= last + QUOTE_JOIN_WORDS
                and high >= first - QUOTE_JOIN_WORDS
                and self._joins(scan, first, last, low)
            ):
                first, last = min(first, low), max(last, high)
        return first, last

    @staticmethod
    def _joins(scan: Scan, first: int, last: int, low: int) -> bool:
        """Whether no sentence ends between words `first`..`last` and the cue that begins at `low`."""
        between = range(low + 1, first + 1) if low < first else range(last + 1, low + 1)
        return all(scan.tokens[i].gap not in (".", "?") for i in between)


def _odds(linear: Linear, score: Vector, evidence: dict[tuple[str, str], "_Evidence"]) -> list[float]:
    """Cues and words together: every label's log-odds."""
    odds = score[: len(LABELS)] + linear.bias
    for (_, label), found in evidence.items():
        odds = odds + linear.cues[COLUMN[label]] * np.float32(found.odds())
    return odds.tolist()  # type: ignore[no-any-return]


def _found(
    evidence: dict[tuple[str, str], "_Evidence"], margins: list[float] | None
) -> list[tuple[Literal["objection", "signal"], str]]:
    """The labels worth a look, in their order: most have neither a cue nor words that speak for them."""
    if margins is None:
        return [each for each in _LABELS if each in evidence]
    return [each for each, margin in zip(_LABELS, margins, strict=True) if margin >= MARGIN_LEAST or each in evidence]


def _judge(
    kind: Literal["objection", "signal"],
    label: str,
    evidence: "_Evidence | None",
    odds: list[float] | None,
    margins: list[float] | None,
    scan: Scan,
) -> Finding | None:
    """None when nothing speaks for the label. `margins`: by how much the odds pass the thresholds."""
    if odds is None or margins is None:
        if evidence is None:
            return None
        sure = _sigmoid(BASE + evidence.odds())
        return Finding(kind, label, sure, sure, *scan.span(*_clause(scan, *evidence.words(scan))))
    column = COLUMN[label]
    sure, margin = _sigmoid(odds[column]), margins[column]
    if evidence is not None and evidence.plain and len(scan.tokens) <= PLAIN_WORDS[kind]:
        sure, margin = max(PLAIN_P, sure), max(PLAIN_MARGIN, margin)
    if margin < MARGIN_LEAST:
        return None
    span = evidence.words(scan) if evidence is not None else _heaviest(scan, column)
    return Finding(kind, label, sure, _sigmoid(margin), *scan.span(*_clause(scan, *span)))


def _clause(scan: Scan, first: int, last: int) -> tuple[int, int]:
    """Words `first`..`last` with those of their clause around them, in short clauses all of them."""
    low, high = max(0, first - CLAUSE_MORE), min(len(scan.tokens) - 1, last + CLAUSE_MORE)
    while first > low and last - first + 1 < CLAUSE_WORDS and not scan.tokens[first].gap:
        first -= 1
    while last < high and last - first + 1 < CLAUSE_WORDS and not scan.tokens[last + 1].gap:
        last += 1
    return first, last


def _heaviest(scan: Scan, column: int) -> tuple[int, int]:
    """The words that speak most for a label: the run with the greatest sum, each word paying a small toll."""
    offset = max(0, len(scan.added) - QUOTE_WORDS)
    best, best_sum, start, running = (0, 0), float("-inf"), 0, 0.0
    for index, added in enumerate(scan.added[offset:], offset):
        if running <= 0:
            start, running = index, 0.0
        running += float(added[column]) - QUOTE_TOLL
        if running > best_sum:
            best, best_sum = (start, index), running
    return best


def _sigmoid(odds: float) -> float:
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))), 3)


_LABELS: list[tuple[Literal["objection", "signal"], str]] = [
    *(("objection", category) for category in CATEGORIES),
    *(("signal", signal) for signal in SIGNALS),
]
"""In the order of the model's columns."""


# The lexicon's labels come from validated packs: these only tell the type checker so.
def _category(label: str) -> Category:
    return label  # type: ignore[return-value]


def _archetype(label: str) -> Archetype:
    return label  # type: ignore[return-value]


def _disc(label: str) -> Disc:
    return label  # type: ignore[return-value]


def _stage(label: str) -> Stage:
    return label  # type: ignore[return-value]
