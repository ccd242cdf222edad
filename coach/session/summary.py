"""The call in short, from its durable events alone."""

from typing import Any

from coach.packs.knowledge import Knowledge
from coach.session.state import Core, Identity
from coach.session.view import View

NEEDS = 6
_NEED_SIGNALS = ("configuration", "ownership_language", "timeline", "financing", "social_proof")


def summarize(identity: Identity, knowledge: Knowledge, core: Core, view: View) -> dict[str, Any]:
    """The payload of the `summary` event."""
    answers = {event["trigger"]["id"]: event["say"] for event in view.answers.values()}
    objections = [
        {
            "category": event["category"],
            "quote": event["quote"],
            "status": event["status"],
            "answer": answers.get(event["id"]),
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
        "follow_up": _follow_up(knowledge, core, wants, objections, next_step),
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
    objections: list[dict[str, Any]],
    next_step: str | None,
) -> str:
    draft = knowledge.follow_up(core.language)
    if draft is None:
        return ""
    none = knowledge.label("summary_next_step_none", core.language)
    filled = {
        "{needs}": "\n".join(f"– {need['quote']}" for need in needs) or "–",
        "{answers}": "\n".join(f"– {o['answer']}" for o in objections if o["answer"]) or "–",
        "{next_step}": next_step or none,
    }
    text = f"{draft.subject}\n\n{draft.body}"
    for placeholder, value in filled.items():
        text = text.replace(placeholder, value)
    return text
