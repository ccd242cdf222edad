"""A pack's cues in one language, compiled: what each phrase says, in one automaton."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from coach.detect.linear import Linear
from coach.detect.phrases import Phrases
from coach.packs.schema import ChecklistItem, Competitor, ComplianceItem, Cues, CuesFile, Scope
from coach.taxonomy import Language

Kind = Literal[
    "objection",
    "signal",
    "resolved",
    "accepted",
    "archetype",
    "disc",
    "stage",
    "scope",
    "competitor",
    "checklist",
    "compliance",
    "filler",
]
_SCOPES: tuple[str, ...] = tuple(Scope.model_fields)


class Cue(NamedTuple):
    """What one phrase says when it occurs."""

    kind: Kind
    label: str
    strong: bool
    negated_inside: bool
    """The phrase has its own negation ("don't trust"): a negation word in or before it changes nothing."""


class Source(NamedTuple):
    """What one pack says in one language, as far as it is phrases."""

    cues: CuesFile
    competitors: list[Competitor]
    checklist: list[ChecklistItem]
    compliance: list[ComplianceItem]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All cues of one language for one pack (its own and `general`'s). Immutable: sessions share it."""

    language: Language
    phrases: Phrases[Cue]
    linear: Linear | None
    """The learned half; without it the cues decide alone."""
    negations: frozenset[str]
    entries: frozenset[tuple[str, Kind, str]]
    """(phrase, kind, label): what stands in `general` and in a pack counts once."""


def compile_lexicon(language: Language, general: Source, linear: Linear | None) -> Lexicon:
    """One automaton out of the general phrases. O(total phrase length)."""
    return _compile(Lexicon(language, Phrases(), linear, frozenset(), frozenset()), [general])


def extend(lexicon: Lexicon, general: Source, own: Source) -> Lexicon:
    """A pack's lexicon: the general one, which stays as it is, and the pack's own phrases. O(own phrase length).

    Where the pack brings negation words of its own the general phrases are read anew: they may contain them.
    """
    if own.cues.scope.negation:
        empty = Lexicon(lexicon.language, Phrases(), lexicon.linear, frozenset(), frozenset())
        return _compile(empty, [general, own])
    return _compile(lexicon, [own])


def _compile(base: Lexicon, sources: list[Source]) -> Lexicon:
    phrases: Phrases[Cue] = Phrases(base.phrases)
    negations = base.negations.union(*(source.cues.scope.negation for source in sources))
    beginnings = tuple(word[:-1] for word in negations if word.endswith("*"))
    seen = set(base.entries)

    def add(kind: Kind, label: str, texts: list[str], *, strong: bool = True) -> None:
        for text in texts:
            if (text, kind, label) not in seen:
                seen.add((text, kind, label))
                words = text.lower().split()
                inside = any(word in negations or word.strip("*").startswith(beginnings) for word in words)
                phrases.add(text, Cue(kind, label, strong, inside))

    def add_cues(kind: Kind, table: Mapping[Any, Cues]) -> None:
        for label, entry in table.items():
            add(kind, label, entry.strong)
            add(kind, label, entry.weak, strong=False)

    for cues, competitors, checklist, compliance in sources:
        add_cues("objection", cues.objections)
        add_cues("signal", cues.signals)
        add_cues("archetype", cues.archetypes)
        for category, texts in cues.resolved.items():
            add("resolved", category, texts)
        add("accepted", "", cues.accepted)
        for letter, texts in cues.disc.items():
            add("disc", letter, texts)
        for stage, texts in cues.stages.items():
            add("stage", stage, texts)
        for scope in _SCOPES:
            add("scope", scope, getattr(cues.scope, scope))
        for competitor in competitors:
            add("competitor", competitor.id, [competitor.name, *competitor.aliases])
        for item in checklist:
            add("checklist", item.id, item.cues)
        for rule in compliance:
            add("compliance", rule.id, rule.cues)
        add("filler", "", cues.fillers)
    return Lexicon(base.language, phrases, base.linear, negations, frozenset(seen))
