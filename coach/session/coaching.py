"""Cards and their suggestions: the attention budget decides what a seller sees, and when.

One primary card; an objection's card is shown at once; anything else waits for a moment in which the seller
listens, at most one new card in 8 s, and is dropped when its moment does not come (docs/design.md, "Attention").
"""

from typing import Any, Literal

from coach.packs.knowledge import Knowledge, Line
from coach.packs.schema import Response
from coach.session.effects import Prompt, Suggest
from coach.session.hearing import Change
from coach.session.inputs import Asked, Cancelled, SuggestionEnded
from coach.session.out import Cause, Out
from coach.session.state import Core, Identity, OpenCard, Proposal
from coach.session.view import View
from coach.taxonomy import Archetype, Language

NEW_CARD_MS = 8_000
OBJECTION_MS = 30_000
"""A customer waits 20–45 s for an answer to an objection (docs/design.md, "Attention")."""
OTHER_MS = 20_000
ASK_MS = 60_000
WAIT_MS = 10_000
"""A signal's card that has not been shown by then is about something said too long ago."""
QUESTION_CHARS = 80
WAITING = 5
OBJECTION_CARDS = 3
PROMPT_TURNS = 80
PROMPT_STEP = 40
"""A prompt has the whole call, or of a long one the last 40 to 80 turns: it loses turns in steps, because a provider
reads a beginning that it has read before for a tenth of the price, and sooner."""
TURN_CHARS = 1_000
JUDGE_CLOSES_MS = 2_000
"""A card that has been read for longer than this stays, whatever the judge says of its finding (protocol)."""
JUDGE_OPENS_MS = 5_000
"""A finding that the judge adds later than this after the words is about something said too long ago for a card."""
ARCHETYPE_P = 0.4
"""Below this the default response is the safer one."""

Why = Literal["retracted", "handled", "superseded", "used", "expired"]


