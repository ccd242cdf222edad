"""The configured providers as one: in order, raced when slow, and never two in one text.

Before the first token the next provider is tried when one fails, or started beside one that is slower than it mostly
is; the first token decides, and the others are closed. After it there is no going back.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from prometheus_client import Histogram

from coach import telemetry
from coach.session.effects import Prompt
from coach.suggest import money
from coach.suggest.base import LASTING, Completion, Provider, ProviderError, Reason
from coach.suggest.breaker import Breaker
from coach.suggest.money import Price, Usage

CLOSE_S = 1.0
"""A provider that closes more slowly is cancelled once more, which ends whatever it waits for."""
SAMPLES = 50
SAMPLES_LEAST = 10
"""First tokens that a p90 is made of: before so many it says nothing."""
PATIENCE_LEAST_S = 0.1
"""A provider that mostly answers at once still gets this long."""

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Deadlines:
    """In seconds."""

    first_token_s: float = 2.5
    gap_s: float = 2.0
    total_s: float = 8.0


@dataclass(slots=True)
class Lane:
    """A provider, and what is known of its ways."""

    provider: Provider
    price: Price | None = None
    breaker: Breaker = field(default_factory=Breaker)
    _firsts: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    gaps: Histogram = field(init=False)

    def __post_init__(self) -> None:
        self.gaps = telemetry.TOKEN_GAP_SECONDS.labels(self.provider.name)

    def took(self, first_s: float) -> None:
        """A first token came after so long (or had not come by then)."""
        self._firsts.append(first_s)

    def p90_s(self) -> float | None:
        """Nine of ten first tokens came within this; None while too few are known."""
        if len(self._firsts) < SAMPLES_LEAST:
            return None
        return sorted(self._firsts)[-(-9 * len(self._firsts) // 10) - 1]


class Attempt:
    """One request to one provider. Its first piece comes in a task; whoever wins is read on by the chain."""

    def __init__(self, lane: Lane, prompt: Prompt) -> None:
        self.lane = lane
        self.completion = Completion()
        self.piece: str | None = None
        """The first text; None while there is none."""
        self.error: ProviderError | None = None
        self.chars = 0
        self.began = asyncio.get_running_loop().time()
        self.task: asyncio.Task[None] | None = None
        self.pieces = lane.provider.stream(prompt, self.completion)

    async def run(self) -> None:
        """Get the first piece, or the error. Cancelling closes the connection."""
        try:
            while not self.piece:
                self.piece = await anext(self.pieces)
        except StopAsyncIteration:
            self.error = ProviderError("truncated" if not self.completion.ended else "protocol")
        except ProviderError as error:
            self.error = error
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception as error:  # a provider's bug ends its attempt, nothing else
            _log.error("suggest.crashed", provider=self.lane.provider.name, error=type(error).__name__)
            self.error = ProviderError("crashed")

    async def close(self) -> None:
        """Close the connection; one that will not close is left to itself."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.pieces.aclose()
        except Exception as error:
            _log.error("suggest.not_closed", provider=self.lane.provider.name, error=type(error).__name__)

    def usage(self) -> Usage | None:
        """What it took; None if the provider refused it, which costs nothing."""
        counted = self.completion.usage
        if counted is not None and self.completion.ended:
            return counted
        if counted is not None:
            # Stopped: what was read is known, what was written only as far as it came.
            written = max(counted.output_tokens, money.estimate(0, self.chars).output_tokens)
            return replace(counted, output_tokens=written, estimated=True)
        if self.error is not None and not self.chars and self.error.reason not in ("timeout", "truncated"):
            return None
        return money.estimate(self.completion.prompt_chars, self.chars)


class Course:
    """How one suggestion went through the chain: who answered, and what all that were asked took."""

    def __init__(self, provider: str, model: str) -> None:
        self.provider = provider
        """The one that answered, or is asked first."""
        self.model = model
        self.ended = False
        """Whether the provider said that the text is complete."""
        self.attempts: list[Attempt] = []

    def usage(self) -> dict[str, Any]:
        """Of all attempts, as far as known now."""
        taken = [(attempt.lane, attempt.usage()) for attempt in self.attempts]
        return money.total([(usage, money.cost_usd(lane.price, usage)) for lane, usage in taken if usage is not None])

    def bills(self) -> list[tuple[str, Usage, float | None]]:
        """(provider, usage, cost) of each attempt that took something."""
        taken = [(attempt.lane, attempt.usage()) for attempt in self.attempts]
        return [
            (lane.provider.name, usage, money.cost_usd(lane.price, usage)) for lane, usage in taken if usage is not None
        ]


