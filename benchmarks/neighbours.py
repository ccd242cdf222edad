"""What frozen dashboards cost their neighbours, and the server: `python -m benchmarks.neighbours`.

One session, many dashboards, a fixed rate of finals; rounds in which all read alternate with rounds in which a tenth has
stopped reading and is stalled. Both kinds have as many readers, so that the difference is the frozen ones'. Prints each
round's p99 of final → transcript event at the readers, and the server's growth of memory for a frozen one.
"""

import argparse
import asyncio
import gc
import re
import socket
import statistics
import sys
from array import array
from functools import partial

import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks import cores, figures
from benchmarks.fanout import REST_S, Publisher, Watcher, at_rate
from benchmarks.plan import QUICK, Plan
from benchmarks.server import ServerProcess, serving
from benchmarks.speech import read_material
from benchmarks.wire import HANDSHAKE_S, FrameSocket, connect, connect_all

SESSION = "neighbours"
FINALS_PER_S = 20.0
BURST = 300
"""Finals at once before a round: as many bytes as the system takes for one that does not read, and some."""
RISE = 1.1
COST_KIB = 1024.0
_SOCKETS = re.compile(r'^coach_sockets\{kind="watch"\} (\S+)$', re.MULTILINE)


class Frozen(FrameSocket):
    """A dashboard that reads its welcome and then nothing."""

    def __init__(self) -> None:
        super().__init__("/watch", {"type": "watch", "sessions": [SESSION]})

    def on_text(self, payload: bytes, at: float) -> None:
        if not self.welcomed.done():
            self.welcomed.set_result(None)
            self._transport.pause_reading()


async def freeze(port: int) -> Frozen:
    """One, with a receive buffer as small as it gets."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", port))
    _, frozen = await loop.create_connection(Frozen, sock=raw)
    async with asyncio.timeout(HANDSHAKE_S):
        await frozen.welcomed
    return frozen


async def measure(server: ServerProcess, watchers: int, rounds: int, plan: Plan) -> list[tuple[float, float, float]]:
    """By pair of rounds: p99 (ms) with all reading, p99 with the frozen, KiB of memory for a frozen one."""
    due, took = list[float](), array("d")
    material = (await read_material(server))[0]
    publisher = await connect(server.port, partial(Publisher, SESSION, material, 64))
    readers = watchers - watchers // 10
    crowd = await connect_all(server.port, [partial(Watcher, SESSION, due, took)] * readers)
    for watcher in crowd:
        watcher.listening = True
    pairs = []
    for _ in range(rounds):
        calm, calm_kib = await _round(server, publisher, readers, due, took, plan)
        frozen = [await freeze(server.port) for _ in range(watchers // 10)]
        loud, loud_kib = await _round(server, publisher, readers, due, took, plan)
        left = float(_SOCKETS.findall(await server.metrics())[0])
        if left < watchers:
            raise SystemExit(f"{watchers - left:.0f} were cut before the round was over: shorten it")
        for each in frozen:
            each._transport.abort()
        pairs.append((calm, loud, (loud_kib - calm_kib) / max(1, len(frozen))))
    for client in (publisher, *crowd):
        client.leave()
    return pairs


async def _round(
    server: ServerProcess, publisher: Publisher, readers: int, due: list[float], took: "array[float]", plan: Plan
) -> tuple[float, float]:
    """A burst, a rest, then the rate: p99 in ms, and the server's memory at the end."""
    until = publisher.sent + BURST
    publisher.push()
    while publisher.sent < until:
        # What the burst delivers is not measured.
        due += [0.0] * (publisher.sent + 1_000 - len(due))
        await asyncio.sleep(0.005)
    publisher.rest()
    while publisher.acked < publisher.sent:
        await asyncio.sleep(0.01)
    await asyncio.sleep(REST_S)
    del due[publisher.sent :]
    del took[:]
    gc.collect()
    half = await at_rate(server, publisher, readers, FINALS_PER_S, due, took, plan)
    if half.missing:
        raise SystemExit(f"{half.missing} deliveries are missing")
    return 1000 * figures.percentile(sorted(half.took), 0.99), server.rss_kib()


async def _run(watchers: int, rounds: int) -> list[tuple[float, float, float]]:
    divided = cores.divide()
    gc.disable()
    plan = Plan(**{**{name: getattr(QUICK, name) for name in QUICK.__slots__}, "fanout_round_s": 3.0})
    async with serving(divided) as server:
        return await measure(server, watchers, rounds, plan)


def main() -> int:
    """Run, print, and say by the exit code whether both limits were kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbours", description="What frozen dashboards cost.")
    parser.add_argument("--watchers", type=int, default=500, help="a tenth of them is frozen (500)")
    parser.add_argument("--rounds", type=int, default=7, help="of each kind (7)")
    given = parser.parse_args()
    pairs = uvloop.run(_run(given.watchers, given.rounds))
    table = Table("p99 ms, all read", "p99 ms, a tenth frozen", "KiB a frozen one")
    for calm, loud, kib in pairs:
        table.add_row(f"{calm:.2f}", f"{loud:.2f}", f"{kib:.0f}")
    calm, loud, kib = (statistics.median(column) for column in zip(*pairs, strict=True))
    console = Console()
    console.print(table)
    kept = loud <= RISE * calm and kib <= COST_KIB
    console.print(f"medians: {calm:.2f} → {loud:.2f} ms ({loud / calm - 1:+.0%}), {kib:.0f} KiB a frozen one")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