class Coaching:
    """The speaking half of a session."""

    def __init__(self, identity: Identity, knowledge: Knowledge, core: Core, view: View) -> None:
        self._identity = identity
        self._knowledge = knowledge
        self._core = core
        self._view = view

    def react(self, change: Change, out: Out) -> None:
        """Cards for what a transcript frame raised; the cards of what it closed go."""
        for finding in change.closed:
            status = self._finding(finding)["status"]
            self._close_for(finding, "handled" if status == "handled" else "retracted", out)
        self._raised(change, out)
        stage = self._view.stage
        # An objection has its own card: one about the stage of objections would say nothing more.
        if change.stage and stage is not None and stage["stage"] != "objection_handling":
            self._propose("stage", stage["stage"], stage["stage"], stage, out)
        self.tick(out)

    def judged(self, change: Change, said_at: int, out: Out) -> None:
        """Cards for what a judge added to words said at `said_at` (Unix ms); a card goes only while it is new."""
        for finding in change.closed:
            if all(
                out.now_ms - card.opened_at <= JUDGE_CLOSES_MS for card in self._core.cards if card.label == finding
            ):
                self._close_for(finding, "retracted", out)
        if out.now_ms - said_at <= JUDGE_OPENS_MS:
            self._raised(change, out)
        self.tick(out)

    def ask(self, asked: Asked, out: Out) -> None:
        """A card for the seller's own question: what the play for this stage says, until a model answers.

        Without a model it says so.
        """
        self._core.asks += 1
        language = self._core.language
        stage = self._core.stage.stage or "discovery"
        line = self._knowledge.stage(stage, language)
        if line is None:
            out.refuse("not_allowed", "the pack has no answer to questions")
            return
        for card in [card.id for card in self._core.cards if card.trigger == "ask"]:
            self._close(card, "superseded", out)
        title = self._knowledge.label("ask_title", self._core.ui_language)
        facts = self._knowledge.advice(stage, self._core.profile.stable, self._core.ui_language)
        if self._identity.provider is None:
            # Nobody will answer: show what was asked, and say why there is only the stage's play.
            title = f"{title}: {asked.text[:QUESTION_CHARS]}"
            facts = [self._knowledge.label("ask_no_model", self._core.ui_language), *facts]
        self._open(
            "ask",
            f"a{self._core.asks}",
            "ask",
            line,
            language,
            1.0,
            ASK_MS,
            None,
            out,
            title=title,
            facts=facts,
            question=asked.text,
        )

    def cancel(self, cancelled: Cancelled, out: Out) -> None:
        """Stop a card's suggestion. A card without a running one is left as it is."""
        if not self.knows(cancelled.card):
            out.refuse("bad_frame", "card: there is none of that id")
        elif cancelled.card in self._core.streaming:
            out.stop(cancelled.card, "cancelled")

    def ended(self, end: SuggestionEnded, out: Out) -> None:
        """The one end of a suggestion. A second one changes nothing."""
        if end.card not in self._core.streaming:
            return
        cause = self._core.streaming.pop(end.card)
        self._core.spend(end.usage)
        out.publish(
            "suggestion",
            Cause(*cause) if cause else None,
            card=end.card,
            status=end.status,
            provider=end.provider,
            model=end.model,
            text=end.text,
            timing=end.timing,
            usage=end.usage,
        )

    def forget(self, finding: str, out: Out) -> None:
        """A provisional finding was taken back without a frame: its card goes."""
        self._close_for(finding, "retracted", out)

    def used(self, card: str, out: Out) -> None:
        """The seller used a card: it makes room."""
        self._close(card, "used", out)

    def knows(self, card: str) -> bool:
        """Whether this session ever had that card."""
        number = card.removeprefix("c")
        return (
            card.startswith("c")
            and number.isascii()
            and number.isdigit()
            and str(int(number)) == number
            and 1 <= int(number) <= self._core.card_count
        )

    def tick(self, out: Out) -> None:
        """Close what expired and show what may be shown now."""
        for card in [card.id for card in self._core.cards if card.expires_at <= out.now_ms]:
            self._close(card, "expired", out)
        fresh = [proposal for proposal in self._core.waiting if proposal.until > out.now_ms]
        self._core.missed += len(self._core.waiting) - len(fresh)
        self._core.waiting = fresh
        if fresh and self._moment(out.now_ms) <= out.now_ms:
            self._show(self._core.waiting.pop(0), out)

    def due_ms(self, now_ms: int) -> int | None:
        """When `tick` next has something to do."""
        times = [card.expires_at for card in self._core.cards]
        times += [proposal.until for proposal in self._core.waiting]
        if self._core.waiting:
            times.append(max(now_ms, self._moment(now_ms)))
        return min(times, default=None)

    def close_all(self, out: Out) -> None:
        """Close every card and drop what waits: the call is over."""
        self._core.missed += len(self._core.waiting)
        self._core.waiting = []
        for card in list(self._core.cards):
            self._close(card.id, "expired", out)

    def _moment(self, now_ms: int) -> int:
        """When a card that is not critical may be shown, as far as known now."""
        moment = self._core.seller_talks_until
        if self._core.last_card_at is not None:
            moment = max(moment, self._core.last_card_at + NEW_CARD_MS)
        busy = [card.expires_at for card in self._core.cards if card.trigger in ("objection", "ask")]
        return max(moment, *busy) if busy else moment

    def _raised(self, change: Change, out: Out) -> None:
        for event in change.raised:
            if event["type"] == "objection":
                self._objection(event, change.competitors, out)
            elif event["status"] == "confirmed":
                self._propose("signal", event["kind"], event["id"], event, out)

    def _objection(self, event: dict[str, Any], competitors: tuple[str, ...], out: Out) -> None:
        core, category = self._core, event["category"]
        mine = [card for card in core.cards if card.trigger == "objection"]
        shown = self._view.answers.get(event["id"])
        if shown is not None and shown.why != "retracted":
            return
        for card in mine:
            if self._finding(card.label)["category"] == category:
                if out.now_ms - card.opened_at < NEW_CARD_MS:
                    return
                self._close(card.id, "superseded", out)
        line = self._choose(event)
        if line is None:
            return
        rest = [card for card in core.cards if card.trigger == "objection"]
        others = [card for card in core.cards if card.trigger != "objection" and card.trigger != "ask"]
        for card in [*rest[: max(0, len(rest) - OBJECTION_CARDS + 1)], *others]:
            self._close(card.id, "superseded", out)
        extra = [self._knowledge.competitor(name, self._core.ui_language) for name in competitors]
        facts = [fact for fact in extra if fact] if category == "competition" else []
        self._open(
            "objection",
            event["id"],
            event["id"],
            line,
            event["language"],
            event["confidence"],
            OBJECTION_MS,
            event,
            out,
            facts=facts,
        )

    def _choose(self, event: dict[str, Any]) -> Line | None:
        """The response for this client; one that was shown already gives way to one that was not."""
        language = event["language"]
        first, p = self._core.profile.ranking()[0]
        likely: Archetype | None = self._core.profile.stable or (first if p >= ARCHETYPE_P else None)
        lines = [self._knowledge.objection(event["category"], who, language) for who in (likely, None)]
        known = [line for line in lines if line is not None]
        return min(known, key=lambda line: self._core.shown.get(line.variant, 0), default=None)

    def _propose(
        self, trigger: Literal["signal", "stage"], label: str, trigger_id: str, event: dict[str, Any], out: Out
    ) -> None:
        core = self._core
        if any(proposal.label == label for proposal in core.waiting) or any(card.label == label for card in core.cards):
            return
        if len(core.waiting) >= WAITING:
            core.waiting.pop()
            core.missed += 1
        proposal = Proposal(
            trigger,
            label,
            trigger_id,
            event["utterance"],
            event["source"],
            event.get("quote", ""),
            event["confidence"],
            core.language,
            out.now_ms + WAIT_MS,
        )
        # A signal says what the customer wants now; a stage only where the call is.
        at = 0 if trigger == "signal" else len(core.waiting)
        core.waiting.insert(at, proposal)

    def _show(self, proposal: Proposal, out: Out) -> None:
        line = (
            self._knowledge.signal(proposal.label, proposal.language)  # type: ignore[arg-type]
            if proposal.trigger == "signal"
            else self._knowledge.stage(proposal.label, proposal.language)  # type: ignore[arg-type]
        )
        if line is None:
            return
        for card in [card.id for card in self._core.cards if card.trigger in ("signal", "stage")]:
            self._close(card, "superseded", out)
        cause = {"utterance": proposal.utterance, "source": proposal.source, "quote": proposal.quote}
        self._open(
            proposal.trigger,
            proposal.trigger_id,
            proposal.label,
            line,
            proposal.language,
            proposal.confidence,
            OTHER_MS,
            cause,
            out,
        )

    def _open(
        self,
        trigger: Literal["objection", "signal", "ask", "stage"],
        trigger_id: str,
        label: str,
        line: Line,
        language: Language,
        confidence: float,
        lasts_ms: int,
        cause: dict[str, Any] | None,
        out: Out,
        *,
        title: str | None = None,
        facts: list[str] | None = None,
        question: str | None = None,
    ) -> None:
        core = self._core
        core.card_count += 1
        core.last_card_at = out.now_ms
        core.shown[line.variant] = core.shown.get(line.variant, 0) + 1
        card, expires_at = f"c{core.card_count}", out.now_ms + lasts_ms
        core.cards.append(OpenCard(card, trigger, label, out.now_ms, expires_at))
        read = self._read(line)
        known = [*(facts or []), *self._knowledge.facts(read.facts, self._core.ui_language, out.now_ms)]
        fields: dict[str, Any] = {
            "id": card,
            "status": "open",
            "trigger": {"type": trigger, "id": trigger_id},
            "title": title or read.title,
            "say": line.response.say,
            **({"ask": line.response.ask} if line.response.ask else {}),
            **({"facts": known} if known else {}),
            "variant": line.variant,
            "confidence": confidence,
            "expires_at": expires_at,
        }
        event = out.publish("card", Cause(cause["utterance"], cause["source"]) if cause else None, **fields)
        prompt = Prompt(
            self._identity.pack,
            trigger,
            label if trigger != "objection" else self._finding(label)["category"],
            cause.get("quote", "") if cause else "",
            language,
            self._core.ui_language,
            line.response.say,
            line.response.ask,
            tuple(known),
            core.profile.stable,
            core.stage.stage,
            self._turns(),
            self._speaking(cause),
            question,
        )
        self._suggest(event, prompt, out)

    def _suggest(self, card: dict[str, Any], prompt: Prompt, out: Out) -> None:
        """Have a model stream into the card. Another stream makes room for an objection or a question."""
        if self._identity.provider is None or over_budget(self._identity, self._core):
            return
        if self._core.streaming:
            if prompt.trigger not in ("objection", "ask"):
                return
            for other in self._core.streaming:
                out.stop(other, "superseded")
        cause = _cause(card)
        self._core.streaming[card["id"]] = (cause.utterance, cause.source) if cause else None
        out.publish(
            "suggestion",
            cause,
            card=card["id"],
            status="started",
            provider=self._identity.provider,
            model=self._identity.model or "",
            text="",
            timing={},
            usage={},
        )
        out.effects.append(Suggest(card["id"], prompt))

    def _turns(self) -> tuple[tuple[str, str], ...]:
        count = len(self._view.transcript)
        start = max(0, -(-(count - PROMPT_TURNS) // PROMPT_STEP) * PROMPT_STEP)
        return tuple((final["speaker"], final["text"][:TURN_CHARS]) for final in self._view.transcript[start:])

    def _speaking(self, cause: dict[str, Any] | None) -> str | None:
        """The utterance that raised the card, while it has no final."""
        if cause is None:
            return None
        key = (cause["source"], cause["utterance"])
        texts = (spoken.text for spoken in self._core.open if (spoken.source, spoken.utterance) == key)
        return next((text[-TURN_CHARS:] for text in texts), None)

    def _read(self, line: Line) -> Response:
        """What the seller reads of it, in the seller's language where the pack has it."""
        return self._knowledge.variant(line.variant, self._core.ui_language) or line.response

    def _close_for(self, finding: str, why: Why, out: Out) -> None:
        self._core.waiting = [p for p in self._core.waiting if p.trigger_id != finding]
        for card in [card.id for card in self._core.cards if card.label == finding]:
            self._close(card, why, out)

    def _close(self, card: str, why: Why, out: Out) -> None:
        if not any(known.id == card for known in self._core.cards):
            return
        self._core.cards = [known for known in self._core.cards if known.id != card]
        if card in self._core.streaming:
            status: Literal["cancelled", "superseded", "expired"] = (
                "expired" if why == "expired" else "cancelled" if why == "used" else "superseded"
            )
            out.stop(card, status)
        event = self._view.cards[card]
        fields = {k: v for k, v in event.items() if k not in ("type", "session", "at", "offset", "utterance", "source")}
        out.publish("card", _cause(event), **{**fields, "status": "closed", "why": why})

    def _finding(self, name: str) -> dict[str, Any]:
        return self._view.objections.get(name) or self._view.signals[name]


def over_budget(identity: Identity, core: Core) -> bool:
    """Whether models have cost what they may in this call."""
    return identity.budget_usd is not None and core.cost.get("cost_usd", 0) >= identity.budget_usd


def _cause(event: dict[str, Any]) -> Cause | None:
    return Cause(event["utterance"], event["source"]) if "utterance" in event else None
