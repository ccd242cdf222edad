"""What the sessions say: the demo calls, growing two words a frame as a recogniser's interims do.

The latency load is dense on purpose: only turns that raise an objection, each with the seller's answer behind it.
Beside it there are the calls as they are, at their own pace: interims whose text has not grown are sent, too.
Which frame raises what is not guessed but rehearsed: every script goes once through the running server, each frame
with a ping behind it, and a pong comes after everything that the frames before it caused (`docs/protocol.md`).
"""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from benchmarks.plan import FRAMES_PER_SECOND
from benchmarks.server import ServerProcess
from benchmarks.wire import Asker, batched, connect, frame
from coach.demo.player import CALLS, Call, CallTurn, read_call

WORDS_PER_FRAME = 2
FRAME_MS = 1000 // FRAMES_PER_SECOND
VARIANTS = 24
"""Scripts that differ in where they begin, so that the sessions do not object in chorus."""
RAISED = ("provisional", "confirmed")


class Raise(NamedTuple):
    """An objection event that a frame of a script causes."""

    step: int
    utterance: str
    category: str
    status: str


@dataclass(frozen=True, slots=True)
class Script:
    """One seller's socket for a whole level."""

    hello: dict[str, Any]
    frames: tuple[bytes, ...]
    """Prepared WebSocket frames: the same in every session."""
    finals: tuple[int, ...]
    """The step of each final, by `seq` - 1."""
    raises: tuple[Raise, ...]
    """In the order of their events."""

    def cut(self, frames: int) -> "Script":
        """The first `frames` steps of it."""
        return Script(
            self.hello,
            self.frames[:frames],
            tuple(step for step in self.finals if step < frames),
            tuple(raised for raised in self.raises if raised.step < frames),
        )


@dataclass(frozen=True, slots=True)
class Material:
    """What of one call is of use."""

    hello: dict[str, Any]
    exchanges: tuple[tuple[CallTurn, ...], ...]
    """A turn that raises an objection, and what the seller says to it."""
    plain: tuple[CallTurn, ...]
    """Turns that cause nothing durable but their transcript."""
    turns: tuple[CallTurn, ...]
    """The whole call."""


async def read_material(server: ServerProcess) -> list[Material]:
    """The shipped calls, as this server hears them; those without an objection are left out."""
    calls = {path.stem: read_call(path) for path in sorted(CALLS.glob("*.json"))}
    found = [await _hear(server, name, call) for name, call in calls.items()]
    material = [each for each in found if each.exchanges and each.plain]
    if not material:
        raise RuntimeError(f"no call in {CALLS} raises an objection on this server: there is nothing to measure")
    return material


async def write_scripts(
    server: ServerProcess, material: list[Material], frames: int, variants: int = VARIANTS, *, natural: bool = False
) -> list[Script]:
    """So many scripts of `frames` steps, over all calls in turn, rehearsed: dense, or the calls as they are."""
    each = -(-variants // len(material))
    plans = [(material[number % len(material)], (number // len(material)) / each) for number in range(variants)]
    return await batched(
        [
            partial(
                _rehearse, server, f"rehearsal-{secrets.token_hex(4)}", of.hello, _steps(of, begin, frames, natural)
            )
            for of, begin in plans
        ]
    )


def whole_call(material: Material, minutes: float) -> Iterator[dict[str, Any]]:
    """The transcript frames of a call of so many minutes at its own pace, its finals numbered."""
    seq = 0
    for message in itertools.islice(_messages((material.turns,), natural=True), round(minutes * 60_000 / FRAME_MS)):
        if message["final"]:
            message["seq"] = seq = seq + 1
        yield message


async def _hear(server: ServerProcess, name: str, call: Call) -> Material:
    """Tell the server the whole call in finals, and sort its turns by what they cause."""
    hello = {"type": "hello", "language": call.language, "pack": call.vertical or "general"}
    socket = await connect(server.port, lambda: Asker(f"/ws/material-{name}-{secrets.token_hex(4)}", hello))
    exchanges, plain = [], []
    for number, turn in enumerate(call.turns):
        events = await socket.ask(
            _spoken(turn, f"u{number}", turn.text, 1000 * number) | {"final": True, "seq": number + 1}
        )
        durable = [event for event in events if "offset" in event and event.get("utterance") == f"u{number}"]
        if turn.speaker == "client" and any(
            event["type"] == "objection" and event["status"] in RAISED for event in durable
        ):
            exchanges.append((turn, *call.turns[number + 1 : number + 2]))
        elif [event["type"] for event in durable] == ["transcript"]:
            plain.append(turn)
    socket.leave()
    return Material(hello, tuple(exchanges), tuple(plain), tuple(call.turns))


def _steps(material: Material, begin: float, frames: int, natural: bool) -> list[dict[str, Any]]:
    """So many messages from share `begin` (0–1) of the cycle on, the finals numbered."""
    exchanges = (material.turns,) if natural else material.exchanges
    cycle = sum(len(_growth(turn, natural)) for exchange in exchanges for turn in exchange)
    skipped = int(begin * cycle)
    messages = list(itertools.islice(_messages(exchanges, natural=natural), skipped, skipped + frames))
    for seq, message in enumerate((message for message in messages if message["final"]), 1):
        message["seq"] = seq
    return messages


async def _rehearse(server: ServerProcess, name: str, hello: dict[str, Any], messages: list[dict[str, Any]]) -> Script:
    """The script of these messages, with what the server says to each."""
    finals = [step for step, message in enumerate(messages) if message["final"]]
    raises = []
    socket = await connect(server.port, lambda: Asker(f"/ws/{name}", hello))
    for step, message in enumerate(messages):
        for event in await socket.ask(message):
            if event["type"] == "objection" and event["status"] in RAISED:
                raises.append(Raise(step, event["utterance"], event["category"], event["status"]))
    socket.leave()
    return Script(hello, tuple(map(frame, messages)), tuple(finals), tuple(raises))


def _messages(exchanges: tuple[tuple[CallTurn, ...], ...], *, natural: bool) -> Iterator[dict[str, Any]]:
    """Transcript frames without end, `FRAME_MS` apart."""
    at_ms = 0
    for number, turn in enumerate(itertools.cycle(itertools.chain.from_iterable(exchanges))):
        start_ms = at_ms
        growth = _growth(turn, natural)
        for step, text in enumerate(growth, 1):
            at_ms += FRAME_MS
            yield {**_spoken(turn, f"u{number}", text, start_ms), "end_ms": at_ms, "final": step == len(growth)}


def _growth(turn: CallTurn, natural: bool) -> list[str]:
    """What the recogniser has heard so far, frame by frame."""
    words = turn.text.split()
    if natural:
        steps = max(1, (turn.end_ms - turn.start_ms) // FRAME_MS)
        said = [max(1, len(words) * step // steps) for step in range(1, steps)]
    else:
        said = list(range(WORDS_PER_FRAME, len(words), WORDS_PER_FRAME))
    return [*(" ".join(words[:count]) for count in said), turn.text]


def _spoken(turn: CallTurn, utterance: str, text: str, at_ms: int) -> dict[str, Any]:
    return {
        "type": "transcript",
        "utterance": utterance,
        "speaker": turn.speaker,
        "text": text,
        "start_ms": at_ms,
        "end_ms": at_ms + FRAME_MS,
    }
