"""A pack as text for a model: what it may rest on. The same words for every call of a day."""

from datetime import date

from coach.packs.knowledge import Knowledge
from coach.taxonomy import Language


def brief(knowledge: Knowledge, language: Language, today: date) -> str:
    """Products, promotions and market facts that are valid, competitors, plays, and the lines of the cards."""
    parts: list[str] = []
    for _, layer in knowledge.layers(language):
        known, play = layer.knowledge, layer.playbook
        for product in known.products:
            facts = " ".join(product.facts)
            price = f" Price: {product.price}." if product.price else ""
            parts.append(f"Product {product.name}.{price} {product.text} {facts}")
        for kind, facts_of in (("Promotion", known.promotions), ("Market", known.market)):
            for fact in facts_of:
                if today <= fact.valid_until and (fact.valid_from is None or fact.valid_from <= today):
                    parts.append(f"{kind}: {fact.text} Source: {fact.source}. Valid until {fact.valid_until}.")
        parts += [f"Competitor {each.name}: {each.text}" for each in known.competitors]
        parts += [f"Stage {name}: {stage.goal} {' '.join(stage.ask)}" for name, stage in play.stages.items()]
        parts += [f"Must not be said: {item.text}" for item in play.compliance]
        for category, variants in layer.responses.objections.items():
            parts += [
                f"Objection {category}: {r.say} {r.ask or ''} {' '.join(_plain(r.facts))}" for r in variants.values()
            ]
        for table in (layer.responses.signals, layer.responses.stages):
            parts += [f"{name}: {r.say} {r.ask or ''} {' '.join(_plain(r.facts))}" for name, r in table.items()]
    return "\n".join(part.rstrip() for part in parts)


def _plain(facts: list[str]) -> list[str]:
    return [fact for fact in facts if not fact.startswith("@")]
