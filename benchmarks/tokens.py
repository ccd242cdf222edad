"""What our relay adds to a model's tokens: `python -m benchmarks.tokens`.

A model server in a process of its own writes into each token when it sent it (one clock for all processes of a machine).
The same streams are read twice: with the OpenAI SDK directly, and through chain, guard and stream as in a call. The
difference of the percentiles is what we add.
"""

import asyncio
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import openai
import orjson

from coach.packs import knowledge, loader
from coach.session.effects import Prompt
from coach.settings import Settings
from coach.suggest import providers
from coach.suggest.grounds import CallGrounds
from coach.suggest.providers import Models
from coach.suggest.stream import SuggestionStream

ROUNDS = {1: 300, 200: 3}
TOKENS = 12
GAP_S = {1: 0.02, 200: 0.2}
"""50 tokens a second of one, 1,000 of 200 together: of a few thousand the SDK alone keeps a core busy."""
STAGGER_S = 0.01
"""Calls do not raise their objections in the same instant; all 200 have begun before the first ends."""
_LETTERS = "bcdfghjkmp"
"""Digits of a time, so that the guard has words to look at and nothing to cut."""
_PROMPT = Prompt(
    "ev", "objection", "price", "too expensive", "en", "en", "Let's work it out.", None, (), None, None, (), None
)


@dataclass(frozen=True, slots=True)
class Delays:
    """In milliseconds, from the server's write to the text in our hands."""

    first: list[float]
    rest: list[float]


@dataclass(frozen=True, slots=True)
class Added:
    """Milliseconds from the server's write to the text in our hands, and by how much that is more than directly."""

    streams: int
    what: str
    p50: float
    p99: float
    added_p50: float
    added_p99: float


def main() -> int:
    """Measure and print: a table, or with `--json` the same as JSON."""
    if "--json" in sys.argv[1:]:
        sys.stdout.buffer.write(orjson.dumps(measure()))
        return 0
    print(f"{'streams':>7} {'':12} {'p50 ms':>8} {'p99 ms':>8} {'added p50':>10} {'added p99':>10}")
    for row in measure():
        print(
            f"{row.streams:7} {row.what:12} {row.p50:8.2f} {row.p99:8.2f} {row.added_p50:10.2f} {row.added_p99:10.2f}"
        )
    return 0


def measure() -> list[Added]:
    """All levels, each with a server and an event loop of its own."""
    found: list[Added] = []
    for streams, gap_s in GAP_S.items():
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, gap_s), daemon=True)
        server.start()
        try:
            found += asyncio.run(_measure(ours.recv(), streams))
        finally:
            server.terminate()
            server.join()
    return found


async def _measure(port: int, streams: int) -> list[Added]:
    packs = {name: made for name, made in knowledge.build(loader.load_all()).items() if name in ("ev", "general")}
    # No deadline: a machine that is too slow for a level must show it in the figures.
    patient = {"first_token_s": 60.0, "token_gap_s": 60.0, "suggestion_s": 120.0}
    given = {"providers": ["openai"], "openai_base_url": f"http://127.0.0.1:{port}/v1", "judge": "off", **patient}
    async with asyncio.TaskGroup() as group:

        def spawn(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
            return group.create_task(work, name=name)

        now_ms = int(time.time() * 1000)
        models = providers.build(Settings.model_validate(given, by_name=True), packs, spawn, now_ms)
        client = openai.AsyncOpenAI(api_key="none", base_url=f"http://127.0.0.1:{port}/v1", max_retries=0, timeout=60.0)
        # Connections and caches of the first use are not what is measured.
        await _direct(client)
        await _relayed(models, now_ms)
        direct, relayed, found = Delays([], []), Delays([], []), []
        for _ in range(ROUNDS[streams]):
            await _round(streams, lambda: _direct(client), direct)
            await _round(streams, lambda: _relayed(models, now_ms), relayed)
        for name, plain, through in (
            ("first token", direct.first, relayed.first),
            ("each token", direct.rest, relayed.rest),
        ):
            p50, p99 = _percentiles(through)
            less50, less99 = _percentiles(plain)
            found.append(Added(streams, name, p50, p99, p50 - less50, p99 - less99))
        await client.close()
        await models.close()
        return found


async def _round(streams: int, read: Callable[[], Coroutine[Any, Any, list[float]]], into: Delays) -> None:
    """Read so many streams at once. The two ways take turns, so that the machine's moods hit both."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_after(STAGGER_S * count, read), name="reader") for count in range(streams)]
    for delays in (task.result() for task in tasks):
        into.first.extend(delays[:1])
        into.rest.extend(delays[1:])


async def _after(delay_s: float, read: Callable[[], Coroutine[Any, Any, list[float]]]) -> list[float]:
    await asyncio.sleep(delay_s)
    return await read()


async def _direct(client: openai.AsyncOpenAI) -> list[float]:
    found: list[float] = []
    stream = await client.chat.completions.create(
        model="m", messages=[{"role": "user", "content": "hello"}], stream=True
    )
    async with stream:
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                found += _delays(chunk.choices[0].delta.content)
    return found


async def _relayed(models: Models, now_ms: int) -> list[float]:
    found: list[float] = []
    part = ""

    def heard(piece: str, _start: int) -> None:
        """The guard may let a word go in parts; its time is there with the last one."""
        nonlocal part
        part += piece
        words, blank, part = part.rpartition(" ")
        if blank:
            found.extend(_delays(words))

    assert models.chain is not None
    stream = SuggestionStream(
        "c1",
        _PROMPT,
        models.chain,
        lambda: models.guard(_PROMPT, CallGrounds(), now_ms),
        heard,
        lambda _end: None,
    )
    await stream.run()
    return found


def _delays(text: str) -> list[float]:
    """Of each time in a piece, how long ago it was."""
    now = time.monotonic_ns()
    return [(now - _time(word)) / 1e6 for word in text.split() if word.startswith("v")]


def _time(word: str) -> int:
    return int("".join(str(_LETTERS.index(letter)) for letter in word[1:]))


def _percentiles(values: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[98]


def _serve(pipe: Connection, gap_s: float) -> None:
    """The model server: chat completions, a time in each token."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                await reader.readexactly(length)
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
                )
                for _ in range(TOKENS):
                    await asyncio.sleep(gap_s)
                    word = "v" + "".join(_LETTERS[int(digit)] for digit in str(time.monotonic_ns()))
                    _write(writer, {"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None})
                    await writer.drain()
                _write(writer, {"index": 0, "delta": {}, "finish_reason": "stop"})
                writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    def _write(writer: asyncio.StreamWriter, choice: dict[str, Any]) -> None:
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        data = b"data: " + orjson.dumps(chunk) + b"\n\n"
        writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
