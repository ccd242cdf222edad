"""Nudges: at most one in 20 s, each kind at most once in two minutes, compliance and swapped roles excepted."""

from typing import Any

from coach.packs.knowledge import Knowledge
from coach.session.hearing import Change
from coach.session.out import Cause, Out
from coach.session.state import Core
from coach.taxonomy import STAGES

ANY_MS = 20_000
KIND_MS = 120_000
MONOLOGUE_MS = 76_000
"""The average longest monologue of calls that win is 76 s (Gong labs); beyond it customers drift."""
TALK_RATIO = 0.65
"""Sellers average 65–75 %, the best 43 % (Gong labs, 25,537 calls)."""
TALK_RATIO_AFTER_MS = 180_000
PACE_WPM = 180.0
"""Conversation runs at about 150 words a minute; 20 % more is hurried."""
PACE_FINALS = 5
SWAP_FINALS = 10
SWAP_SELLING = 4
SWAP_BUYING = 2


def nudge(change: Change, cause: Cause, knowledge: Knowledge, core: Core, out: Out) -> None:
    """Publish what this final gives reason for."""
    language = core.ui_language

    def give(kind: str, item: str = "", *, urgent: bool = False) -> None:
        last = max(core.nudged.values(), default=-KIND_MS)
        mine = core.nudged.get(kind, -KIND_MS)
        if not urgent and (out.now_ms - last < ANY_MS or out.now_ms - mine < KIND_MS):
            return
        core.nudged[kind] = out.now_ms
        text = knowledge.label(f"nudge_{kind}", language).replace("{item}", item)
        out.publish("nudge", cause, kind=kind, text=text)

    core.swap = [*core.swap[-(SWAP_FINALS - 1) :], _swap(change)]
    selling, buying = (sum(column) for column in zip(*core.swap, strict=True))
    if selling >= SWAP_SELLING and buying >= SWAP_BUYING:
        core.swap = [(0, 0)]
        give("roles_swapped", urgent=True)
    if change.seller is None:
        return
    rules = {rule.id: rule.text for rule in knowledge.compliance(language)}
    for rule, _, _ in change.seller.compliance[:1]:
        give("compliance", rules.get(rule, rule), urgent=True)
    core.done += [item for item in change.seller.checklist if item not in core.done]
    if core.meter.monologue_ms > MONOLOGUE_MS:
        give("monologue")
    spoken = core.meter.seller_ms + core.meter.client_ms
    if spoken >= TALK_RATIO_AFTER_MS and core.meter.talk_ratio > TALK_RATIO:
        give("talk_ratio")
    if len(core.meter.pace) >= PACE_FINALS and core.meter.words_per_minute > PACE_WPM:
        give("pace")
    if change.stage and core.stage.stage is not None:
        now = STAGES.index(core.stage.stage)
        due = [i for i in knowledge.checklist(language) if STAGES.index(i.by_stage) < now and i.id not in core.done]
        if due:
            give("checklist", due[0].text)


def _swap(change: Change) -> tuple[int, int]:
    client: Any = change.client
    seller: Any = change.seller
    return (client.selling if client else 0, seller.buying if seller else 0)