class Chain:
    """The providers in their order, at least one."""

    def __init__(
        self,
        providers: list[Provider],
        spawn: Spawn,
        deadlines: Deadlines,
        *,
        prices: Mapping[str, Price] | None = None,
        hedge: bool = True,
    ) -> None:
        self.lanes = [Lane(each, money.price_of(prices or {}, each.model)) for each in providers]
        self.deadlines = deadlines
        self._spawn = spawn
        self._hedge = hedge

    def course(self) -> Course:
        """For a new suggestion."""
        first = self.lanes[0].provider
        return Course(first.name, first.model)

    async def stream(self, prompt: Prompt, course: Course) -> AsyncGenerator[str]:
        """Pieces of one provider's text. Raises `ProviderError`. Closing it, or cancelling, closes every connection."""
        winner: Attempt | None = None
        try:
            winner = await self._race(prompt, course)
            course.provider, course.model = winner.lane.provider.name, winner.lane.provider.model
            piece = winner.piece
            while piece is not None:
                if piece:
                    winner.chars += len(piece)
                    yield piece
                piece = await self._next(winner)
            course.ended = winner.completion.ended
            if course.ended:
                winner.lane.breaker.answered()
            else:
                self._blame(winner, ProviderError("truncated"))
            winner = None
        except ProviderError as error:
            if winner is not None:
                self._blame(winner, error)
                winner = None
            raise
        finally:
            if winner is not None:
                # It did answer; nobody wants to hear the rest.
                winner.lane.breaker.answered()
            for attempt in course.attempts:
                await self._leave(attempt)

    async def _next(self, winner: Attempt) -> str | None:
        """The next piece; None at the end. Raises `ProviderError`: stalled, or what the provider raises."""
        asked = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self.deadlines.gap_s + CLOSE_S), asyncio.timeout(self.deadlines.gap_s):
                piece = await anext(winner.pieces)
        except StopAsyncIteration:
            return None
        except TimeoutError:
            raise ProviderError("stalled") from None
        except ProviderError:
            raise
        except Exception as error:
            _log.error("suggest.crashed", provider=winner.lane.provider.name, error=type(error).__name__)
            raise ProviderError("crashed") from None
        winner.lane.gaps.observe(asyncio.get_running_loop().time() - asked)
        return piece

    async def _race(self, prompt: Prompt, course: Course) -> Attempt:
        """The attempt whose first token came first. Raises `ProviderError` of the last one that failed."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.deadlines.first_token_s
        waiting = deque(lane for lane in self.lanes if lane.breaker.allows(loop.time()))
        patience = until
        running: list[Attempt] = []
        error = ProviderError("no_provider")
        try:
            while waiting or running:
                if waiting and (not running or loop.time() >= patience):
                    if running and not self._hedge:
                        self._give_up(running.pop(), "timeout")
                    running.append(self._begin(waiting.popleft(), prompt, course))
                    patience = loop.time() + self._patience_s(running[-1].lane, len(waiting), until - loop.time())
                now = loop.time()
                if now >= until:
                    error = ProviderError("timeout")
                    break
                await asyncio.wait(
                    [attempt.task for attempt in running if attempt.task is not None],
                    timeout=(min(patience, until) if waiting else until) - now,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for attempt in [each for each in running if each.task is not None and each.task.done()]:
                    running.remove(attempt)
                    if attempt.piece:
                        attempt.lane.took(loop.time() - attempt.began)
                        self._lost(running, loop.time())
                        running = []
                        return attempt
                    error = attempt.error or ProviderError("crashed")
                    self._blame(attempt, error)
            for attempt in running:
                self._give_up(attempt, "timeout")
            running = []
            raise error
        finally:
            # Cancelled: nobody is to blame.
            for attempt in running:
                attempt.lane.breaker.abandoned()

    def _begin(self, lane: Lane, prompt: Prompt, course: Course) -> Attempt:
        lane.breaker.began(asyncio.get_running_loop().time())
        attempt = Attempt(lane, prompt)
        if course.attempts:
            telemetry.FALLBACKS.labels(lane.provider.name).inc()
        course.attempts.append(attempt)
        attempt.task = self._spawn(attempt.run(), "attempt")
        return attempt

    def _patience_s(self, lane: Lane, others: int, left_s: float) -> float:
        """How long to wait for this one alone: its share of the time, or less when it is slower than it mostly is."""
        share = left_s / (others + 1)
        usual = lane.p90_s() if self._hedge else None
        return share if usual is None else min(share, max(usual, PATIENCE_LEAST_S))

    def _lost(self, losers: list[Attempt], now: float) -> None:
        """Another one was first: who had long enough is to blame, who had not is not."""
        for attempt in losers:
            elapsed = now - attempt.began
            attempt.lane.took(elapsed)
            if elapsed >= self.deadlines.first_token_s / 2:
                self._give_up(attempt, "timeout")
            else:
                attempt.lane.breaker.abandoned()
                assert attempt.task is not None
                attempt.task.cancel()
            if attempt.task is not None and attempt.task.done():
                # It came second by less than a turn of the loop.
                self._spawn(attempt.close(), "attempt")

    def _give_up(self, attempt: Attempt, reason: Reason) -> None:
        attempt.error = ProviderError(reason)
        self._blame(attempt, attempt.error)
        assert attempt.task is not None
        attempt.task.cancel()

    @staticmethod
    def _blame(attempt: Attempt, error: ProviderError) -> None:
        name = attempt.lane.provider.name
        telemetry.PROVIDER_FAILURES.labels(name, error.reason).inc()
        _log.warning("suggest.broken", provider=name, reason=error.reason)
        if error.reason == "refused":
            # It works; it just would not say this.
            attempt.lane.breaker.answered()
            return
        attempt.lane.breaker.failed(
            asyncio.get_running_loop().time(),
            lasting=error.reason in LASTING,
            retry_after_s=error.retry_after_s,
        )

    @staticmethod
    async def _leave(attempt: Attempt) -> None:
        """Nothing more is wanted of it. Its own task closes it while that runs, else it is closed here."""
        if attempt.task is not None and not attempt.task.done():
            attempt.task.cancel()
            asyncio.get_running_loop().call_later(2 * CLOSE_S, attempt.task.cancel)
        else:
            await attempt.close()
