"""Why a client's utterance has its findings: the phrases with their scope, and the words that weigh most. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from coach.detect import language as language_of
from coach.detect.lexicon import Lexicon
from coach.detect.linear import COLUMN, NOTHING, Linear
from coach.detect.normalize import tokens
from coach.detect.scan import Scan
from coach.detect.score import Finding, cue_evidence, probabilities, read_client, surroundings
from coach.taxonomy import LANGUAGES, Language

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
    """One label. `features`: words and what they add to its log-odds, each once, heaviest first."""

    kind: str
    label: str
    probability: float
    """What the wire has as `confidence`."""
    summed: float
    """What phrases and words say together: less than `probability` only where plain words are believed."""
    threshold: float
    """What `summed` needs to be confirmed without the rule of plain words."""
    found: bool
    plain_words: bool
    """Whether it stands, or is as probable as it is, by that rule alone (docs/detection.md, "Plain words")."""
    quote: str
    features: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`labels`: those found first, then by probability; `phrases`: in the order of the text."""

    language: Language
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
        _label(scan, kind, label, summed, threshold, findings.get(label))
        for kind, label, summed, threshold in probabilities(scan)
    ]
    labels.sort(key=lambda label: (not label.found, -label.probability))
    return Explanation(scan.lexicon.language, tuple(labels), tuple(phrases))


def guess(text: str, lexicons: Mapping[Language, Lexicon]) -> tuple[Language, Literal["words", "phrases", "nothing"]]:
    """The language of a text that nothing came before, and what says so.

    Common words decide as in a call, if they do whatever was spoken before; else phrases of each language count too.
    """
    counts = language_of.weigh((token.word for token in tokens(text)), text)
    decided = {language_of.decide(counts, before) for before in LANGUAGES}
    if len(decided) == 1:
        return decided.pop(), "words"
    for language, lexicon in lexicons.items():
        scan = Scan(lexicon, weighed=False)
        scan.update(text)
        counts[language] += sum(cue_evidence(scan).values())
    best = max(LANGUAGES, key=lambda language: (counts[language], language == "en"))
    return best, "phrases" if counts[best] else "nothing"


def _label(scan: Scan, kind: str, label: str, summed: float, threshold: float, finding: Finding | None) -> Label:
    linear = scan.lexicon.linear
    found = finding is not None and finding.strength >= 0.5
    probability = finding.confidence if finding is not None else summed
    plain = found and (probability > summed or summed < threshold)
    quote = scan.text[finding.start : finding.end] if finding is not None and found else ""
    features = _features(scan, linear, COLUMN[label]) if linear is not None else ()
    return Label(kind, label, probability, summed, threshold, found, plain, quote, features)


def _features(scan: Scan, linear: Linear, column: int) -> tuple[tuple[str, float], ...]:
    weighed: dict[str, float] = defaultdict(float)
    for place, token in enumerate(scan.tokens):
        if scan.added[place] is not NOTHING:
            alone = float(linear.word(token.word)[column])
            weighed[token.word] += alone
            weighed[_before(scan, place)] += float(scan.added[place][column]) - alone
    if scan.context is not None:
        weighed["(what the seller said before)"] += float(scan.context[column])
    heaviest = sorted(weighed.items(), key=lambda feature: -abs(feature[1]))[:FEATURES_MOST]
    return tuple((name, round(weight, 2)) for name, weight in heaviest if round(weight, 2))


def _before(scan: Scan, place: int) -> str:
    """What a word adds besides itself is by the two before it, or by being the first."""
    words = " ".join(token.word for token in scan.tokens[max(0, place - 2) : place + 1])
    return words if place else f"{words} (first word)"
