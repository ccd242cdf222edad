"""A model server of the tests' own: chat completions and Anthropic's messages, byte for byte, with every fault.

It speaks HTTP/1.1 by hand, so that it can cut a character in half, reset a connection, or say nothing for ever.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

EMPTY = '{"objections": [], "signals": []}'
NEVER = 3_600.0


@dataclass
class Behaviour:
    """How the server answers. `*_after` count pieces, None is never."""

    pieces: list[str] = field(
        default_factory=lambda: ["Let us ", "look at ", "it together. ", "Zażółć ", "🚗 ", "gęślą."]
    )
    first_s: float = 0.0
    gap_s: float = 0.0
    stall_after: int | None = None
    pings: bool = False
    """Keeps a stalled stream alive."""
    error_after: int | None = None
    cut_after: int | None = None
    """The body ends as if all were said."""
    reset_after: int | None = None
    status: int = 200
    retry_after: str | None = None
    chop: int | None = None
    """Bytes in one write."""
    unknown: bool = False
    """Events that no documentation has."""
    finish: str | None = "stop"
    done: bool = True
    """The last event of the wire format."""
    usage: bool = True
    cached: int = 800
    """Of the 1,000 tokens of a prompt, those that it says were read from its cache."""
    hang_after_end: bool = False
    raw: bytes | None = None
    """The whole body instead of all that."""
    refuses: tuple[str, ...] = ()
    """Fields of a request that it answers with 400."""
    verdicts: list[str] = field(default_factory=lambda: [EMPTY])
    """What it answers to requests that do not stream, one after the other, the last one again and again."""


@dataclass
class Request:
    """One request as it came. `closed`: the client has gone, before or after the end."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    sent: int = 0
    """Pieces written."""

    @property
    def text(self) -> str:
        """All that the model would read."""
        return orjson.dumps(self.body).decode()


