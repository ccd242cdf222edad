"""One suggestion: the chain's text through the guard and into its form, under a last deadline, with exactly one end.

No text at all is `failed`; a text that stalls, breaks or stops without saying so is `truncated`; one that takes too
long altogether is `expired`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping

import structlog

from coach import telemetry
from coach.session.effects import Prompt
from coach.session.inputs import SuggestionEnded, SuggestionStatus
from coach.suggest.base import ProviderError
from coach.suggest.chain import Chain
from coach.suggest.clean import Cleaner
from coach.suggest.guard import Guard
from coach.suggest.opening import Opening

TEXT_CHARS = 2_000
"""A card is glanced at; what a model says beyond this nobody reads."""

CLOSE_S = 2.0
"""Longer than the chain takes for the connection that streams."""

_log = structlog.get_logger()


class SuggestionStream:
    """A running suggestion. `run` is its task; `stop` ends it from outside, at once."""

    def __init__(
        self,
        card: str,
        prompt: Prompt,
        chain: Chain,
        guard: Callable[[], Guard],
        on_token: Callable[[str, int], None],
        on_end: Callable[[SuggestionEnded], None],
    ) -> None:
        self.card = card
        self.text = ""
        self._units = 0
        """Length of `text` as a JavaScript string has it."""
        self._prompt = prompt
        self._chain = chain
        self._course = chain.course()
        self._make_guard = guard
        self._cuts: Mapping[str, int] = {}
        self._cleaner = Cleaner()
        self._opening = Opening()
        self._on_token = on_token
        self._on_end = on_end
        self._began = asyncio.get_running_loop().time()
        self._first_ms: int | None = None
        self._over = False
        self.task: asyncio.Task[None] | None = None

    def stop(self, status: SuggestionStatus) -> None:
        """End it now: no token follows, and the provider's connection is closed. A second stop changes nothing."""
        if not self._over:
            self._end(status)
            if self.task is not None:
                self.task.cancel()
                asyncio.get_running_loop().call_later(CLOSE_S, self.task.cancel)

    async def run(self) -> None:
        """Stream until the end. Whatever happens, `on_end` is called exactly once, and nothing is raised but a
        cancellation from outside."""
        pieces = self._chain.stream(self._prompt, self._course)
        status: SuggestionStatus = "failed"
        try:
            status = await self._pump(pieces)
        except asyncio.CancelledError:
            status = "cancelled"
            if not self._over:
                raise
        except ProviderError:
            status = self._broken()
        except Exception as error:  # a bug here ends this suggestion, nothing else
            _log.error("suggest.crashed", error=type(error).__name__)
            status = self._broken()
        finally:
            # The end comes first: a provider that is slow to close must not hold the card up.
            self._end(status)
            await self._close(pieces)
            self._bill()

    async def _close(self, pieces: AsyncGenerator[str]) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await pieces.aclose()
        except Exception as error:
            _log.error("suggest.not_closed", error=type(error).__name__)

    async def _pump(self, pieces: AsyncGenerator[str]) -> SuggestionStatus:
        # Not before the task runs: the card has left by then.
        guard = self._make_guard()
        self._cuts = guard.cuts
        try:
            async with asyncio.timeout_at(self._began + self._chain.deadlines.total_s):
                async for piece in pieces:
                    self._say(guard.feed(self._cleaner.feed(piece)))
                    if guard.stopped:
                        telemetry.PROVIDER_FAILURES.labels(self._course.provider, "guarded").inc()
                        return self._broken()
                    if len(self.text) >= TEXT_CHARS:
                        return "done"
        except TimeoutError:
            self._say(guard.finish())
            return "expired" if self.text else "failed"
        except ProviderError:
            # What was held back for want of the next word is as good as what was said.
            self._say(guard.finish())
            raise
        self._say(guard.finish())
        return "done" if self._course.ended and self.text else self._broken()

    def _say(self, piece: str) -> None:
        piece = self._opening.feed(piece)[: TEXT_CHARS - len(self.text)]
        if not piece or self._over or not (self.text or piece.strip()):
            return
        if self._first_ms is None:
            took = asyncio.get_running_loop().time() - self._began
            self._first_ms = round(1000 * took)
            telemetry.FIRST_TOKEN_SECONDS.labels(self._course.provider).observe(took)
            piece = piece.lstrip()
        self._on_token(piece, self._units)
        self.text += piece
        self._units += len(piece) + sum(c > "\uffff" for c in piece)

    def _broken(self) -> SuggestionStatus:
        return "truncated" if self.text else "failed"

    def _bill(self) -> None:
        """Count what was taken, in the process's figures."""
        for provider, usage, cost in self._course.bills():
            telemetry.TOKENS.labels(provider, "input").inc(usage.input_tokens - usage.cached_tokens)
            telemetry.TOKENS.labels(provider, "cached").inc(usage.cached_tokens)
            telemetry.TOKENS.labels(provider, "output").inc(usage.output_tokens)
            telemetry.COST_USD.labels(provider).inc(cost or 0)
        for kind, count in self._cuts.items():
            telemetry.GUARD_CUTS.labels(kind).inc(count)

    def _end(self, status: SuggestionStatus) -> None:
        if self._over:
            return
        self._over = True
        total = round(1000 * (asyncio.get_running_loop().time() - self._began))
        timing = {"first_token_ms": self._first_ms, "total_ms": total}
        course = self._course
        telemetry.SUGGESTIONS.labels(course.provider, status).inc()
        self._on_end(
            SuggestionEnded(self.card, status, course.provider, course.model, self.text, timing, course.usage())
        )
