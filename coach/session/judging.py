"""The judge's verdicts: what is asked, and what an answer confirms, takes back or adds.

The judge never delays anything: an answer is one more input, whenever it comes. What it names must stand in the
utterance, word for word; the rest of its answer is dropped.
"""

import zlib
from dataclasses import dataclass, replace
from typing import Any

from coach.session.coaching import over_budget
from coach.session.effects import Judge, Keep, StopJudging
from coach.session.hearing import Change
from coach.session.inputs import Heard, Judged
from coach.session.out import Cause, Out
from coach.session.state import Core, Identity
from coach.session.view import View
from coach.taxonomy import CATEGORIES, SIGNALS, Language

CONTEXT_TURNS = 6
JUDGE_P = 0.85
"""Confidence of a finding that the judge names: an assumption until enough verdicts were checked by people."""
QUOTE_CHARS = 2_000
"""A longer quote is no quote, and is dropped."""
_EDGES = " \t\n\"'„“”‚‘’«».,;:!?…"


class Judging:
    """The reading half of a session."""

    def __init__(self, identity: Identity, core: Core, view: View) -> None:
        self._identity = identity
        self._core = core
        self._view = view

    def ask(self, heard: Heard, language: Language, out: Out) -> None:
        """Have a client's final read, if this call is judged, its share of utterances includes this one, and there
        is money left."""
        name = f"{heard.source}/{heard.utterance}"
        share = self._identity.judge_share
        if not heard.text.strip() or share <= 0 or over_budget(self._identity, self._core):
            return
        # By the name, not by chance: the same call has the same utterances read again.
        if zlib.crc32(f"{self._identity.session}/{name}".encode()) >= share * 2**32:
            return
        assert heard.seq is not None
        self._core.judging[name] = out.now_ms
        before = self._view.transcript[-CONTEXT_TURNS - 1 : -1]
        turns = tuple((final["speaker"], final["text"]) for final in before)
        out.effects.append(Judge(heard.source, heard.seq, heard.utterance, heard.text, language, turns))

    def hear(self, judged: Judged, out: Out) -> tuple[Change, int] | None:
        """Take a verdict in: what it changed, and when its words were said (Unix ms). None if it changed nothing,
        came twice, or is not waited for."""
        name = f"{judged.source}/{judged.utterance}"
        said_at = self._core.judging.pop(name, None)
        if said_at is None:
            return None
        self._core.spend(judged.usage)
        if judged.usage.get("cost_usd"):
            self._core.cost["judge_usd"] = self._core.cost.get("judge_usd", 0) + judged.usage["cost_usd"]
        if judged.status != "done":
            return None
        final, answered = self._final(judged)
        judged = replace(
            judged,
            objections=_verbatim(judged.objections, CATEGORIES, final["text"]),
            signals=_verbatim(judged.signals, SIGNALS, final["text"]),
        )
        out.effects.append(Keep(judged, out.now_ms))
        change = Change()
        cause = Cause(judged.utterance, judged.source)
        self._apply("objection", CATEGORIES, dict(judged.objections), final, cause, change, out)
        if change.raised and not answered:
            self._core.answered = False
        self._apply("signal", SIGNALS, dict(judged.signals), final, cause, change, out)
        return change, said_at

    def stop(self, out: Out) -> None:
        """Have every verdict end that is waited for, and wait for what it took."""
        if self._core.judging:
            out.effects.append(StopJudging())

    def _final(self, judged: Judged) -> tuple[dict[str, Any], bool]:
        """What was judged, and whether the seller has spoken since."""
        answered = False
        for event in reversed(self._view.transcript):
            if (event["source"], event["utterance"]) == (judged.source, judged.utterance):
                return event, answered
            answered = answered or event["speaker"] == "seller"
        raise LookupError(judged.utterance)

    def _apply(
        self,
        kind: str,
        labels: tuple[str, ...],
        found: dict[str, str],
        final: dict[str, Any],
        cause: Cause,
        change: Change,
        out: Out,
    ) -> None:
        """Bring the findings of one kind to what the verdict says; what was handled since stays as it is."""
        known = self._view.objections if kind == "objection" else self._view.signals
        for label in labels:
            name = f"{cause.source}/{cause.utterance}/{label}"
            before = known.get(name)
            standing = before is not None and before["status"] == "confirmed"
            if label not in found:
                if standing:
                    assert before is not None
                    self._publish(kind, cause, {**_own(before), "status": "retracted"}, out)
                    self._count(kind, label, -1)
                    change.closed.append(name)
                continue
            if before is not None and before["status"] == "handled":
                continue
            fields = _own(before) if before is not None and standing else self._added(kind, name, label, found, final)
            confidence = max(JUDGE_P, fields["confidence"])
            event = self._publish(kind, cause, {**fields, "status": "confirmed", "confidence": confidence}, out)
            if not standing:
                self._count(kind, label, 1)
                change.raised.append(event)

    @staticmethod
    def _added(kind: str, name: str, label: str, found: dict[str, str], final: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": name,
            ("category" if kind == "objection" else "kind"): label,
            "confidence": JUDGE_P,
            "quote": found[label],
            **({"language": final["language"]} if kind == "objection" else {}),
        }

    @staticmethod
    def _publish(kind: str, cause: Cause, fields: dict[str, Any], out: Out) -> dict[str, Any]:
        return out.publish(kind, cause, **{**fields, "by": "judge"})

    def _count(self, kind: str, label: str, more: int) -> None:
        if kind == "signal":
            signals = self._core.meter.signals
            signals[label] = max(0, signals.get(label, 0) + more)


def _own(event: dict[str, Any]) -> dict[str, Any]:
    drop = ("type", "session", "at", "offset", "utterance", "source")
    return {name: value for name, value in event.items() if name not in drop}


@dataclass(frozen=True, slots=True)
class Haystack:
    """A text in which quotes are looked for, whatever their case and spacing: made once for all of a verdict."""

    text: str
    _plain: str
    """Case folded, every run of blanks one blank."""
    _at: list[int]
    """Where each character of `_plain` stands in `text`."""

    @classmethod
    def of(cls, text: str) -> "Haystack":
        plain, at = list[str](), list[int]()
        for place, character in enumerate(text):
            if not character.isspace():
                folded = character.casefold()  # may be several: a sharp s is two
                plain.append(folded)
                at += [place] * len(folded)
            elif not plain or plain[-1] != " ":
                plain.append(" ")
                at.append(place)
        return cls(text, "".join(plain), at)

    def find(self, quote: str) -> str | None:
        """The part of the text that is `quote`, but for case, spacing and marks around it."""
        needle = " ".join(quote.strip(_EDGES).casefold().split())
        found = self._plain.find(needle) if needle and len(quote) <= QUOTE_CHARS else -1
        return self.text[self._at[found] : self._at[found + len(needle) - 1] + 1] if found >= 0 else None


def _verbatim(found: tuple[tuple[str, str], ...], labels: tuple[str, ...], text: str) -> tuple[tuple[str, str], ...]:
    """Known labels with their quotes as they stand in the text, the first of each label; others are dropped."""
    haystack = Haystack.of(text) if found else None
    kept: dict[str, str] = {}
    for label, quote in found:
        if haystack and label in labels and label not in kept and (place := haystack.find(quote)):
            kept[label] = place
    return tuple(kept.items())