class FakeModels:
    """A running server. `behave` says how it answers from now on."""

    def __init__(self) -> None:
        self.behave = Behaviour()
        self.choose: Callable[[Request], Behaviour] | None = None
        self.requests: list[Request] = []
        self.arrived = asyncio.Event()
        self.port = 0

    @property
    def openai(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def anthropic(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def streams(self) -> list[Request]:
        return [request for request in self.requests if request.body.get("stream")]

    def questions(self) -> list[Request]:
        return [request for request in self.requests if not request.body.get("stream")]

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _request(reader)) is not None:
                self.requests.append(request)
                self.arrived.set()
                behaviour = self.choose(request) if self.choose else self.behave
                if not await _Reply(request, behaviour, reader, writer).send():
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def fake_models() -> AsyncIterator[FakeModels]:
    """A server on a free port, gone with its connections at the end."""
    fake = FakeModels()
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await fake.serve_one(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _request(reader: asyncio.StreamReader) -> Request | None:
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(first.split()[1], headers, orjson.loads(body))


class _Reply:
    def __init__(
        self, request: Request, behave: Behaviour, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._request = request
        self._behave = behave
        self._reader = reader
        self._writer = writer
        self._anthropic = request.path.startswith("/v1/messages")

    async def send(self) -> bool:
        """Whether the connection can be used again."""
        behave, body = self._behave, self._request.body
        refused = next((name for name in behave.refuses if name in body), None)
        if refused is not None:
            return await self._whole(400, {"error": {"type": "invalid_request_error", "message": f"no {refused}"}})
        if behave.status != 200:
            kinds = {
                401: "authentication_error",
                404: "not_found_error",
                429: "rate_limit_error",
                529: "overloaded_error",
            }
            error = {"type": kinds.get(behave.status, "api_error"), "message": "the customer said: too expensive"}
            return await self._whole(behave.status, {"type": "error", "error": error})
        if not body.get("stream"):
            return await self._verdict()
        # Whoever waits for bytes notices a client that goes.
        watching = asyncio.get_running_loop().create_task(self._watch())
        try:
            return await self._stream()
        except ConnectionError:
            self._request.closed.set()
            raise
        finally:
            watching.cancel()

    async def _watch(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self._reader.read(1)
        self._request.closed.set()
        self._writer.close()

    async def _whole(self, status: int, body: dict[str, Any]) -> bool:
        data = orjson.dumps(body)
        retry = f"retry-after: {self._behave.retry_after}\r\n" if self._behave.retry_after else ""
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{retry}content-length: {len(data)}\r\n\r\n"
        await self._write(head.encode() + data)
        return True

    async def _verdict(self) -> bool:
        behave = self._behave
        await asyncio.sleep(behave.first_s)
        if behave.stall_after is not None:
            await self._watch()
            return False
        text = behave.verdicts.pop(0) if len(behave.verdicts) > 1 else behave.verdicts[0]
        if self._anthropic:
            usage = {"input_tokens": 900, "output_tokens": 20, "cache_read_input_tokens": 100}
            content = [{"type": "text", "text": text}]
            shape: dict[str, Any] = {
                "id": "m",
                "type": "message",
                "role": "assistant",
                "model": "m",
                "content": content,
            }
            return await self._whole(200, {**shape, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage})
        usage = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        shape = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
        shape["choices"] = [choice]
        return await self._whole(200, {**shape, "usage": usage})

    async def _stream(self) -> bool:
        behave = self._behave
        await self._write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n", framed=True
        )
        if behave.raw is not None:
            await self._chunks(behave.raw)
            return await self._end()
        await asyncio.sleep(behave.first_s)
        await self._opening()
        for count, piece in enumerate(behave.pieces):
            if count and behave.gap_s:
                await asyncio.sleep(behave.gap_s)
            if not await self._goes_on(count):
                return False
            await self._event(*self._piece(piece))
            self._request.sent += 1
        if not await self._goes_on(len(behave.pieces)):
            return False
        await self._closing()
        if behave.hang_after_end:
            await asyncio.sleep(NEVER)
        return await self._end()

    async def _goes_on(self, count: int) -> bool:
        behave = self._behave
        if count == behave.stall_after:
            while behave.pings:
                await self._chunks(b'event: ping\ndata: {"type": "ping"}\n\n' if self._anthropic else b": ping\n\n")
                await asyncio.sleep(0.02)
            await asyncio.sleep(NEVER)
        if count == behave.error_after:
            error = {"type": "overloaded_error", "message": "the customer said: too expensive"}
            await self._event("error", {"type": "error", "error": error})
            await self._end()
            return False
        if count == behave.cut_after:
            await self._end()
            return False
        if count == behave.reset_after:
            raw: socket.socket = self._writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._writer.transport.abort()
            return False
        return True

    async def _opening(self) -> None:
        if self._anthropic:
            usage = {
                "input_tokens": 200,
                "cache_read_input_tokens": 800,
                "cache_creation_input_tokens": 0,
                "output_tokens": 1,
            }
            shape = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
            message = {**shape, "stop_reason": None, "stop_sequence": None, "usage": usage}
            await self._event("message_start", {"type": "message_start", "message": message})
            block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
            await self._event("content_block_start", block)
        else:
            await self._event(None, _chunk({"role": "assistant", "content": None}))
        if self._behave.unknown:
            if self._anthropic:
                await self._event("mood_delta", {"type": "mood_delta", "mood": "fine"})
                thinking = {"type": "content_block_delta", "index": 0, "delta": {"type": "whim_delta", "text": 5}}
                await self._event("content_block_delta", thinking)
            else:
                await self._event("mood", {"object": "chat.completion.mood", "mood": "fine", "choices": []})
                await self._event(None, _chunk({"reasoning": "hm", "content": ""}))

    def _piece(self, text: str) -> tuple[str | None, dict[str, Any]]:
        if self._anthropic:
            delta = {"type": "text_delta", "text": text}
            return "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
        return None, _chunk({"content": text})

    async def _closing(self) -> None:
        behave = self._behave
        if self._anthropic:
            await self._event("content_block_stop", {"type": "content_block_stop", "index": 0})
            if behave.finish is not None:
                reason = {"stop": "end_turn", "length": "max_tokens"}.get(behave.finish, behave.finish)
                usage = {"output_tokens": 40} if behave.usage else {"output_tokens": 0}
                delta = {"stop_reason": reason, "stop_sequence": None}
                await self._event("message_delta", {"type": "message_delta", "delta": delta, "usage": usage})
            if behave.done:
                await self._event("message_stop", {"type": "message_stop"})
            return
        if behave.finish is not None:
            await self._event(None, _chunk({}, behave.finish))
        if behave.usage:
            usage = {"prompt_tokens": 1000, "completion_tokens": 40, "total_tokens": 1040}
            cached = {"prompt_tokens_details": {"cached_tokens": behave.cached}}
            await self._event(None, {**_chunk({}), "choices": [], "usage": {**usage, **cached}})
        if behave.done:
            await self._chunks(b"data: [DONE]\n\n")

    async def _event(self, name: str | None, data: dict[str, Any]) -> None:
        named = f"event: {name}\n".encode() if name else b""
        await self._chunks(named + b"data: " + orjson.dumps(data) + b"\n\n")

    async def _chunks(self, data: bytes) -> None:
        size = self._behave.chop or len(data)
        for at in range(0, len(data), size):
            part = data[at : at + size]
            await self._write(b"%x\r\n%s\r\n" % (len(part), part), framed=True)

    async def _end(self) -> bool:
        await self._write(b"0\r\n\r\n", framed=True)
        # The bytes that a watcher of this connection would read may belong to the next request.
        return False

    async def _write(self, data: bytes, *, framed: bool = False) -> None:
        self._writer.write(data)
        await self._writer.drain()
        if framed and self._behave.chop:
            await asyncio.sleep(0)


def _chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
