"""What a knowledge pack's files may contain: one model a file, strict, so that a typo is an error.

A pack is a folder: `pack.yaml`, and for each language `cues.yaml`, `responses.yaml`, `knowledge.yaml`,
`playbook.yaml`, optionally `examples.jsonl` and `calls/*.json` (labelled text the detectors learn from).
`docs/packs.md` is the guide for the people who write them. Every pack but `general` builds on `general`:
what it does not say, `general` says.
"""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from coach.taxonomy import Archetype, Category, Disc, Language, SignalKind, Stage

SAY_WORDS = 18
"""A line is glanced at while talking: at most 18 words (docs/design.md, "Attention")."""


def _spoken(text: str) -> str:
    count = len(text.split())
    if count > SAY_WORDS:
        raise ValueError(f"has {count} words, at most {SAY_WORDS} can be said at a glance")
    return text


def _phrase(text: str) -> str:
    words = text.split()
    if not words:
        raise ValueError("is empty")
    if words[0] == ".." or words[-1] == "..":
        raise ValueError("a gap `..` must stand between two words")
    if all(word in ("..", "#", "*") for word in words):
        raise ValueError("needs at least one word beside gaps and numbers")
    for word in words:
        if "*" in word.strip("*") or word == "*":
            raise ValueError(f"`*` stands at the start or the end of a word, not as in `{word}`")
    return text


def _identifier(pattern: str, rule: str) -> AfterValidator:
    """Checks for `pattern`, and says `rule` instead of it."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"`{text}` must be {rule}")
        return text

    return AfterValidator(check)


Text = Annotated[str, Field(min_length=1, max_length=400)]
Line = Annotated[str, Field(min_length=1, max_length=240), AfterValidator(_spoken)]
Phrase = Annotated[str, Field(max_length=120), AfterValidator(_phrase)]
Phrases = list[Phrase]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PackFile(_Strict):
    """`pack.yaml`."""

    id: Annotated[
        str, _identifier("[a-z][a-z0-9_]{0,31}", "1–32 lower-case letters a–z, digits or `_`, a letter first")
    ]
    version: int = Field(ge=1)
    names: dict[Language, Text]


class Cues(_Strict):
    """Phrases for one label. `strong` alone is a finding; `weak` only adds to others."""

    strong: Phrases = []
    weak: Phrases = []


class Scope(_Strict):
    """Words that turn the meaning of a cue around it."""

    negation: Phrases = []
    denial: Phrases = []
    """Opens a clause that denies an objection as a whole: "it's not that"."""
    hypothetical: Phrases = []
    reported: Phrases = []
    """Somebody else's view: "my neighbour says"."""
    unshared: Phrases = []
    """Marks a reported view as not shared: "but I don't think so"."""
    past: Phrases = []
    terminators: Phrases = []
    """End the reach of a negation: "but"."""
    question: Phrases = []
    """First words of a question, for text without punctuation."""


class CuesFile(_Strict):
    """`<language>/cues.yaml`."""

    objections: dict[Category, Cues] = {}
    resolved: dict[Category, Phrases] = {}
    """The client takes the objection back, or calls it answered."""
    accepted: Phrases = []
    """The client is content with an answer, whatever was open."""
    signals: dict[SignalKind, Cues] = {}
    archetypes: dict[Archetype, Cues] = {}
    disc: dict[Disc, Phrases] = {}
    stages: dict[Stage, Phrases] = {}
    """What a SELLER says in that stage."""
    scope: Scope = Scope()
    fillers: Phrases = []


class Response(_Strict):
    """What a card says. `say` and `ask` are spoken, in the customer's language; the rest is read by the seller."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    say: Line
    ask: Line | None = None
    facts: list[Text] = Field(default=[], max_length=4)
    """Plain text, or `@market.ID`, `@promotion.ID`, `@product.ID`, `@competitor.ID`: that entry's text while valid."""


class ResponsesFile(_Strict):
    """`<language>/responses.yaml`."""

    objections: dict[Category, dict[Literal["default", Archetype], Response]] = {}
    signals: dict[SignalKind, Response] = {}
    stages: dict[Stage, Response] = {}


Id = Annotated[str, _identifier("[a-z0-9][a-z0-9_]{0,47}", "1–48 lower-case letters a–z, digits or `_`, no `_` first")]


class Product(_Strict):
    id: Id
    name: Text
    price: str | None = None
    text: Text
    facts: list[Text] = []


class Competitor(_Strict):
    id: Id
    name: Text
    aliases: Phrases = []
    """How it is said aloud, inflected and misheard forms too."""
    text: Text
    """A fair, checkable difference to name."""


class DatedFact(_Strict):
    """A promotion, subsidy, tax or rule. After `valid_until` no card shows it any more."""

    id: Id
    text: Text
    source: Text
    valid_from: date | None = None
    valid_until: date


class KnowledgeFile(_Strict):
    """`<language>/knowledge.yaml`."""

    products: list[Product] = []
    competitors: list[Competitor] = []
    promotions: list[DatedFact] = []
    market: list[DatedFact] = []


class StagePlay(_Strict):
    goal: Text
    ask: list[Line] = []


class ArchetypePlay(_Strict):
    name: Text
    approach: Text
    avoid: Text


class ChecklistItem(_Strict):
    """Something the seller should do in every call; `cues` are seller phrases that show it was done."""

    id: Id
    text: Text
    by_stage: Stage
    cues: Annotated[Phrases, Field(min_length=1)]


class ComplianceItem(_Strict):
    """Something the seller must not say; `cues` are seller phrases that show it was said."""

    id: Id
    text: Text
    cues: Annotated[Phrases, Field(min_length=1)]


class FollowUp(_Strict):
    """Draft of the message after the call. Placeholders: `{needs}`, `{answers}`, `{next_step}`."""

    subject: Text
    body: Annotated[str, Field(min_length=1, max_length=2000)]


class PlaybookFile(_Strict):
    """`<language>/playbook.yaml`."""

    stages: dict[Stage, StagePlay] = {}
    archetypes: dict[Archetype, ArchetypePlay] = {}
    checklist: list[ChecklistItem] = []
    compliance: list[ComplianceItem] = []
    follow_up: FollowUp | None = None
    labels: dict[str, Text] = {}
    """`general` only: display names of categories, signals, stages; nudge texts under `nudge_…`."""


class LabelledObjection(_Strict):
    category: Category
    quote: Text


class LabelledSignal(_Strict):
    kind: SignalKind
    quote: Text


class Example(_Strict):
    """A line of `<language>/examples.jsonl`: one client utterance, labelled. No label at all is a label too."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    context: str | None = None
    language: Language
    vertical: str | None = None
    objections: list[LabelledObjection] = []
    signals: list[LabelledSignal] = []
