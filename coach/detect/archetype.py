"""The archetype as a posterior over the call: log-odds that add up, fade slowly, and admit doubt.

Sources: half-life, saturation and the conditions for `stable` are those of docs/detection.md ("Archetype");
the DISC and Big Five loadings follow the taxonomy's table.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from coach.detect.linear import KINDS, Kinds
from coach.detect.score import ClientReading
from coach.taxonomy import ARCHETYPES, BIG_FIVE, DISC, Archetype, BigFive, Disc

HALF_LIFE_TURNS = 30
DECAY = 0.5 ** (1 / HALF_LIFE_TURNS)
TURN_MOST = 2.0
"""One utterance moves an archetype by at most this much, however many cues it has."""
TEMPERATURE = 1.0
STABLE_CUES = 3
STABLE_TURNS = 2
STABLE_P = 0.5
STABLE_LEAD = 0.15
EVIDENCE_KEPT = 12
WORDS_LEAST = 120
"""Learned sums count in full from so many words on: one sentence must not make a person."""

_DISC_OF: dict[Archetype, tuple[Disc, Disc]] = {
    "achiever": ("D", "I"),
    "analyst": ("C", "C"),
    "idealist": ("S", "I"),
    "guardian": ("S", "S"),
    "enthusiast": ("I", "D"),
    "innovator": ("D", "C"),
    "economizer": ("C", "S"),
    "sceptic": ("C", "C"),
}
_BIG_FIVE_OF: dict[Archetype, tuple[BigFive, ...]] = {
    "achiever": ("extraversion",),
    "analyst": ("conscientiousness",),
    "idealist": ("openness", "agreeableness"),
    "guardian": ("agreeableness", "conscientiousness"),
    "enthusiast": ("extraversion", "openness"),
    "innovator": ("openness",),
    "economizer": ("conscientiousness",),
    "sceptic": ("neuroticism",),
}


@dataclass(slots=True)
class Profile:
    """What this client has shown so far. Fed with client finals, in order."""

    odds: dict[Archetype, float] = field(default_factory=lambda: dict.fromkeys(ARCHETYPES, 0.0))
    disc: dict[Disc, float] = field(default_factory=lambda: dict.fromkeys(DISC, 0.0))
    cues: int = 0
    turns: int = 0
    words: int = 0
    utterances: int = 0
    stable: Archetype | None = None
    sums: list[float] = field(default_factory=list)
    """What all words so far add to each of `coach.detect.linear.KINDS`; empty without a model."""
    learned: dict[str, float] = field(default_factory=dict)
    """The probabilities of archetypes and letters with a model; empty without."""
    told: list[str] = field(default_factory=list)
    """The leading archetype and letter, and tenths of their probability, as last told."""
    evidence: list[dict[str, Any]] = field(default_factory=list)
    """Newest last, at most `EVIDENCE_KEPT`, in the shape of the wire."""

    def add(self, utterance: str, text: str, reading: ClientReading, kinds: Kinds | None = None) -> bool:
        """Take one client final in; whether the profile changed so much that it should be told."""
        self.utterances += 1
        self.words += reading.words
        for letter, count in _style(reading).items():
            self.disc[letter] = self.disc[letter] * DECAY + count
        phrases = bool(reading.traits or reading.disc)
        if phrases:
            self._weigh(utterance, text, reading)
        if kinds is not None and reading.kinds:
            self._learn(reading, kinds)
        self._settle()
        (first, p), (letter, q) = self.ranking()[0], self._disc(self.ranking())[0]
        before, self.told = self.told, [first, letter, f"{p:.1f}", f"{q:.1f}"]
        return phrases or (bool(self.learned) and self.told != before)

    def _weigh(self, utterance: str, text: str, reading: ClientReading) -> None:
        """Phrases into odds and evidence."""
        totals: dict[Archetype, float] = {}
        for trait in reading.traits:
            totals[trait.archetype] = totals.get(trait.archetype, 0.0) + trait.weight
        self.odds = {
            archetype: odds * DECAY + min(TURN_MOST, math.log1p(totals.get(archetype, 0.0)) / math.log(2))
            for archetype, odds in self.odds.items()
        }
        self.cues += len(reading.traits)
        self.turns += bool(reading.traits)
        for trait in sorted(reading.traits, key=lambda trait: -trait.weight)[:3]:
            self.evidence.append(
                {
                    "utterance": utterance,
                    "quote": text[trait.start : trait.end],
                    "id": trait.archetype,
                    "weight": round(trait.weight, 2),
                }
            )
        del self.evidence[:-EVIDENCE_KEPT]

    def _learn(self, reading: ClientReading, kinds: Kinds) -> None:
        """All words of the call so far, and the phrases' odds, into probabilities."""
        self.sums = [a + b for a, b in zip(self.sums, reading.kinds, strict=True)] if self.sums else [*reading.kinds]
        said = 1 / math.sqrt(max(WORDS_LEAST, self.words))
        scores = [
            bias + total * said + sum(self.odds[a] * kinds.cues[i][column] for i, a in enumerate(ARCHETYPES))
            for column, (bias, total) in enumerate(zip(kinds.bias, self.sums, strict=True))
        ]
        some = len(ARCHETYPES)
        shares = [*_softmax(scores[:some], kinds.sharp[0]), *_softmax(scores[some:], kinds.sharp[1])]
        self.learned = dict(zip(KINDS, shares, strict=True))

    def ranking(self) -> list[tuple[Archetype, float]]:
        """Every archetype with its probability, best first; they sum to 1."""
        if self.learned:
            return sorted(((a, self.learned[a]) for a in ARCHETYPES), key=lambda item: -item[1])
        top = max(self.odds.values())
        shares = {a: math.exp((odds - top) / TEMPERATURE) for a, odds in self.odds.items()}
        total = sum(shares.values())
        return sorted(((a, share / total) for a, share in shares.items()), key=lambda item: -item[1])

    def fields(self) -> dict[str, Any]:
        """The payload of an `archetype` event."""
        ranking = self.ranking()
        return {
            "ranking": _shares(ranking),
            "stable": self.stable,
            "disc": _shares(self._disc(ranking)),
            "big_five": self._big_five(ranking),
            "evidence": list(self.evidence),
        }

    def _settle(self) -> None:
        (first, p), (_, runner_up) = self.ranking()[:2]
        if first == self.stable:
            return
        sure = self.cues >= STABLE_CUES and self.turns >= STABLE_TURNS and p >= STABLE_P
        if sure and p - runner_up >= STABLE_LEAD:
            self.stable = first
        elif self.stable is not None and dict(self.ranking())[self.stable] < 1 / len(ARCHETYPES):
            self.stable = None

    def _disc(self, ranking: list[tuple[Archetype, float]]) -> list[tuple[Disc, float]]:
        if self.learned:
            return sorted(((letter, self.learned[letter]) for letter in DISC), key=lambda item: -item[1])
        odds = dict.fromkeys(DISC, 0.0)
        for archetype, p in ranking:
            first, second = _DISC_OF[archetype]
            odds[first] += 2.0 * p
            odds[second] += 1.0 * p
        total_style = sum(self.disc.values()) or 1.0
        for letter in DISC:
            odds[letter] += 3.0 * self.disc[letter] / total_style
        weight = {letter: math.exp(value) for letter, value in odds.items()}
        total = sum(weight.values())
        return sorted(((letter, w / total) for letter, w in weight.items()), key=lambda item: -item[1])

    def _big_five(self, ranking: list[tuple[Archetype, float]]) -> dict[BigFive, float]:
        scores = dict.fromkeys(BIG_FIVE, 0.0)
        for archetype, p in ranking:
            for trait in _BIG_FIVE_OF[archetype]:
                # Against the share a trait has when nothing is known, so that "unknown" is 0.
                scores[trait] += p - 1 / len(ARCHETYPES)
        return {trait: round(max(-1.0, min(1.0, score)), 3) for trait, score in scores.items()}


def _softmax(scores: list[float], sharp: float) -> list[float]:
    top = max(scores)
    shares = [math.exp(sharp * (score - top)) for score in scores]
    total = sum(shares)
    return [share / total for share in shares]


def _style(reading: ClientReading) -> dict[Disc, float]:
    """DISC by manner: the brief are D, the talkative I; letters' own cues count one each."""
    style = dict(reading.disc)
    if 0 < reading.words <= 6:
        style["D"] = style.get("D", 0.0) + 0.15
    elif reading.words >= 35:
        style["I"] = style.get("I", 0.0) + 0.15
    return style


def _shares(ranking: Any) -> list[dict[str, Any]]:
    """`[{"id", "p"}]`, rounded, the first one taking what rounding leaves so that p sums to 1."""
    shares = [{"id": name, "p": round(p, 4)} for name, p in ranking]
    shares[0]["p"] = round(1.0 - sum(share["p"] for share in shares[1:]), 4)
    return shares
