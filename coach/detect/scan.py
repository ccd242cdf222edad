"""One utterance, scanned as it grows: only the words after the first changed one are read again."""

from dataclasses import dataclass, field
from typing import NamedTuple

from coach.detect.lexicon import Cue, Lexicon
from coach.detect.linear import Linear, Vector
from coach.detect.normalize import Token, tokens
from coach.detect.phrases import State
from coach.detect.scope import Mark


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
    context: Vector | None = None
    """What the seller's words just before add to each label; None: not known."""

    def update(self, text: str) -> None:
        """Replace the text. O(changed words + length of the text, at memcmp speed)."""
        if text == self.text:
            return
        keep = self._unchanged(text)
        del self.tokens[keep:], self._states[keep:], self._hits[keep:], self.added[keep:], self._sums[keep:]
        start = self.tokens[-1].end if keep else 0
        linear = self.lexicon.linear if self.weighed else None
        for index, token in enumerate(tokens(text, start), keep):
            alive, ended = self._match(token.word, index)
            self.tokens.append(token)
            self._states.append(alive)
            self._hits.append([Hit(cue, first, index) for cue, first in ended] if ended else [])
            if linear is not None:
                self._learn(linear, index, token.word)
        self.text = text

    def words_score(self) -> Vector:
        """What all words together add to each label and kind. Only with a model and words."""
        return self._sums[-1]

    def score(self) -> Vector | None:
        """What all words together, and those before them, add to each label; None if nothing was weighed."""
        if not self._sums:
            return None
        return self._sums[-1] if self.context is None else self._sums[-1] + self.context

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

    def _match(self, word: str, index: int) -> tuple[list[State], list[tuple[Cue, int]]]:
        """What the word leads to and ends; a filler may begin a phrase but never breaks one."""
        states = self._states[-1] if self._states else []
        alive, ended = self.lexicon.phrases.step(word, index, states)
        if word in self.lexicon.fillers:
            alive += [state for state in states if state not in alive]
        return alive, ended

    def _learn(self, linear: Linear, index: int, word: str) -> None:
        previous = self.tokens[index - 1].word if index else "<s>"
        before = self.tokens[index - 2].word if index > 1 else ""
        step = linear.step(before, previous, word)
        self.added.append(step)
        self._sums.append(self._sums[-1] + step if index else step)

    def _unchanged(self, text: str) -> int:
        """How many words are surely the same: all that end before the first changed character."""
        same = _common_prefix(self.text, text)
        keep = len(self.tokens)
        while keep and self.tokens[keep - 1].end >= same:
            keep -= 1
        return keep


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
