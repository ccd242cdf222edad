"""A model's text to many watchers: characters delivered a second.

The scripted provider speaks as fast as it is read, one word at a time; the seller asks again as soon as an answer is
done. Words may merge on their way, so characters are counted, not frames.
"""

import asyncio
from typing import Any

import orjson

from benchmarks.peers.crowd import Crowd
from benchmarks.peers.launch import Running
from benchmarks.peers.wires import open_all
from benchmarks.wire import FrameSocket, connect, frame

SCRIPT = "first_ms=0,token_ms=0"
_DONE = b'"status":"done"'
_ASK = frame({"type": "ask", "text": "What can I say to that?"})
Sample = dict[str, Any]


class Asker(FrameSocket):
    """A seller who asks without end."""

    def __init__(self, session: str) -> None:
        super().__init__(f"/ws/{session}", {"type": "hello", "language": "en", "pack": "general"})
        self.answers = 0
        self.characters = 0
        self.words = 0
        self.asking = False

    def on_text(self, payload: bytes, at: float) -> None:
        if not self.welcomed.done():
            self.welcomed.set_result(None)
        elif payload.startswith(b'{"type":"suggestion"') and _DONE in payload:
            text = orjson.loads(payload)["text"]
            self.answers += 1
            self.characters += len(text)
            self.words += len(text.split())
            if self.asking:
                self.write(_ASK)

    def begin(self) -> None:
        """Ask until `asking` is false."""
        self.asking = True
        self.write(_ASK)


async def measure(running: Running, session: str, watchers: int, warm_s: float, seconds: float) -> Sample:
    """In a session of its own. Raises `Refused`."""
    asker = await connect(running.first, lambda: Asker(session))
    wire = running.server.wire
    steps = wire.steps({"type": "watch", "sessions": [session]})
    crowd = Crowd(await open_all(running.last, wire.path("/watch"), steps, watchers), _DONE)
    asker.begin()
    await asyncio.sleep(warm_s)
    begin, done = running.read(), crowd.delivered
    await asyncio.sleep(seconds)
    usage, done = begin.until(running.read()), crowd.delivered - done
    asker.asking = False
    asker.leave()
    crowd.close()
    length = asker.characters / max(1, asker.answers)
    return {
        "characters_per_s": done * length / usage.wall_s,
        "characters_per_word": asker.characters / max(1, asker.words),
        "us_per_1000": 1e9 * usage.server_s / max(1.0, done * length),
        "server_share": usage.server_share,
        "generator_share": usage.generator_share,
        "others_share": usage.others_share,
        "waited_share": usage.waited_share,
    }
