"""Anthropic's messages. Deadlines and retries are ours (`coach/suggest/chain.py`)."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import anthropic
import httpx2

from coach.clock import now_ms
from coach.session.effects import Prompt
from coach.suggest import money
from coach.suggest.base import Answer, Completion, ProviderError, Question
from coach.suggest.foreign import translated
from coach.suggest.money import Usage
from coach.suggest.prompt import OUTPUT_TOKENS, Messages, Prompts

SDK_TIMEOUT_S = 60.0
CONNECT_S = 2.0
ANSWER_TOKENS = 600
BLOCK_LINES = 20
"""Lines of the call in one block: whole blocks never change, so they are read from the cache."""
_CACHED: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}
_PROPER = frozenset(("end_turn", "stop_sequence"))


class AnthropicProvider:
    """Implements `coach.suggest.base.Provider` and `Reader`."""

    name = "anthropic"

    def __init__(self, prompts: Prompts, model: str, api_key: str | None, base_url: str | None) -> None:
        self.model = model
        self._prompts = prompts
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key or "none",
            base_url=base_url or "https://api.anthropic.com",
            max_retries=0,
            timeout=httpx2.Timeout(SDK_TIMEOUT_S, connect=CONNECT_S),
        )
        # The SDK imports most of itself at first use: now, not in a call.
        self._create: Callable[..., Any] = self._client.messages.create
        self._structured = True

    async def stream(self, prompt: Prompt, completion: Completion) -> AsyncGenerator[str]:
        """Pieces of text as they come. Raises `ProviderError`."""
        messages = self._prompts.messages(prompt, now_ms())
        completion.prompt_chars = messages.chars
        try:
            async with await self._create(**self._body(messages), stream=True) as stream:
                async for piece in _pieces(stream, completion):
                    yield piece
        except Exception as error:
            raise translated(error) from None

    async def answer(self, question: Question, model: str, *, complaint: tuple[str, str] | None = None) -> Answer:
        """JSON to a schema if the server can do that, else text that should be."""
        messages = [{"role": "user", "content": question.text}]
        if complaint is not None:
            before, wrong = complaint
            messages += [{"role": "assistant", "content": before or "{}"}, {"role": "user", "content": wrong}]
        system = [{"type": "text", "text": question.system, **_CACHED}]
        structured = self._structured
        while True:
            extra = {"output_config": {"format": {"type": "json_schema", "schema": question.schema}}}
            try:
                message = await self._create(
                    model=model,
                    max_tokens=ANSWER_TOKENS,
                    system=system,
                    messages=messages,
                    **(extra if structured else {}),
                )
                # Not for one request that was refused for its words.
                self._structured = structured
                text = "".join(block.text for block in message.content if block.type == "text")
                return Answer(text, _usage(message.usage, None))
            except Exception as error:
                ours = translated(error)
                if ours.reason != "bad_request" or not structured:
                    raise ours from None
                structured = False

    async def close(self) -> None:
        await self._client.close()

    def _body(self, messages: Messages) -> dict[str, Any]:
        whole = len(messages.call) - len(messages.call) % BLOCK_LINES
        blocks = [
            {"type": "text", "text": "\n".join(messages.call[at : at + BLOCK_LINES]) + "\n"}
            for at in range(0, whole, BLOCK_LINES)
        ]
        if blocks:
            blocks[-1].update(_CACHED)
        rest = "\n".join((*messages.call[whole:], messages.card))
        return {
            "model": self.model,
            "max_tokens": OUTPUT_TOKENS,
            "system": [
                {"type": "text", "text": messages.instructions},
                {"type": "text", "text": messages.pack, **_CACHED},
            ],
            "messages": [{"role": "user", "content": [*blocks, {"type": "text", "text": rest}]}],
        }


async def _pieces(stream: Any, completion: Completion) -> AsyncGenerator[str]:
    """Text deltas; thinking, pings and events that are not known yet pass by."""
    stop: str | None = None
    async for event in stream._iterator:
        if event.type == "content_block_delta":
            delta = event.delta
            if getattr(delta, "type", None) == "text_delta" and isinstance(delta.text, str) and delta.text:
                yield delta.text
        elif event.type == "message_start":
            completion.usage = _usage(event.message.usage, None)
        elif event.type == "message_delta":
            stop = event.delta.stop_reason or stop
            completion.usage = _usage(event.usage, completion.usage)
        elif event.type == "message_stop":
            # An end without a reason is an end all the same.
            completion.ended = stop is None or stop in _PROPER
            break
    if stop == "refusal":
        raise ProviderError("refused")


def _usage(counted: Any, before: Usage | None) -> Usage | None:
    """Usage as counted so far; what an event leaves out stays as it was."""
    if counted is None:
        return before
    fresh, output = getattr(counted, "input_tokens", None), getattr(counted, "output_tokens", None)
    cached = getattr(counted, "cache_read_input_tokens", None) or 0
    written = getattr(counted, "cache_creation_input_tokens", None) or 0
    if isinstance(fresh, int) and (fresh or cached or written or before is None):
        read, cached = fresh + cached + written, cached
    elif before is not None:
        read, cached = before.input_tokens, before.cached_tokens
    else:
        return None
    if not isinstance(output, int):
        output = before.output_tokens if before is not None else 0
    return money.counted(read, cached, output)
