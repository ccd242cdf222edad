"""One suggestion: a provider's stream under deadlines of our own, with exactly one end.

No token at all is `failed`; a stream that stalls, breaks or stops without saying so is `truncated`; one that
takes too long altogether is `expired`. Providers' own timeouts do not help: pings keep a stalled stream alive.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import structlog

from coach import telemetry
from coach.session.effects import Prompt
from coach.session.inputs import SuggestionEnded, SuggestionStatus
from coach.suggest.base import Completion, Provider, ProviderError

TEXT_CHARS = 2_000
"""A card is glanced at; what a model says beyond this nobody reads."""

CLOSE_S = 1.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Deadlines:
    """In seconds."""

    first_token_s: float = 2.5
    gap_s: float = 2.0
    total_s: float = 8.0


class SuggestionStream:
    """A running suggestion. `run` is its task; `stop` ends it from outside, at once."""

    def __init__(
        self,
        card: str,
        prompt: Prompt,
        provider: Provider,
        deadlines: Deadlines,
        on_token: Callable[[str, int], None],
        on_end: Callable[[SuggestionEnded], None],
    ) -> None:
        self.card = card
        self.text = ""
        self._units = 0
        """Length of `text` as a JavaScript string has it."""
        self._prompt = prompt
        self._provider = provider
        self._deadlines = deadlines
        self._on_token = on_token
        self._on_end = on_end
        self._completion = Completion()
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

    async def run(self) -> None:
        """Stream until the end. Whatever happens, `on_end` is called exactly once, and nothing is raised but a
        cancellation from outside."""
        pieces = self._provider.stream(self._prompt, self._completion)
        status: SuggestionStatus = "failed"
        try:
            status = await self._pump(pieces)
        except asyncio.CancelledError:
            status = "cancelled"
            if not self._over:
                raise
        except ProviderError as error:
            _log.warning("suggest.broken", provider=self._provider.name, reason=str(error))
            status = self._broken()
        except Exception as error:  # a provider's bug ends its suggestion, nothing else
            _log.error("suggest.crashed", provider=self._provider.name, error=type(error).__name__)
            status = self._broken()
        finally:
            # The end comes first: a provider that is slow to close must not hold the card up.
            self._end(status)
            await self._close(pieces)

    async def _close(self, pieces: AsyncGenerator[str]) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await pieces.aclose()
        except Exception as error:
            _log.error("suggest.not_closed", provider=self._provider.name, error=type(error).__name__)

    async def _pump(self, pieces: AsyncGenerator[str]) -> SuggestionStatus:
        loop = asyncio.get_running_loop()
        last = self._began + self._deadlines.total_s
        while True:
            gap = self._deadlines.gap_s if self.text else self._deadlines.first_token_s
            deadline = min(last, loop.time() + gap)
            try:
                async with asyncio.timeout_at(deadline):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                return "done" if self._completion.ended and self.text else self._broken()
            except TimeoutError:
                return "expired" if deadline == last and self.text else self._broken()
            if piece:
                self._token(piece[: TEXT_CHARS - len(self.text)])
            if len(self.text) >= TEXT_CHARS:
                return "done"

    def _token(self, piece: str) -> None:
        if self._first_ms is None:
            took = asyncio.get_running_loop().time() - self._began
            self._first_ms = round(1000 * took)
            telemetry.FIRST_TOKEN_SECONDS.labels(self._provider.name).observe(took)
        self._on_token(piece, self._units)
        self.text += piece
        self._units += len(piece) + sum(c > "\uffff" for c in piece)

    def _broken(self) -> SuggestionStatus:
        return "truncated" if self.text else "failed"

    def _end(self, status: SuggestionStatus) -> None:
        if self._over:
            return
        self._over = True
        total = round(1000 * (asyncio.get_running_loop().time() - self._began))
        timing = {"first_token_ms": self._first_ms, "total_ms": total}
        telemetry.SUGGESTIONS.labels(self._provider.name, status).inc()
        self._on_end(
            SuggestionEnded(
                self.card, status, self._provider.name, self._provider.model, self.text, timing, self._completion.usage
            )
        )
