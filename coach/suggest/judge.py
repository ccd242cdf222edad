"""The judge tier: a model reads a client's final in its context. It delays nothing and nobody.

It has a limit, a breaker and a deadline of its own; what is beyond the limit is skipped, and counted.
"""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Annotated

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coach import telemetry
from coach.session import effects
from coach.session.inputs import Judged, JudgeStatus
from coach.session.judging import QUOTE_CHARS
from coach.suggest import money
from coach.suggest.base import LASTING, Answer, ProviderError, Question, Reader, Reason
from coach.suggest.breaker import Breaker
from coach.suggest.money import Price, Usage
from coach.suggest.prompt import Prompts
from coach.taxonomy import Category, SignalKind

AT_ONCE = 32
"""Verdicts under way in this process: at five seconds each, more than 500 calls' finals need of a fast model."""
FINDINGS_MOST = 17
"""One of each label."""
ANSWER_CHARS = 8_000

_log = structlog.get_logger()

Quote = Annotated[str, Field(max_length=QUOTE_CHARS)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Objection(_Model):
    category: Category
    quote: Quote


class _Signal(_Model):
    kind: SignalKind
    quote: Quote


class Verdict(_Model):
    """What the model says is in an utterance."""

    objections: Annotated[list[_Objection], Field(max_length=FINDINGS_MOST)]
    signals: Annotated[list[_Signal], Field(max_length=FINDINGS_MOST)]


@dataclass(slots=True)
class Seat:
    """A provider that reads, with the model that it reads with."""

    reader: Reader
    model: str
    price: Price | None = None
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def name(self) -> str:
        """Of the provider."""
        return self.reader.name


@dataclass(slots=True)
class Judge:
    """The process's judge: its seats in their order, at least one. Nothing waits for a place."""

    prompts: Prompts
    seats: list[Seat]
    deadline_s: float
    _running: int = 0

    def free(self) -> Seat | None:
        """Who would read one more now; None: it is skipped."""
        now = asyncio.get_running_loop().time()
        return (
            next((seat for seat in self.seats if seat.breaker.allows(now)), None) if self._running < AT_ONCE else None
        )

    def skipped(self, asked: effects.Judge) -> Judged:
        """The answer for an utterance that is not read."""
        telemetry.JUDGED.labels("skipped").inc()
        return Judged(asked.source, asked.utterance, "skipped", self.seats[0].name, self.seats[0].model)

    def begin(self, asked: effects.Judge, seat: Seat) -> "Reading":
        """Take a place and have `seat` read; `free` has just named it."""
        seat.breaker.began(asyncio.get_running_loop().time())
        self._running += 1
        return Reading(self, asked, seat)

    def released(self) -> None:
        """A place is free again."""
        self._running -= 1


class Reading:
    """One utterance being read. `run` is its task; `release` must follow, whatever becomes of that."""

    def __init__(self, judge: Judge, asked: effects.Judge, seat: Seat) -> None:
        self._judge = judge
        self._asked = asked
        self._seat = seat
        self._taken = _Taken(seat.price)
        self._question: Question | None = None
        self._told = False
        """Whether the breaker knows how it went."""
        self.reason: Reason | None = None
        """Why there is no verdict."""
        self._released = False

    async def run(self) -> Judged:
        """The verdict. Never raises but when cancelled, which closes the connection."""
        seat = self._seat
        question = self._question = self._judge.prompts.question(self._asked)
        try:
            async with asyncio.timeout(self._judge.deadline_s):
                verdict = await self._verdict(question)
        except (ProviderError, TimeoutError) as error:
            ours = error if isinstance(error, ProviderError) else ProviderError("timeout")
            if ours.reason == "timeout":
                self._taken.guess(question)
            self._failed(ours)
            return self._judged("failed")
        except Exception as error:
            _log.error("judge.crashed", provider=seat.name, error=type(error).__name__)
            self._failed(ProviderError("crashed"))
            return self._judged("failed")
        seat.breaker.answered()
        self._told = True
        return self._judged("done", verdict)

    def stopped(self) -> Judged:
        """The answer of a reading whose task is about to be cancelled, with what it took."""
        if self._question is not None:
            self._taken.guess(self._question)
        return self._judged("stopped")

    def release(self) -> None:
        """Give the place back. A second time changes nothing."""
        if not self._released:
            self._released = True
            self._judge.released()
            self._taken.bill(self._seat.name)
            if not self._told:
                self._seat.breaker.abandoned()

    def _failed(self, error: ProviderError) -> None:
        name = self._seat.name
        telemetry.PROVIDER_FAILURES.labels(name, error.reason).inc()
        _log.warning("judge.broken", provider=name, reason=error.reason)
        self._told = True
        self.reason = error.reason
        self._seat.breaker.failed(
            asyncio.get_running_loop().time(), lasting=error.reason in LASTING, retry_after_s=error.retry_after_s
        )

    def _judged(self, status: JudgeStatus, verdict: Verdict | None = None) -> Judged:
        telemetry.JUDGED.labels(status).inc()
        return Judged(
            self._asked.source,
            self._asked.utterance,
            status,
            self._seat.name,
            self._seat.model,
            tuple((each.category, each.quote) for each in verdict.objections) if verdict is not None else (),
            tuple((each.kind, each.quote) for each in verdict.signals) if verdict is not None else (),
            self._taken.usage(),
        )

    async def _verdict(self, question: Question) -> Verdict:
        """The first answer, or the one it is mended to. Raises `ProviderError`."""
        reader, model = self._seat.reader, self._seat.model
        answer = self._taken.add(await reader.answer(question, model))
        try:
            return parse(answer.text)
        except ValueError as error:
            wrong = f"That is not what was asked for: {error}. Answer with the JSON object only."
        answer = self._taken.add(await reader.answer(question, model, complaint=(answer.text[:ANSWER_CHARS], wrong)))
        try:
            return parse(answer.text)
        except ValueError:
            raise ProviderError("protocol") from None


@dataclass(slots=True)
class _Taken:
    """What the answers took."""

    price: Price | None
    _answers: list[Usage] = field(default_factory=list)

    def add(self, answer: Answer) -> Answer:
        if answer.usage is not None:
            self._answers.append(answer.usage)
        return answer

    def guess(self, question: Question) -> None:
        """A request for whose answer nobody waits any more."""
        self._answers.append(money.estimate(len(question.system) + len(question.text), 0))

    def usage(self) -> dict[str, object]:
        return money.total([(usage, money.cost_usd(self.price, usage)) for usage in self._answers])

    def bill(self, provider: str) -> None:
        for usage in self._answers:
            telemetry.TOKENS.labels(provider, "input").inc(usage.input_tokens - usage.cached_tokens)
            telemetry.TOKENS.labels(provider, "cached").inc(usage.cached_tokens)
            telemetry.TOKENS.labels(provider, "output").inc(usage.output_tokens)
            telemetry.COST_USD.labels(provider).inc(money.cost_usd(self.price, usage) or 0)


def parse(text: str) -> Verdict:
    """The verdict in an answer, which may stand in prose or a code block. Raises `ValueError` that says in words for
    the model what is wrong, without the customer's."""
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin or len(text) > ANSWER_CHARS:
        raise ValueError("there is no JSON object")
    try:
        return Verdict.model_validate(json.loads(text[begin : end + 1]))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise ValueError("it is not valid JSON") from None
