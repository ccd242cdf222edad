"""Resident memory of the server: for a dashboard that watches the wall, and for a live session."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.plan import Plan
from benchmarks.server import ServerProcess
from benchmarks.speech import read_material, write_scripts
from benchmarks.wire import Asker, batched, connect_all

WARM_UP = 50
"""Sockets opened before the first reading: what only the first ones cost is not theirs."""
VARIANTS = 6
SETTLE_S = 0.5
STREAMS_S = 3.0
"""The longest scripted suggestion: its task and its text are not the session's for good."""
SPOKEN_FRAMES = 60
"""What a live session has heard: a quarter of a minute at four frames a second."""


@dataclass(frozen=True, slots=True)
class MemoryFigures:
    """Growth of the resident set, KiB each."""

    base_mib: float
    """The server before any of it, in MiB."""
    idle_sockets: int
    idle_socket_kib: float
    """A `/watch` socket on the wall, after one ping."""
    sessions: int
    opened_session_kib: float
    """A session with its seller's socket, after `hello` and one ping."""
    spoken_session_kib: float
    """The same after `spoken_frames` frames with their events, cards and suggestions: the whole of it."""
    spoken_frames: int


async def measure(server: ServerProcess, plan: Plan, on_step: Callable[[], None]) -> MemoryFigures:
    """For a server that has done nothing else. `on_step` is called three times.

    The idle sockets leave the wall before anybody speaks, but stay open: what they gave back, the sessions would take.
    """
    base_mib = server.rss_kib() / 1024
    watch = partial(Asker, "/watch", {"type": "watch", "sessions": "*"})
    warm = await connect_all(server.port, [watch] * WARM_UP)
    await batched([socket.ask for socket in warm])
    idle_kib, idle = await _grown(server, [watch] * plan.idle_sockets)
    on_step()

    watchers = [*warm, *idle]
    await batched([partial(socket.ask, {"type": "unwatch", "sessions": "*"}) for socket in watchers])
    scripts = await write_scripts(server, await read_material(server), SPOKEN_FRAMES, VARIANTS)
    chosen = [scripts[number % len(scripts)] for number in range(plan.memory_sessions)]
    makers = [partial(Asker, f"/ws/memory-{number}", script.hello) for number, script in enumerate(chosen)]
    before_kib = await _settled(server)
    opened_kib, sockets = await _grown(server, makers)
    on_step()

    for step in range(SPOKEN_FRAMES):
        for socket, script in zip(sockets, chosen, strict=True):
            socket.write(script.frames[step])
        await batched([socket.ask for socket in sockets])
    await asyncio.sleep(STREAMS_S)
    spoken_kib = (await _settled(server) - before_kib) / plan.memory_sessions
    for socket in (*watchers, *sockets):
        socket.leave()
    on_step()
    return MemoryFigures(
        base_mib, plan.idle_sockets, idle_kib, plan.memory_sessions, opened_kib, spoken_kib, SPOKEN_FRAMES
    )


async def _grown(server: ServerProcess, makers: list[partial[Asker]]) -> tuple[float, list[Asker]]:
    """KiB for each of the new sockets after one ping, and the sockets."""
    before_kib = await _settled(server)
    sockets = await connect_all(server.port, makers)
    await batched([socket.ask for socket in sockets])
    return (await _settled(server) - before_kib) / len(sockets), sockets


async def _settled(server: ServerProcess) -> float:
    """Resident memory in KiB when nothing is under way."""
    await asyncio.sleep(SETTLE_S)
    return server.rss_kib()
