"""The call in short, from its durable events alone."""

import re
from typing import Any

from coach.packs.knowledge import Knowledge
from coach.session.state import Core, Identity
from coach.session.view import View
from coach.taxonomy import Language

NEEDS = 6
FACTS = 6
_SECTION = re.compile(r"([^\n.!?]*:\s*)?\{(needs|answers|next_step)\}")
"""A placeholder, with the sentence before it that ends in a colon: without anything to say, both go."""
_NEED_SIGNALS = ("configuration", "ownership_language", "timeline", "financing", "social_proof")


def summarize(identity: Identity, knowledge: Knowledge, core: Core, view: View) -> dict[str, Any]:
    """The payload of the `summary` event."""
    objections = [
        {
            "category": event["category"],
            "quote": event["quote"],
            "status": event["status"],
            "answer": view.answers[event["id"]].say if event["id"] in view.answers else None,
        }
        for event in view.objections.values()
        if event["status"] != "retracted"
    ]
    needs = [
        {"kind": event["kind"], "quote": event["quote"]}
        for event in view.signals.values()
        if event["status"] == "confirmed" and event["kind"] in _NEED_SIGNALS
    ]
    wants = needs[:NEEDS]
    # The draft goes to the customer: it has what they said they want, not what seems to drive them.
    needs += [{"kind": item["id"], "quote": item["quote"]} for item in reversed(core.profile.evidence)]
    steps = [e["quote"] for e in view.signals.values() if e["kind"] == "next_step" and e["status"] == "confirmed"]
    next_step = steps[-1] if steps else None
    return {
        "outcome": core.outcome,
        "objections": objections,
        "archetype": core.profile.stable,
        "needs": needs[:NEEDS],
        "next_step": next_step,
        "follow_up": _follow_up(knowledge, core, wants, _facts(knowledge, core.language, view), next_step),
        "metrics": core.figures(),
        "cost": _cost(core),
    }


def _cost(core: Core) -> dict[str, Any]:
    cost: dict[str, Any] = dict(core.cost)
    if "estimated" in cost:
        cost["estimated"] = True
    return cost


def _follow_up(
    knowledge: Knowledge,
    core: Core,
    needs: list[dict[str, Any]],
    facts: list[str],
    next_step: str | None,
) -> str:
    draft = knowledge.follow_up(core.language)
    if draft is None:
        return ""
    agreed = next_step or (
        knowledge.label("summary_next_step", core.language) if core.outcome in ("next_step", "won") else ""
    )
    filled = {
        "needs": "\n".join(f"– {need['quote']}" for need in needs),
        "answers": "\n".join(f"– {fact}" for fact in facts),
        "next_step": agreed,
    }

    def section(match: re.Match[str]) -> str:
        value = filled[match[2]]
        return (match[1] or "") + value if value else ""

    body = re.sub(r"[ \t]*\n{3,}|[ \t]+\n\n", "\n\n", _SECTION.sub(section, draft.body))
    return f"{draft.subject}\n\n{body}"


def _facts(knowledge: Knowledge, language: Language, view: View) -> list[str]:
    """What the cards on objections knew, in the customer's language: what they say is for speaking, not for a letter."""
    found: dict[str, None] = {}
    for name, answer in view.answers.items():
        response = knowledge.variant(answer.variant, language)
        if view.objections[name]["status"] != "retracted" and response is not None:
            found.update(dict.fromkeys(knowledge.facts(response.facts, language, answer.at)))
    return list(found)[:FACTS]
