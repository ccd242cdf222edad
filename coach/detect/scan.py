"""One utterance, scanned as it grows: only the words after the first changed one are read again."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from coach.detect.lexicon import Cue, Lexicon
from coach.detect.linear import NOTHING, Linear, Place, Vector
from coach.detect.normalize import Token, may_grow, tokens
from coach.detect.phrases import State
from coach.detect.scope import Mark

FILLERS_MOST = 4
"""Words of fillers in a row that a phrase may have inside ("too, er, you know, expensive")."""
STRETCH = 30
"""Of a longer text the best so many words in a row count: people make a point in fewer, and in the sum of all of a
long talk chance adds up."""

_ENDS = (".", "?")


class Hit(NamedTuple):
    """A cue that occurs at words `first`..`last` (inclusive)."""

    cue: Cue
    first: int
    last: int


@dataclass(slots=True)
class Scan:
    """Words and cue hits of one utterance's text so far.

    Feeding a text word by word, in pieces or at once gives the same words and hits (tested as a property).
    """

    lexicon: Lexicon
    weighed: bool = True
    """Whether the learned half reads along: nobody asks it about a seller's words."""
    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    _states: list[list[State]] = field(default_factory=list)
    _hits: list[list[Hit]] = field(default_factory=list)
    """By the index of the word they end at."""
    added: list[Vector] = field(default_factory=list)
    """What each word adds to each label (`coach.detect.linear`); empty if nothing is weighed, or without a model."""
    _sums: list[Vector] = field(default_factory=list)
    _places: dict[Place, int] = field(default_factory=dict)
    """Where each word with the two before it stood first: what is said again adds nothing."""
    _best: list[Vector] = field(default_factory=list)
    """By label, the most that `STRETCH` words in a row add, of the texts that are longer: the first is one word more."""
    _filled: list[int] = field(default_factory=list)
    """How many words of fillers end with each word."""
    context: Vector | None = None
    """What the seller's words just before add to each label; None: not known."""

    def update(self, text: str) -> None:
        """Replace the text. O(changed words + length of the text, at memcmp speed)."""
        if text == self.text:
            return
        keep = self._unchanged(text)
        del self.tokens[keep:], self._states[keep:], self._hits[keep:], self.added[keep:], self._sums[keep:]
        del self._filled[keep:], self._best[max(0, keep - STRETCH) :]
        while self._places and next(reversed(self._places.values())) >= keep:
            self._places.popitem()
        start = self.tokens[-1].end if keep else 0
        linear = self.lexicon.linear if self.weighed else None
        for index, token in enumerate(tokens(text, start), keep):
            self._match(token, index)
            self.tokens.append(token)
            if linear is not None:
                self._learn(linear, index, token.word)
        self.text = text

    def words_score(self) -> Vector:
        """What all words together add to each label and kind. Only with a model and words."""
        return self._sums[-1]

    def score(self) -> Vector | None:
        """What the words, and those before them, add to each label; None if nothing was weighed."""
        if not self._sums:
            return None
        words = self._best[-1] if self._best else self._sums[-1]
        return words if self.context is None else words + self.context

    def hits(self) -> list[Hit]:
        """All cue hits, by the word they end at. O(hits)."""
        return [hit for ended in self._hits for hit in ended]

    def marks(self) -> list[Mark]:
        """The scope words among the hits."""
        return [
            Mark(hit.cue.label, hit.first, hit.last) for ended in self._hits for hit in ended if hit.cue.kind == "scope"
        ]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Offsets in the text of words `first`..`last`."""
        return self.tokens[first].start, self.tokens[last].end

    def _match(self, token: Token, index: int) -> None:
        """What the word leads to and ends. A phrase ends with its sentence; a filler may begin one, never breaks one."""
        states = self._states[-1] if self._states and token.gap not in _ENDS else []
        alive, ended = self.lexicon.phrases.step(token.word, index, states)
        hits, filled = [], 0
        for cue, first in ended:
            if cue.kind != "filler":
                hits.append(Hit(cue, first, index))
            elif first and (token if first == index else self.tokens[first]).gap not in _ENDS:
                words = index - first + 1 + self._filled[first - 1]
                filled = max(filled, words)
                if words <= FILLERS_MOST:
                    alive += [state for state in self._states[first - 1] if state not in alive]
        self._states.append(alive)
        self._filled.append(filled)
        self._hits.append(hits)

    def _learn(self, linear: Linear, index: int, word: str) -> None:
        previous = self.tokens[index - 1].word if index else "<s>"
        place = (self.tokens[index - 2].word if index > 1 else "", previous, word)
        step = linear.step(place) if self._places.setdefault(place, index) == index else NOTHING
        self.added.append(step)
        self._sums.append(self._sums[-1] + step if index else step)
        if index >= STRETCH:
            stretch = self._sums[index] - self._sums[index - STRETCH]
            self._best.append(np.maximum(stretch, self._best[-1] if self._best else self._sums[index - 1]))

    def _unchanged(self, text: str) -> int:
        """How many words are surely the same: all that end before the first changed character."""
        same = _common_prefix(self.text, text)
        keep = len(self.tokens)
        while keep and self.tokens[keep - 1].end >= same:
            keep -= 1
        return keep - 1 if keep and may_grow(text, self.tokens[keep - 1].end) else keep


def _common_prefix(a: str, b: str) -> int:
    if b.startswith(a):
        return len(a)
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
