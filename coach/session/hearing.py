"""Transcript frames into the transcript and findings: revisions, finals, what is confirmed, taken back, handled."""

from array import array
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from coach.detect import language as language_of
from coach.detect.lexicon import Lexicon
from coach.detect.linear import Vector
from coach.detect.scan import Scan
from coach.detect.score import ClientReading, Finding, SellerReading, read_client, read_seller
from coach.packs.knowledge import Knowledge
from coach.session.effects import Again, Take
from coach.session.inputs import Heard
from coach.session.out import Cause, Out
from coach.session.state import Core, Identity, OpenUtterance
from coach.session.view import View
from coach.taxonomy import Language

ENTER = 0.42
"""A provisional finding needs this strength in two interims that follow each other,"""
SURE = 0.55
"""or this much in one,"""
CONFIRM = 0.5
"""a confirmed one this much of the final's text,"""
LEAVE = 0.2
"""and a provisional one is taken back below this: the gap keeps it from flickering."""
STANDING_MOST = 50
"""Open objections that a later word may answer, the newest: nobody comes back to what was said fifty objections ago."""
LANGUAGE_WORDS = 40
"""The newest words decide the language: enough to be sure, and the same work for a long utterance."""
OPEN_UTTERANCES = 32
"""Utterances without a final at one time; the oldest makes room. Two speakers have two."""

Key = tuple[str, str]
"""(source, utterance)"""


@dataclass(slots=True)
class Change:
    """What a frame changed that coaching reacts to, besides the events already published."""

    raised: list[dict[str, Any]] = field(default_factory=list)
    """Objection and signal events that became provisional or confirmed with this frame."""
    closed: list[str] = field(default_factory=list)
    """Ids of findings retracted or handled."""
    stage: bool = False
    client: ClientReading | None = None
    seller: SellerReading | None = None
    competitors: tuple[str, ...] = ()


