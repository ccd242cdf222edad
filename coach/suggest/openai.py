"""Chat completions: OpenAI, and by `OPENAI_BASE_URL` Ollama, vLLM and whatever else speaks the same.

Deadlines are ours (`coach/suggest/chain.py`): servers that send pings, or hang, defeat the SDK's. So are retries.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import httpx2
import openai
from openai.types.chat import ChatCompletionChunk

from coach.clock import now_ms
from coach.session.effects import Prompt
from coach.suggest import money
from coach.suggest.base import Answer, Completion, ProviderError, Question
from coach.suggest.foreign import translated
from coach.suggest.money import Usage
from coach.suggest.prompt import OUTPUT_TOKENS, Messages, Prompts

SDK_TIMEOUT_S = 60.0
CONNECT_S = 2.0
USAGE_WAIT_S = 0.25
"""After the end of the text the count of tokens may come, or nothing at all."""
ANSWER_TOKENS = 600
_THINKS = re.compile(r"gpt-oss|gpt-5|^o\d")
"""Models that think first, and are told to be quick about it."""
_DONE = b"data: [DONE]"
_PROPER = frozenset(("stop", "eos", "end_turn", "complete"))


class OpenAIProvider:
    """Implements `coach.suggest.base.Provider` and `Reader`."""

    name = "openai"

    def __init__(self, prompts: Prompts, model: str, api_key: str | None, base_url: str | None) -> None:
        self.model = model
        self._prompts = prompts
        self._own_server = base_url is not None
        timeout = httpx2.Timeout(SDK_TIMEOUT_S, connect=CONNECT_S)
        # Ollama and vLLM need no key, the SDK does.
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none",
            base_url=base_url or "https://api.openai.com/v1",
            max_retries=0,
            timeout=timeout,
        )
        # The SDK imports most of itself at first use: now, not in a call.
        self._create: Callable[..., Any] = self._client.chat.completions.create
        self._plain = False
        """Whether the server refused what is beyond the common ground."""
        self._formats: list[dict[str, Any] | None] = []

    async def stream(self, prompt: Prompt, completion: Completion) -> AsyncGenerator[str]:
        """Pieces of text as they come. Raises `ProviderError`."""
        messages = self._prompts.messages(prompt, now_ms())
        completion.prompt_chars = messages.chars
        try:
            async with await self._open(messages) as stream:
                ending = _Ending(stream.response.stream)
                stream.response.stream = ending
                async for piece in _pieces(stream, completion, ending):
                    yield piece
        except Exception as error:
            raise translated(error) from None

    async def answer(self, question: Question, model: str, *, complaint: tuple[str, str] | None = None) -> Answer:
        """JSON to a schema if the server can do that, else JSON, else text that should be."""
        messages = [{"role": "system", "content": question.system}, {"role": "user", "content": question.text}]
        if complaint is not None:
            before, wrong = complaint
            messages += [{"role": "assistant", "content": before}, {"role": "user", "content": wrong}]
        if not self._formats:
            schema = {"name": "verdict", "strict": True, "schema": question.schema}
            self._formats = [{"type": "json_schema", "json_schema": schema}, {"type": "json_object"}, None]
        # Others ask meanwhile, and a request may be refused for its words: a format goes when the next one is taken.
        formats = self._formats
        for place, chosen in enumerate(formats):
            extra = {"response_format": chosen} if chosen is not None else {}
            try:
                completed = await self._create(
                    model=model, messages=messages, **self._limit(ANSWER_TOKENS), **self._effort(model), **extra
                )
                self._formats = min(self._formats, formats[place:], key=len)
                return Answer(completed.choices[0].message.content or "", _usage(completed.usage))
            except Exception as error:
                ours = translated(error)
                if ours.reason != "bad_request" or place + 1 == len(formats):
                    raise ours from None
        raise ProviderError("bad_request")

    async def close(self) -> None:
        await self._client.close()

    async def _open(self, messages: Messages) -> openai.AsyncStream[ChatCompletionChunk]:
        """The opened stream; what a server does not know is left out from the second try on, for good."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": f"{messages.instructions}\n\n{messages.pack}"},
                {"role": "user", "content": "\n".join((*messages.call, messages.card))},
            ],
            "stream": True,
            **self._limit(OUTPUT_TOKENS),
        }
        if not self._plain:
            more = {"stream_options": {"include_usage": True}, "prompt_cache_key": messages.cache_key}
            try:
                return await self._create(**body, **more, **self._effort(self.model))  # type: ignore[no-any-return]
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                pass
        opened: openai.AsyncStream[ChatCompletionChunk] = await self._create(**body)
        # Taken without: it was not refused for its words.
        self._plain = True
        return opened

    def _limit(self, tokens: int) -> dict[str, int]:
        # Thinking counts, too. OpenAI's newer models know only the newer name, other servers only the older one.
        return {"max_tokens" if self._own_server else "max_completion_tokens": 4 * tokens if self._thinks else tokens}

    def _effort(self, model: str) -> dict[str, str]:
        return {"reasoning_effort": "low"} if _THINKS.search(model) and not self._plain else {}

    @property
    def _thinks(self) -> bool:
        return _THINKS.search(self.model) is not None


async def _pieces(
    stream: openai.AsyncStream[ChatCompletionChunk], completion: Completion, ending: "_Ending"
) -> AsyncGenerator[str]:
    finish: str | None = None
    # The SDK's own generator: what `aiter(stream)` gives wraps it, and closing that would leave this one open.
    chunks = stream._iterator
    async for chunk in chunks:
        completion.usage = _usage(chunk.usage) or completion.usage
        for choice in chunk.choices or ():
            if choice.index:
                continue
            delta = choice.delta
            if delta is not None and getattr(delta, "refusal", None):
                raise ProviderError("refused")
            if delta is not None and isinstance(delta.content, str) and delta.content:
                yield delta.content
            finish = choice.finish_reason or finish
        if finish is not None:
            break
    if finish == "content_filter":
        raise ProviderError("refused")
    if finish is not None:
        await _count(chunks, completion)
    completion.ended = finish in _PROPER if finish is not None else ending.done or completion.usage is not None


async def _count(chunks: AsyncIterator[ChatCompletionChunk], completion: Completion) -> None:
    """The text is complete: wait a moment for the count of tokens, whatever the server does now."""
    if completion.usage is not None:
        return
    try:
        async with asyncio.timeout(USAGE_WAIT_S):
            async for chunk in chunks:
                completion.usage = _usage(chunk.usage)
                if completion.usage is not None:
                    return
    except Exception:  # it has no say any more
        return


def _usage(counted: Any) -> Usage | None:
    if counted is None or not isinstance(counted.prompt_tokens, int) or not isinstance(counted.completion_tokens, int):
        return None
    details = getattr(counted, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None)
    return money.counted(counted.prompt_tokens, cached if isinstance(cached, int) else 0, counted.completion_tokens)


class _Ending(httpx2.AsyncByteStream):
    """The response's bytes as they are. `done`: whether the marker of the end came, which the SDK keeps to itself;
    servers that leave `finish_reason` out say only by it that a text is whole."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._tail = b""
        self.done = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            self._tail = (self._tail + data)[-len(_DONE) - 4 :] if not self.done else b""
            self.done = self.done or _DONE in self._tail
            yield data

    async def aclose(self) -> None:
        await self._stream.aclose()
