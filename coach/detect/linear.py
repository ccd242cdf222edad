"""The learned half: a hashed linear model over words, word pairs and pieces of words, one a language.

Every word adds a vector (one number a label, in calibrated log-odds), so an utterance's score is a running sum and a
growing text pays for its new words only; the span that adds most is the quote. Trained when the project is built
(`make model`, `coach.learning.train`) or by `coach learn`, never while a call runs.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coach.detect.normalize import tokens
from coach.taxonomy import ARCHETYPES, CATEGORIES, DISC, SIGNALS

BITS = 17
"""131,072 rows: the corpus has some 300,000 features, most of which say little."""
PIECES = (3, 4, 5)
PIECE_WEIGHT = 0.4
STEM = 5
CONTEXT_WORDS = 25
STRICTER = ((0.25, 6, 40), (0.5, 40, 400))
EVEN_WORDS = 20
"""An objection's threshold rises with the logarithm of the words, by so many log-odds from so many words to so many,
and is as trained at `EVEN_WORDS`: a sum of many words strays further (docs/detection.md, "Thresholds")."""
CACHE_WORDS = 20_000
CACHE_PLACES = 50_000

LABELS: tuple[str, ...] = (*CATEGORIES, *SIGNALS)
KINDS: tuple[str, ...] = (*ARCHETYPES, *DISC)
"""What the columns after the labels say: who talks like this."""
COLUMN: dict[str, int] = {label: column for column, label in enumerate(LABELS)}
Vector = npt.NDArray[np.float32]
NOTHING: Vector = np.zeros(len(LABELS) + len(KINDS), np.float32)
Place = tuple[str, str, str]
"""(the word before the previous one or nothing, the previous one or `<s>` at the start, the word)"""


def word_features(word: str) -> Iterator[tuple[str, float]]:
    """Features of one folded word by itself, with their values."""
    yield f"w:{word}", 1.0
    if len(word) > STEM:
        yield f"p:{word[:STEM]}", 1.0
    framed = f"^{word}$"
    for size in PIECES:
        for start in range(len(framed) - size + 1):
            yield f"c:{framed[start : start + size]}", PIECE_WEIGHT


def places(words: Sequence[str]) -> Iterator[Place]:
    """Each word with the two before it, once: who says the same again does not say more."""
    return iter(dict.fromkeys(zip(("", "", *words), ("<s>", *words), words, strict=False)))


def pair_features(place: Place) -> Iterator[str]:
    """Features of a word with the one before it, and the one before that."""
    before, previous, word = place
    yield f"b:{previous}_{word}"
    if before:
        yield f"s:{before}__{word}"


def context_features(words: Iterable[str]) -> Iterator[tuple[str, float]]:
    """Features of what the seller said just before, each once, with their values; `words` are folded."""
    different = sorted(set(words))
    for word in different:
        yield f"S:{word}", 0.7
    for stem in dict.fromkeys(word[:STEM] for word in different if len(word) > STEM):
        yield f"P:{stem}", 0.4


def strictness(words: Any) -> Any:
    """What an objection's threshold gains, in log-odds, in texts of so many words (a number or an array)."""
    return sum(slope * np.log(np.clip(words, low, high) / max(low, EVEN_WORDS)) for slope, low, high in STRICTER)


def row(feature: str) -> int:
    """The feature's row."""
    return zlib.crc32(feature.encode()) & ((1 << BITS) - 1)


@dataclass(frozen=True, slots=True)
class Kinds:
    """How a call's words become an archetype and a DISC letter; see `coach.detect.archetype`."""

    bias: list[float]
    """(kinds)"""
    cues: list[list[float]]
    """(archetypes, kinds): what a unit of evidence of an archetype's phrases adds."""
    sharp: tuple[float, float]
    """What scores are multiplied with before the softmax: archetype, DISC."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of one language. Immutable but for its caches of word vectors; sessions share it."""

    weights: npt.NDArray[np.float32]
    """(2^BITS, labels and kinds): what a feature adds to each label's log-odds, and to each kind's score."""
    bias: Vector
    """(labels)"""
    cues: npt.NDArray[np.float32]
    """(labels, labels): what a unit of evidence of each label's cues adds to every label."""
    threshold: list[float]
    """Log-odds from which a label is confirmed in a text of `EVEN_WORDS`: chosen for few false alarms."""
    kinds: Kinds
    _thresholds: dict[int, list[float]] = field(default_factory=dict)
    _words: dict[str, Vector] = field(default_factory=dict)
    _pairs: dict[Place, Vector] = field(default_factory=dict)

    def word(self, word: str) -> Vector:
        """What a word adds by itself."""
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= CACHE_WORDS:
                self._words.clear()
            found = list(word_features(word))
            values = np.array([value for _, value in found], np.float32)
            known = self._words[word] = values @ self.weights[[row(name) for name, _ in found]]
        return known

    def thresholds(self, words: int) -> list[float]:
        """Log-odds from which each label is confirmed in a text of so many words."""
        words = min(words, STRICTER[-1][2])
        known = self._thresholds.get(words)
        if known is None:
            more = [float(strictness(words))] * len(CATEGORIES) + [0.0] * len(SIGNALS)
            known = self._thresholds[words] = list(map(float.__add__, self.threshold, more))
        return known

    def context(self, text: str) -> Vector:
        """What the seller's words just before add to the client's answer: the newest `CONTEXT_WORDS` of them."""
        found = list(context_features(token.word for token in tokens(text)[-CONTEXT_WORDS:]))
        if not found:
            return NOTHING
        values = np.array([value for _, value in found], np.float32)
        return np.asarray(values @ self.weights[[row(name) for name, _ in found]])

    def step(self, place: Place) -> Vector:
        """What a word adds in its place."""
        known = self._pairs.get(place)
        if known is None:
            if len(self._pairs) >= CACHE_PLACES:
                self._pairs.clear()
            rows = [row(feature) for feature in pair_features(place)]
            known = self._pairs[place] = self.word(place[2]) + self.weights[rows].sum(axis=0)
        return known