class Hearing:
    """The listening half of a session."""

    def __init__(self, identity: Identity, knowledge: Knowledge, core: Core, view: View) -> None:
        self._identity = identity
        self._knowledge = knowledge
        self._core = core
        self._view = view
        self._scans: dict[Key, Scan] = {}
        self._utterances: dict[Key, OpenUtterance] = {(u.source, u.utterance): u for u in core.open}
        self._finals: dict[str, set[str]] = {}
        """By source, the utterances that have their final."""
        self._said = ""
        """The newest final of the seller: what a client answers."""
        self._contexts: dict[Language, Vector] = {}
        """By language, what `_said` adds to the answer's labels."""
        self._taken: dict[str, array[int]] = {}
        """By source, where each `seq` stands in the transcript: the last one's `seq` is the length."""
        for place, event in enumerate(view.transcript):
            self._remember(event, place)
        self._live: dict[Key, dict[str, dict[str, Any]]] = {}
        """Provisional findings of open utterances, newest event by finding id, in the order of the events."""
        for event in sorted([*view.objections.values(), *view.signals.values()], key=lambda each: each["offset"]):
            if event["status"] == "provisional":
                self._live.setdefault((event["source"], event["utterance"]), {})[event["id"]] = event

    def taken(self, source: str) -> int:
        """The highest `seq` of this source that was taken."""
        return len(self._taken.get(source, ()))

    def interims(self) -> list[dict[str, Any]]:
        """Open utterances in the shape of `transcript` events without time and offset."""
        return [self._interim_fields(utterance) for utterance in self._utterances.values()]

    def hear(self, heard: Heard, out: Out) -> Change | None:
        """Take a frame in; None if it changed nothing or was refused."""
        key = (heard.source, heard.utterance)
        if heard.final:
            if not self._in_order(heard, key, out):
                return None
        elif self._finished(key):
            return None
        change = Change()
        if not heard.final and self._repeats(heard, key):
            self._interim(self._utterances[key], out)
            return change
        if key not in self._utterances and len(self._utterances) >= OPEN_UTTERANCES:
            self._forget(next(iter(self._utterances)), change, out)
        scan = self._scan(heard, key)
        utterance = self._utterances[key]
        cause = Cause(heard.utterance, heard.source)
        if heard.final:
            self._final(heard, utterance, out)
        else:
            self._interim(utterance, out)
        if heard.speaker == "client":
            scan.context = self._context(scan.lexicon)
            change.client = read_client(scan)
            change.competitors = change.client.competitors
            self._findings(key, change.client.findings, heard, scan.lexicon.language, change, out)
        else:
            self._findings(key, (), heard, scan.lexicon.language, change, out)
            if heard.final:
                change.seller = read_seller(scan)
        if heard.final:
            self._settle(key, cause, utterance, change, out)
            self._scans.pop(key, None)
            del self._utterances[key]
        self._core.open = list(self._utterances.values())
        return change

    def forget_provisional(self, out: Out) -> list[str]:
        """Retract whatever has no final: at the end of a call, and after a crash. Ids of the findings."""
        change = Change()
        for key in [*self._utterances, *self._live]:
            self._forget(key, change, out)
        self._core.open = []
        return change.closed

    def _forget(self, key: Key, change: Change, out: Out) -> None:
        self._utterances.pop(key, None)
        self._scans.pop(key, None)
        for name, event in self._live.pop(key, {}).items():
            self._again(event, "retracted", out)
            change.closed.append(name)

    def _in_order(self, heard: Heard, key: Key, out: Out) -> bool:
        assert heard.seq is not None
        taken = self._taken.get(heard.source, ())
        if heard.seq <= len(taken):
            before = self._view.transcript[taken[heard.seq - 1]]
            if all(before[name] == getattr(heard, name) for name in _CONTENT):
                out.effects.append(Again(heard.source))
            else:
                out.refuse("conflict", f"seq {heard.seq} was taken with another content", seq=heard.seq)
            return False
        if heard.seq > len(taken) + 1:
            expect = len(taken) + 1
            out.refuse("gap", f"seq {heard.seq} is too high, {expect} is next", seq=heard.seq, expect=expect)
            return False
        if self._finished(key):
            out.refuse("conflict", "utterance: has its final already, under another seq", seq=heard.seq)
            return False
        return True

    def _finished(self, key: Key) -> bool:
        source, utterance = key
        return utterance in self._finals.get(source, ())

    def _repeats(self, heard: Heard, key: Key) -> bool:
        """Whether an interim says what is known already, as recognisers do between two words: nothing to read anew."""
        known = self._utterances.get(key)
        if known is None:
            return False
        if (known.speaker, known.text) != (heard.speaker, heard.text) or heard.language not in (None, known.language):
            return False
        known.start_ms, known.end_ms = heard.start_ms, heard.end_ms
        return True

    @staticmethod
    def _interim(utterance: OpenUtterance, out: Out) -> None:
        key, cause = f"interim:{utterance.source}:{utterance.utterance}", Cause(utterance.utterance, utterance.source)
        out.show("transcript", key, cause, **_spoken(utterance), final=False)

    def _scan(self, heard: Heard, key: Key) -> Scan:
        """The utterance's scan with the new text, in the language it is in."""
        if key not in self._utterances:
            self._utterances[key] = OpenUtterance(
                heard.source, heard.utterance, heard.speaker, "", heard.start_ms, heard.end_ms, self._core.language
            )
        utterance = self._utterances[key]
        declared = heard.language or (self._identity.language if self._identity.language != "auto" else None)
        scan = self._scans.get(key)
        language: Language = declared or utterance.language
        client = heard.speaker == "client"
        if scan is None or scan.lexicon.language != language or scan.weighed != client:
            scan = Scan(self._knowledge.lexicons[language], client)
        scan.update(heard.text)
        if declared is None:
            tail = scan.tokens[-LANGUAGE_WORDS:]
            weights = language_of.weigh((token.word for token in tail), heard.text[tail[0].start :] if tail else "")
            language = language_of.decide(weights, language)
            if language != scan.lexicon.language:
                scan = Scan(self._knowledge.lexicons[language], client)
                scan.update(heard.text)
        self._scans[key] = scan
        utterance.speaker, utterance.text, utterance.language = heard.speaker, heard.text, language
        utterance.start_ms, utterance.end_ms = heard.start_ms, heard.end_ms
        if heard.speaker == "client" or not self._view.transcript:
            # What is said aloud to the customer is in the customer's language.
            self._core.language = language
        return scan

    def _final(self, heard: Heard, utterance: OpenUtterance, out: Out) -> None:
        out.effects.append(Take(heard, utterance.language))
        cause = Cause(heard.utterance, heard.source)
        event = out.publish("transcript", cause, **_spoken(utterance), final=True, seq=heard.seq)
        self._remember(event, len(self._view.transcript) - 1)

    def _context(self, lexicon: Lexicon) -> Vector | None:
        if lexicon.linear is None or not self._said:
            return None
        if lexicon.language not in self._contexts:
            self._contexts[lexicon.language] = lexicon.linear.context(self._said)
        return self._contexts[lexicon.language]

    def _remember(self, event: dict[str, Any], place: int) -> None:
        if event["speaker"] == "seller":
            self._said = event["text"]
            self._contexts.clear()
        self._finals.setdefault(event["source"], set()).add(event["utterance"])
        self._taken.setdefault(event["source"], array("I")).append(place)

    def _findings(
        self, key: Key, found: tuple[Finding, ...], heard: Heard, language: Language, change: Change, out: Out
    ) -> None:
        """Bring this utterance's findings to what its text says now."""
        live = self._live.setdefault(key, {})
        utterance = self._utterances[key]
        near, seen = [], set()
        for finding in found:
            name = f"{heard.source}/{heard.utterance}/{finding.label}"
            before = live.get(name)
            needed = CONFIRM if heard.final else LEAVE if before else ENTER
            if finding.strength < needed:
                continue
            if before is None and not heard.final and finding.strength < SURE:
                near.append(finding.label)
                if finding.label not in utterance.near:
                    continue
            seen.add(name)
            if before is not None and not heard.final:
                continue
            fields: dict[str, Any] = {
                "id": name,
                ("category" if finding.kind == "objection" else "kind"): finding.label,
                "status": "confirmed" if heard.final else "provisional",
                "confidence": finding.confidence,
                "quote": heard.text[finding.start : finding.end],
                **({"language": language} if finding.kind == "objection" else {}),
                "by": "instant",
            }
            event = out.publish(finding.kind, Cause(heard.utterance, heard.source), **fields)
            change.raised.append(event)
            if not heard.final:
                live[name] = event
            elif finding.kind == "signal":
                self._core.meter.signals[finding.label] = self._core.meter.signals.get(finding.label, 0) + 1
        utterance.near = near
        for name in [name for name in live if name not in seen]:
            self._again(live.pop(name), "retracted", out)
            change.closed.append(name)
        if heard.final or not live:
            self._live.pop(key, None)

    def _settle(self, key: Key, cause: Cause, utterance: OpenUtterance, change: Change, out: Out) -> None:
        """What a final means for the call: profile, stage, meter, earlier objections."""
        core = self._core
        raised = {event["type"] for event in change.raised}
        evidence = {**change.seller.stages} if change.seller else {}
        if "objection" in raised:
            evidence["objection_handling"] = evidence.get("objection_handling", 0.0) + 1.5
        if any(event.get("kind") == "next_step" for event in change.raised):
            evidence["closing"] = evidence.get("closing", 0.0) + 1.0
        words = (change.client or change.seller).words  # type: ignore[union-attr]
        core.meter.heard(utterance.speaker, words, utterance.start_ms, utterance.end_ms)
        if change.client is not None:
            self._handled(change.client, cause, change, out)
            linear = self._knowledge.lexicons[utterance.language].linear
            kinds = linear.kinds if linear is not None else None
            if core.profile.add(utterance.utterance, utterance.text, change.client, kinds):
                out.publish("archetype", cause, **core.profile.fields())
        if utterance.speaker == "seller":
            core.answered = True
        elif "objection" in raised:
            core.answered = False
        change.stage = core.stage.add(evidence)
        if change.stage:
            out.publish("stage", cause, stage=core.stage.stage, confidence=core.stage.confidence())

    def _handled(self, reading: ClientReading, cause: Cause, change: Change, out: Out) -> None:
        """Objections of earlier utterances that this one takes back, or is content about."""
        standing = self._view.standing
        newest = list(islice(reversed(standing.values()), STANDING_MOST))[::-1]
        mine = (cause.source, cause.utterance)
        earlier = [event for event in newest if (event["source"], event["utterance"]) != mine]
        over = [event for event in earlier if event["category"] in reading.resolved]
        content = reading.accepted or any(
            event["type"] == "signal" and event["kind"] in ("agreement", "next_step") for event in change.raised
        )
        new = any(event["type"] == "objection" for event in change.raised)
        if content and not new and self._core.answered and earlier and earlier[-1] not in over:
            over.append(earlier[-1])
        for event in over:
            self._again(event, "handled", out)
            change.closed.append(event["id"])

    @staticmethod
    def _again(event: dict[str, Any], status: Literal["retracted", "handled"], out: Out) -> None:
        """The same finding in a later status; its utterance stays the one that raised it."""
        fields = {k: v for k, v in event.items() if k not in _ENVELOPE}
        out.publish(event["type"], Cause(event["utterance"], event["source"]), **{**fields, "status": status})

    @staticmethod
    def _interim_fields(utterance: OpenUtterance) -> dict[str, Any]:
        return {"utterance": utterance.utterance, "source": utterance.source, **_spoken(utterance), "final": False}


_CONTENT = ("utterance", "speaker", "text", "start_ms", "end_ms")
_ENVELOPE = ("type", "session", "at", "offset", "utterance", "source")


def _spoken(utterance: OpenUtterance) -> dict[str, Any]:
    return {
        "speaker": utterance.speaker,
        "text": utterance.text,
        "start_ms": utterance.start_ms,
        "end_ms": utterance.end_ms,
        "language": utterance.language,
    }
