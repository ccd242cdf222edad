"""Many phrases matched at once, word by word, so that a growing text pays for its new words only.

A phrase is a sequence of word tests: `word`, `prefix*`, `*suffix`, `*inside*`, `#` (a number), with `..`
between two of them for a gap of up to three words. All phrases of a language form one trie over word tests;
matching keeps the list of live trie positions after each word, which is all the state there is.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from coach.detect.normalize import is_number, tokens

GAP_WORDS = 3
CACHE_WORDS = 50_000
"""Distinct words remembered with the tests they pass; speech uses far fewer."""

_P = TypeVar("_P")
State = tuple[int, int, int]
"""(trie node, index of the first word, words since the node was reached)"""


@dataclass(slots=True)
class _Node(Generic[_P]):
    next: dict[int, int] = field(default_factory=dict)
    far: dict[int, int] = field(default_factory=dict)
    out: list[_P] = field(default_factory=list)


class _Word(NamedTuple, Generic[_P]):
    """What is known of a word wherever it stands."""

    passed: tuple[int, ...]
    """Tests."""
    beginnings: tuple[int, ...]
    """Nodes of phrases that begin with it and go on."""
    whole: tuple[_P, ...]
    """Payloads of phrases that are this word."""


class Phrases(Generic[_P]):
    """A compiled set of phrases, each with a payload. Build with `add`, then only read: sharing is safe.

    Built on a `base`, which stays as it is, it has the base's phrases too. The two share every trie node that no
    phrase of its own touches: packs add little to what is general. O(nodes of the base), a memory copy.
    """

    def __init__(self, base: "Phrases[_P] | None" = None) -> None:
        self._nodes: list[_Node[_P]] = list(base._nodes) if base else [_Node()]
        self._shared = set(range(len(self._nodes))) if base else set()
        """Nodes of the base: copied before they change."""
        self._tests: dict[str, int] = dict(base._tests) if base else {}
        self._exact: dict[str, int] = dict(base._exact) if base else {}
        self._prefix: dict[str, int] = dict(base._prefix) if base else {}
        self._suffix: dict[str, int] = dict(base._suffix) if base else {}
        self._inside: dict[str, int] = dict(base._inside) if base else {}
        self._number: int | None = base._number if base else None
        self._cache: dict[str, _Word[_P]] = {}

    def add(self, phrase: str, payload: _P) -> None:
        """Add one phrase (`coach.packs.schema.Phrase` has checked its form)."""
        node, gap = 0, False
        for part in phrase.split():
            if part == "..":
                gap = True
                continue
            for test in self._word_tests(part):
                entry = self._nodes[node]
                target = (entry.far if gap else entry.next).get(test)
                if target is None:
                    target = len(self._nodes)
                    entry = self._own(node)
                    (entry.far if gap else entry.next)[test] = target
                    self._nodes.append(_Node())
                node, gap = target, False
        if node:
            self._own(node).out.append(payload)

    def _own(self, node: int) -> "_Node[_P]":
        """The node, to be changed."""
        if node in self._shared:
            self._shared.remove(node)
            shared = self._nodes[node]
            self._nodes[node] = _Node(shared.next.copy(), shared.far.copy(), shared.out.copy())
        return self._nodes[node]

    def step(self, word: str, index: int, states: list[State]) -> tuple[list[State], list[tuple[_P, int]]]:
        """One word further: the new states, and what ends at this word as (payload, index of the first word)."""
        nodes = self._nodes
        alive: list[State] = []
        ended: list[tuple[_P, int]] = []
        passed, beginnings, whole = self._known(word)
        for node, start, age in states:
            edges = nodes[node]
            for test in passed:
                if age == 0 and (target := edges.next.get(test)) is not None:
                    self._arrive(target, start, alive, ended)
                if (target := edges.far.get(test)) is not None:
                    self._arrive(target, start, alive, ended)
            if edges.far and age < GAP_WORDS:
                alive.append((node, start, age + 1))
        if beginnings:
            alive += [(node, index, 0) for node in beginnings]
        if whole:
            ended += [(payload, index) for payload in whole]
        return alive, ended

    def _arrive(self, node: int, start: int, alive: list[State], ended: list[tuple[_P, int]]) -> None:
        entry = self._nodes[node]
        if entry.next or entry.far:
            alive.append((node, start, 0))
        for payload in entry.out:
            ended.append((payload, start))

    def _word_tests(self, part: str) -> list[int]:
        if part == "#":
            if self._number is None:
                self._number = self._test_id("#")
            return [self._number]
        ids = []
        for word, head, tail in _word_parts(part):
            table = self._inside if head and tail else self._suffix if head else self._prefix if tail else self._exact
            if word not in table:
                table[word] = self._test_id(f"{'*' * head}{word}{'*' * tail}")
            ids.append(table[word])
        return ids

    def _test_id(self, name: str) -> int:
        return self._tests.setdefault(name, len(self._tests))

    def _known(self, word: str) -> "_Word[_P]":
        known = self._cache.get(word)
        if known is None:
            if len(self._cache) >= CACHE_WORDS:
                self._cache.clear()
            known = self._cache[word] = self._look_up(word)
        return known

    def _look_up(self, word: str) -> "_Word[_P]":
        passed = self._passed(word)
        root = self._nodes[0].next
        reached = [(root[test], self._nodes[root[test]]) for test in passed if test in root]
        return _Word(
            passed,
            tuple(node for node, entry in reached if entry.next or entry.far),
            tuple(payload for _, entry in reached for payload in entry.out),
        )

    def _passed(self, word: str) -> tuple[int, ...]:
        """The tests that a word passes."""
        passed: set[int] = set()
        if (test := self._exact.get(word)) is not None:
            passed.add(test)
        for cut in range(1, len(word) + 1):
            if (test := self._prefix.get(word[:cut])) is not None:
                passed.add(test)
            if (test := self._suffix.get(word[-cut:])) is not None:
                passed.add(test)
        passed.update(test for part, test in self._inside.items() if part in word)
        if self._number is not None and is_number(word):
            passed.add(self._number)
        return tuple(sorted(passed))


@lru_cache(maxsize=100_000)
def _word_parts(part: str) -> tuple[tuple[str, bool, bool], ...]:
    """A phrase's part as words: (folded word, anything may come before, anything may follow).

    Packs share most of their words, so that compiling all of them reads each part once.
    """
    words = [token.word for token in tokens(part.strip("*"))]
    last = len(words) - 1
    return tuple(
        (word, part.startswith("*") and i == 0, part.endswith("*") and i == last) for i, word in enumerate(words)
    )
