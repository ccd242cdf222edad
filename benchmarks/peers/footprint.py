"""What a server costs that does nothing: to start, and for each idle connection; and what an hour of a call costs."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from benchmarks.cores import Cores
from benchmarks.peers import wires
from benchmarks.peers.launch import Running
from benchmarks.peers.wires import open_all
from benchmarks.server import ServerProcess, serving
from benchmarks.speech import Material, whole_call
from benchmarks.wire import Asker, batched, connect_all, frame

WARM_UP = 50
SETTLE_S = 0.5
STREAMS_S = 3.0
MINUTE_FRAMES = 240
WARM_MINUTES = 10
"""Longer than any of the demo calls: afterwards they say nothing new."""
AT_ONCE = 4
"""Frames of a session between two pongs."""
Sample = dict[str, Any]


async def idle(running: Running, sockets: int) -> Sample:
    """KiB of the server for each socket that watches a session in which nothing happens."""
    wire = running.server.wire
    watch = {"type": "watch", "sessions": ["idle"]}
    bare = running.server.name == "uvicorn"
    path, steps = ("/echo", []) if bare else (wire.path("/watch"), wire.steps(watch))
    warm = await open_all(running.first, path, steps, WARM_UP)
    await asyncio.sleep(SETTLE_S)
    before = running.rss_kib()
    opened = await open_all(running.first, path, steps, sockets)
    await asyncio.sleep(SETTLE_S)
    after = running.rss_kib()
    wires.close([*warm, *opened])
    return {"kib": (after - before) / sockets, "base_mib": before / 1024, "sockets": sockets}


async def long_call(
    divided: Cores, material: list[Material], sessions: int, minutes: int, on_minute: Callable[[int], None]
) -> list[Sample]:
    """So many sessions at once through a call of so many minutes, as fast as it goes: one sample a minute.

    Of each minute the server's CPU for a frame, and its memory for a session since before they were opened. What goes
    by the clock (suggestions, the pause between two cards) is as long as ever, so a call has fewer of them.
    """
    async with serving(divided, COACH_MAX_SESSIONS="100000") as server:
        calls = [material[number % len(material)] for number in range(sessions)]
        frames = [[frame(message) for message in whole_call(each, minutes)] for each in calls[: len(material)]]
        # What the process keeps for all sessions (words that it has read) is not what a session costs.
        await _opened(server, calls, "warm", WARM_MINUTES)
        await asyncio.sleep(STREAMS_S)
        before = server.rss_kib()
        sockets = await _opened(server, calls, "call", 0)
        samples = []
        for minute in range(minutes):
            begin = server.read()
            for start in range(minute * MINUTE_FRAMES, (minute + 1) * MINUTE_FRAMES, AT_ONCE):
                for socket, script in zip(sockets, itertools.cycle(frames)):
                    socket.write(b"".join(script[start : start + AT_ONCE]))
                await batched([socket.ask for socket in sockets])
            usage = begin.until(server.read())
            count = sessions * MINUTE_FRAMES
            samples.append(
                {
                    "minute": minute + 1,
                    "us_per_frame": 1e6 * usage.server_s / count,
                    "kib": (server.rss_kib() - before) / sessions,
                    "generator_share": usage.generator_share,
                    "others_share": usage.others_share,
                }
            )
            on_minute(minute + 1)
        await asyncio.sleep(STREAMS_S)
        samples[-1]["kib"] = (server.rss_kib() - before) / sessions
        return samples


async def _opened(server: ServerProcess, calls: list[Material], name: str, frames: int) -> list[Asker]:
    """A session for each call, with so many minutes said."""
    sockets = await connect_all(
        server.port, [_maker(f"/ws/{name}-{number}", each.hello) for number, each in enumerate(calls)]
    )
    for socket, each in zip(sockets, calls, strict=True):
        for message in whole_call(each, frames):
            socket.write(frame(message))
    await batched([socket.ask for socket in sockets])
    return sockets


def _maker(path: str, hello: dict[str, Any]) -> Callable[[], Asker]:
    return lambda: Asker(path, hello)
