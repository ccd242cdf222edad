"""Why a client's utterance has its findings: the phrases with their scope, and the words that weigh most. Pure."""

from collections import defaultdict
from dataclasses import dataclass

from coach.detect.linear import COLUMN, NOTHING, Linear
from coach.detect.scan import Scan
from coach.detect.score import Finding, probabilities, read_client, surroundings
from coach.taxonomy import Language

FEATURES_MOST = 8
"""Features named of each label, the heaviest."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of the packs in the text. `counts`: how much of it its surroundings leave, 0–1 (scope: always 1)."""

    kind: str
    label: str
    strong: bool
    quote: str
    counts: float


@dataclass(frozen=True, slots=True)
class Label:
    """One label. `features`: words and what they add to its log-odds, heaviest first."""

    kind: str
    label: str
    probability: float
    """As on the wire, where it is found."""
    threshold: float
    """The probability from which it is confirmed."""
    found: bool
    plain: bool
    """Whether it is found for its plain words alone, whatever the probability."""
    quote: str
    features: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`labels`: those that were found, then the most probable first; `phrases`: in the order of the text."""

    language: Language
    words: int
    labels: tuple[Label, ...]
    phrases: tuple[Phrase, ...]


def explain(scan: Scan) -> Explanation:
    """The findings of a scanned text and what they rest on."""
    findings = {finding.label: finding for finding in read_client(scan).findings}
    around = surroundings(scan)
    phrases = []
    for hit in scan.hits():
        scope = hit.cue.kind == "scope"
        counts = 1.0 if scope else around.factor(hit.first, hit.last, hit.cue.negated_inside)
        start, end = scan.span(hit.first, hit.last)
        phrases.append(Phrase(hit.cue.kind, hit.cue.label, hit.cue.strong, scan.text[start:end], counts))
    labels = [
        _label(scan, kind, label, probability, threshold, findings.get(label))
        for kind, label, probability, threshold in probabilities(scan)
    ]
    ranked = sorted(labels, key=lambda label: (not label.found, -label.probability))
    return Explanation(scan.lexicon.language, len(scan.tokens), tuple(ranked), tuple(phrases))


def _label(scan: Scan, kind: str, label: str, probability: float, threshold: float, finding: Finding | None) -> Label:
    linear = scan.lexicon.linear
    features = _features(scan, linear, COLUMN[label]) if linear is not None else ()
    if finding is None or finding.strength < 0.5:
        return Label(kind, label, probability, threshold, False, False, "", features)
    quote = scan.text[finding.start : finding.end]
    return Label(kind, label, finding.confidence, threshold, True, probability < threshold, quote, features)


def _features(scan: Scan, linear: Linear, column: int) -> tuple[tuple[str, float], ...]:
    weighed: dict[str, float] = defaultdict(float)
    for place, token in enumerate(scan.tokens):
        if scan.added[place] is not NOTHING:
            alone = float(linear.word(token.word)[column])
            weighed[token.word] += alone
            weighed[_before(scan, place)] += float(scan.added[place][column]) - alone
    if scan.context is not None:
        weighed["(what the seller said before)"] = float(scan.context[column])
    heaviest = sorted(weighed.items(), key=lambda feature: -abs(feature[1]))
    return tuple((name, round(weight, 2)) for name, weight in heaviest[:FEATURES_MOST])


def _before(scan: Scan, place: int) -> str:
    """A word with the two before it: what is added for standing there."""
    return ("… " if place == 0 else "") + " ".join(token.word for token in scan.tokens[max(0, place - 2) : place + 1])
