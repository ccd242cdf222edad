"""A pack and `general` put together, ready for sessions: lexicons, responses, facts, plays. Immutable, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from coach.detect import files
from coach.detect.lexicon import Lexicon, Source, compile_lexicon, extend
from coach.detect.linear import Linear
from coach.packs.loader import GENERAL, Pack, PackLanguage
from coach.packs.schema import ChecklistItem, ComplianceItem, FollowUp, Response
from coach.taxonomy import LANGUAGES, Archetype, Category, Language, SignalKind, Stage

_NOTHING = PackLanguage()


@dataclass(frozen=True, slots=True)
class Line:
    """A response chosen for a card: where it came from (`variant`), and its words."""

    variant: str
    response: Response


class Knowledge:
    """What a session of one pack knows, in every language."""

    def __init__(self, pack: Pack, general: Pack, lexicons: Mapping[Language, Lexicon]) -> None:
        self.pack = pack.id
        self.version = pack.version
        self.lexicons = lexicons
        self._layers: dict[Language, list[tuple[str, PackLanguage]]] = {
            language: [
                (part.id, _part(part, language)) for part in ((pack,) if pack.id == GENERAL else (pack, general))
            ]
            for language in LANGUAGES
        }

    def layers(self, language: Language) -> list[tuple[str, PackLanguage]]:
        """What the pack and `general` say in a language, the pack first, by id."""
        return self._layers[language]

    def objection(self, category: Category, archetype: Archetype | None, language: Language) -> Line | None:
        """The response for an objection: the pack's for this archetype, its default, then `general`'s."""
        for pack, part in self._layers[language]:
            variants = part.responses.objections.get(category, {})
            for variant in (archetype, "default"):
                if variant is not None and variant in variants:
                    return Line(f"{pack}.{category}.{variant}", variants[variant])
        return None

    def signal(self, kind: SignalKind, language: Language) -> Line | None:
        """The response for a buying signal."""
        for pack, part in self._layers[language]:
            if (response := part.responses.signals.get(kind)) is not None:
                return Line(f"{pack}.{kind}", response)
        return None

    def stage(self, stage: Stage, language: Language) -> Line | None:
        """The response for entering a stage."""
        for pack, part in self._layers[language]:
            if (response := part.responses.stages.get(stage)) is not None:
                return Line(f"{pack}.{stage}", response)
        return None

    def variant(self, variant: str, language: Language) -> Response | None:
        """The same response in another language, by its variant name."""
        pack, *path = variant.split(".")
        for name, part in self._layers[language]:
            if name != pack:
                continue
            if len(path) == 2:
                table: dict[str, dict[str, Response]] = {**part.responses.objections}  # type: ignore[dict-item]
                return table.get(path[0], {}).get(path[1])
            merged: dict[str, Response] = {**part.responses.signals, **part.responses.stages}  # type: ignore[dict-item]
            return merged.get(path[0])
        return None

    def facts(self, refs: list[str], language: Language, now_ms: int) -> list[str]:
        """Facts of a response with `@…` references resolved; what is out of date is left out."""
        today = datetime.fromtimestamp(now_ms / 1000, UTC).date()
        found = (self._fact(ref, language, today) if ref.startswith("@") else ref for ref in refs)
        return [fact for fact in found if fact]

    def competitor(self, name: str, language: Language) -> str | None:
        """A fair difference to name against this competitor."""
        return self._fact(f"@competitor.{name}", language, date.max)

    def checklist(self, language: Language) -> list[ChecklistItem]:
        """What the seller should do in the call; the pack's items before the general ones."""
        return [item for _, part in self._layers[language] for item in part.playbook.checklist]

    def compliance(self, language: Language) -> list[ComplianceItem]:
        """What the seller must not say."""
        return [item for _, part in self._layers[language] for item in part.playbook.compliance]

    def advice(self, stage: Stage, archetype: Archetype | None, language: Language) -> list[str]:
        """What the playbook says about this stage, and about this kind of customer."""
        plays = [part.playbook for _, part in self._layers[language]]
        goals = [play.stages[stage].goal for play in plays if stage in play.stages]
        kinds = [play.archetypes[archetype] for play in plays if archetype is not None and archetype in play.archetypes]
        return [*goals[:1], *(f"{kind.name}: {kind.approach} ({kind.avoid})" for kind in kinds[:1])]

    def follow_up(self, language: Language) -> FollowUp | None:
        """The draft of the message after the call."""
        plays = (part.playbook.follow_up for _, part in self._layers[language])
        return next((draft for draft in plays if draft is not None), None)

    def label(self, key: str, language: Language) -> str:
        """A display name or text of the seller's language; the key itself where a pack has none."""
        for _, part in self._layers[language]:
            if key in part.playbook.labels:
                return part.playbook.labels[key]
        return key

    def _fact(self, ref: str, language: Language, today: date) -> str | None:
        kind, _, name = ref[1:].partition(".")
        for _, part in self._layers[language]:
            known = part.knowledge
            if kind in ("market", "promotion"):
                for fact in known.market if kind == "market" else known.promotions:
                    if (
                        fact.id == name
                        and today <= fact.valid_until
                        and (not fact.valid_from or fact.valid_from <= today)
                    ):
                        return f"{fact.text} ({fact.source})"
            elif kind == "product":
                for product in known.products:
                    if product.id == name:
                        return (
                            f"{product.name}: {product.price}" if product.price else f"{product.name}: {product.text}"
                        )
            elif kind == "competitor":
                for competitor in known.competitors:
                    if competitor.id == name:
                        return f"{competitor.name}: {competitor.text}"
        return None


def build(packs: dict[str, Pack], models: Mapping[Language, Linear | None] | None = None) -> dict[str, Knowledge]:
    """Every pack's knowledge, by id, with the shipped models or the given ones (`{}`: phrases alone)."""
    if models is None:
        models = files.load_all()
    general = packs[GENERAL]
    shared = {
        language: compile_lexicon(language, _source(general, language), models.get(language)) for language in LANGUAGES
    }
    return {name: Knowledge(pack, general, _lexicons(pack, general, shared)) for name, pack in packs.items()}


def _lexicons(pack: Pack, general: Pack, shared: dict[Language, Lexicon]) -> dict[Language, Lexicon]:
    if pack.id == GENERAL:
        return shared
    return {
        language: extend(lexicon, _source(general, language), _source(pack, language))
        for language, lexicon in shared.items()
    }


def _part(pack: Pack, language: Language) -> PackLanguage:
    return pack.languages.get(language, _NOTHING)


def _source(pack: Pack, language: Language) -> Source:
    part = _part(pack, language)
    return Source(part.cues, part.knowledge.competitors, part.playbook.checklist, part.playbook.compliance)
