"""A pack's cues in one language, compiled: what each phrase says, in one automaton."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from coach.detect.linear import Linear
from coach.detect.normalize import fold
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
]
_SCOPES: tuple[str, ...] = tuple(Scope.model_fields)


class Cue(NamedTuple):
    """What one phrase says when it occurs."""

    kind: Kind
    label: str
    strong: bool
    negated_inside: bool
    """The phrase has its own negation ("don't trust"): a negation word in or before it changes nothing."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All cues of one language for one pack (its own and `general`'s). Immutable: sessions share it."""

    language: Language
    phrases: Phrases[Cue]
    fillers: frozenset[str]
    """Words that a phrase may have anywhere inside ("too, er, expensive")."""
    linear: Linear | None
    """The learned half; without it the cues decide alone."""


def compile_lexicon(
    language: Language,
    cues: list[CuesFile],
    competitors: list[Competitor],
    checklist: list[ChecklistItem],
    compliance: list[ComplianceItem],
    linear: Linear | None,
) -> Lexicon:
    """One automaton out of the cue files, the general one first. O(total phrase length)."""
    phrases: Phrases[Cue] = Phrases()
    negations = {word for file in cues for word in file.scope.negation}
    beginnings = tuple(word[:-1] for word in negations if word.endswith("*"))
    seen: set[tuple[str, Kind, str]] = set()

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

    for file in cues:
        add_cues("objection", file.objections)
        add_cues("signal", file.signals)
        add_cues("archetype", file.archetypes)
        for category, texts in file.resolved.items():
            add("resolved", category, texts)
        add("accepted", "", file.accepted)
        for letter, texts in file.disc.items():
            add("disc", letter, texts)
        for stage, texts in file.stages.items():
            add("stage", stage, texts)
        for scope in _SCOPES:
            add("scope", scope, getattr(file.scope, scope))
    for competitor in competitors:
        add("competitor", competitor.id, [competitor.name, *competitor.aliases])
    for item in checklist:
        add("checklist", item.id, item.cues)
    for rule in compliance:
        add("compliance", rule.id, rule.cues)
    fillers = frozenset(fold(word) for file in cues for word in file.fillers)
    return Lexicon(language, phrases, fillers, linear)
